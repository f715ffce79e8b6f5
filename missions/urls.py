from django.urls import path

from missions.views import profile, reviews, search

app_name = "missions"

urlpatterns = [
    path("recherche/", search.search, name="search"),
    path("recherche/horaires/", search.search_echo, name="search_echo"),
    path("professionnels/<slug:slug>/", profile.profile, name="profile"),
    path("missions/<int:pk>/avis/", reviews.review_add, name="review_add"),
    path("avis/<int:pk>/reponse/", reviews.review_answer, name="review_answer"),
]
