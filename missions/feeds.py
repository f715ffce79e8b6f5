"""A professional's missions as a calendar (RFC 5545). Others read it too: neither a client's name nor an address."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import override
from icalendar import Calendar, Event

from accounts.busy import own_domain
from marketplace import formatting
from missions.models import Mission, SeatReservation
from missions.words import at

PAST = timedelta(days=90)
REFRESHED_EVERY = timedelta(minutes=30)


def build_calendar(professional, now):
    """Return the calendar of the missions that hold seats, in the professional's language."""
    with override(professional.user.language):
        calendar = empty_calendar()
        for mission in missions_of(professional, now):
            calendar.add_component(event_of(mission))
    return calendar


def empty_calendar():
    calendar = Calendar()
    calendar.add("PRODID", "-//MonAgentDeSécu//monagentdesecu.com//FR")
    calendar.add("VERSION", "2.0")
    calendar.add("X-WR-CALNAME", "MonAgentDeSécu")
    # RFC 7986, and what Outlook reads in its place.
    calendar.add("REFRESH-INTERVAL", REFRESHED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT30M")
    return calendar


def missions_of(professional, now):
    """Those with live seats, from three months back on."""
    seats = SeatReservation.objects.live().filter(mission=OuterRef("pk"))
    missions = Mission.objects.filter(Exists(seats), professional=professional, ends_at__gte=now - PAST)
    changed_at = Coalesce(Max("events__happened_at"), "created_at")
    dated = missions.annotate(changes=Count("events"), changed_at=changed_at)
    return dated.select_related("commune").order_by("starts_at", "pk")


def event_of(mission):
    event = Event()
    event.add("UID", f"mission-{mission.pk}@{own_domain()}")
    # Without a METHOD, the stamp is the last change of the event itself (RFC 5545, 3.8.7.2).
    event.add("DTSTAMP", mission.changed_at)
    event.add("LAST-MODIFIED", mission.changed_at)
    event.add("SEQUENCE", mission.changes)
    event.add("DTSTART", mission.starts_at)
    event.add("DTEND", mission.ends_at)
    event.add("SUMMARY", title(mission))
    event.add("LOCATION", mission.commune.name)
    event.add("STATUS", "TENTATIVE" if mission.status == Mission.Status.ACCEPTED else "CONFIRMED")
    event.add("URL", settings.SITE_URL + mission.get_absolute_url())
    return event


def title(mission):
    """Surveillance à Nantes, 2 agents."""
    words = {
        "service": mission.get_service_display(),
        "at": at(mission.commune),
        "agents": formatting.agents(mission.agents),
    }
    return _("%(service)s %(at)s, %(agents)s") % words
