from django.urls import path

from missions.views import availability, calendars, compare, profile, reviews, search

app_name = "missions"

urlpatterns = [
    path("recherche/", search.search, name="search"),
    path("recherche/horaires/", search.search_echo, name="search_echo"),
    path("comparer/", compare.compare, name="compare"),
    path("professionnels/<slug:slug>/", profile.profile, name="profile"),
    path("pro/disponibilites/", availability.availability_edit, name="availability_edit"),
    path("pro/disponibilites/conditions/", availability.booking_rules_edit, name="booking_rules_edit"),
    path("pro/disponibilites/exceptions/", availability.exception_add, name="exception_add"),
    path("pro/disponibilites/exceptions/<int:pk>/retirer/", availability.exception_delete, name="exception_delete"),
    path("pro/disponibilites/agenda/", calendars.calendar_feed_renew, name="calendar_feed_renew"),
    path("pro/disponibilites/calendrier/", calendars.external_calendar_set, name="external_calendar_set"),
    path("pro/disponibilites/calendrier/lire/", calendars.external_calendar_read, name="external_calendar_read"),
    path("pro/disponibilites/calendrier/retirer/", calendars.external_calendar_drop, name="external_calendar_drop"),
    path("missions/<int:pk>/avis/", reviews.review_add, name="review_add"),
    path("avis/<int:pk>/reponse/", reviews.review_answer, name="review_answer"),
]
