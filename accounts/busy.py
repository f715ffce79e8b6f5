"""What an iCalendar file (RFC 5545) says of when someone is busy; titles, places and guests are never kept."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from math import prod
from urllib.parse import urlsplit

import icalendar
import recurring_ical_events
from django.conf import settings

from accounts.errors import CalendarError
from accounts.models import ExternalCalendar

BEFORE = timedelta(days=1)
AHEAD = timedelta(days=732)
MOST_OCCURRENCES = 10_000
# A step of a rule takes up to 3 µs and 60 bytes: 15 s and 300 MB for the worst calendar we read.
MOST_STEPS = 5_000_000
STEPS_A_DAY = {"HOURLY": 24, "MINUTELY": 24 * 60, "SECONDLY": 24 * 60 * 60}
# What a malformed event makes the libraries raise: it is left out, and the others are kept.
MALFORMED = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)

Problem = ExternalCalendar.Problem


class Query(recurring_ical_events.CalendarQuery):
    suppressed_errors = MALFORMED


def own_domain():
    """What follows the @ in the UID of the events we publish."""
    return urlsplit(settings.SITE_URL).hostname


def busy_periods(content, zone, now):
    """Return the (start, end) instants the calendar blocks from yesterday to two years ahead, apart and in order.

    Whole days and hours without a time zone are those of `zone`. Raises CalendarError.
    """
    start, end = (now - BEFORE).astimezone(zone), (now + AHEAD).astimezone(zone)
    try:
        series = read_series(content, end)
    except (*MALFORMED, RecursionError) as error:
        raise CalendarError(Problem.UNREADABLE) from error
    found = list(islice(occurrences(series, start, end), MOST_OCCURRENCES + 1))
    if len(found) > MOST_OCCURRENCES:
        raise CalendarError(Problem.TOO_MANY)
    return merged(clipped(period, start, end) for period in found if period)


def read_series(content, end):
    """Return the events of the file, each with its repetitions; a file cut off before its end is not read at all."""
    # The library remembers the time zones a file defines: one person's must not serve for the next.
    icalendar.use_zoneinfo()
    calendars = icalendar.Calendar.from_ical(content, multiple=True)
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise CalendarError(Problem.UNREADABLE)
    if sum(steps(component, end) for calendar in calendars for component in calendar.walk()) > MOST_STEPS:
        raise CalendarError(Problem.TOO_MANY)
    queries = [recurring_ical_events.of(calendar, skip_bad_series=True, calendar_query=Query) for calendar in calendars]
    return [series for query in queries for series in query.series]


def steps(component, end):
    """How many steps the rules of an event, or of a time zone, may take until `end`, at most."""
    rules = component.get("RRULE", [])
    try:
        first = day_of(component["DTSTART"].dt)
        return sum(rule_steps(rule, first, day_of(end)) for rule in (rules if isinstance(rules, list) else [rules]))
    except MALFORMED:
        return 0


def rule_steps(rule, first, last):
    for until in rule.get("UNTIL", []):
        last = min(last, day_of(until))
    hours = STEPS_A_DAY.get(rule["FREQ"][0].upper(), len(rule.get("BYHOUR", "1")))
    return max((last - first).days, 0) * hours * prod(len(rule.get(part, "1")) for part in ("BYMINUTE", "BYSECOND"))


def day_of(instant):
    return date(instant.year, instant.month, instant.day)


def occurrences(series, start, end):
    """Go through what takes place between two instants: (start, end), or None for what blocks nobody."""
    for events in series:
        with suppress(*MALFORMED):
            for occurrence in events.between(start, end):
                event = occurrence.as_component(keep_recurrence_attributes=False)
                yield period_of(event, start.tzinfo) if blocks(event) else None


def blocks(event):
    """Whether the event takes the person's time; our own missions, read back, already have their seats."""
    is_free = event.get("TRANSP", "").upper() == "TRANSPARENT" or event.get("STATUS", "").upper() == "CANCELLED"
    return not is_free and not event.get("UID", "").endswith(f"@{own_domain()}")


def period_of(event, zone):
    """The instants of an event in UTC, or None when it has no length."""
    start, end = (instant(event[name].dt, zone) for name in ("DTSTART", "DTEND"))
    return (start, end) if start < end else None


def instant(value, zone):
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def clipped(period, start, end):
    return max(period[0], start.astimezone(UTC)), min(period[1], end.astimezone(UTC))


def merged(periods):
    """Return the periods in order, those that overlap or touch made one."""
    apart = []
    for start, end in sorted(periods):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
