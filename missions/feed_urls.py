from django.urls import path

from missions.views import calendars

app_name = "calendars"

# Outside the languages: the address is secret and lasts, whatever language its owner reads the site in.
urlpatterns = [path("<int:pk>/<str:key>.ics", calendars.feed, name="feed")]
