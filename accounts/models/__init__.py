from accounts.models.availability import AvailabilityException, WeeklyHours
from accounts.models.calendar import BusyPeriod, CalendarFeed, ExternalCalendar
from accounts.models.client import Client
from accounts.models.commune import Commune
from accounts.models.document import Document
from accounts.models.notification import Notification
from accounts.models.professional import Activity, Professional, Rate, Service
from accounts.models.user import User

__all__ = [
    "Activity",
    "AvailabilityException",
    "BusyPeriod",
    "CalendarFeed",
    "Client",
    "Commune",
    "Document",
    "ExternalCalendar",
    "Notification",
    "Professional",
    "Rate",
    "Service",
    "User",
    "WeeklyHours",
]
