from django.urls import path

from missions import views

app_name = "missions"

urlpatterns = [
    path("recherche/", views.search, name="search"),
    path("recherche/horaires/", views.search_echo, name="search_echo"),
    path("professionnels/<slug:slug>/", views.profile, name="profile"),
    path("missions/<int:pk>/avis/", views.review_add, name="review_add"),
    path("avis/<int:pk>/reponse/", views.review_answer, name="review_answer"),
]
