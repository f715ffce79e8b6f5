from django.urls import path

from marketplace.demo import views

app_name = "demo"

urlpatterns = [
    path("courriels/", views.mailbox, name="mailbox"),
    path("courriels/<str:key>/", views.mail, name="mail"),
    path("horloge/", views.clock_page, name="clock"),
    path("horloge/avancer/", views.clock_advance, name="clock_advance"),
    path("livre/", views.book, name="book"),
]
