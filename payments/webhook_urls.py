from django.urls import path

from payments.views import webhook as views

app_name = "stripe"

urlpatterns = [
    path("webhook/", views.webhook, name="webhook"),
    path("webhook/comptes/", views.webhook_thin, name="webhook_thin"),
]
