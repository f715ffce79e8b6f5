"""What an iCalendar file (RFC 5545) says of when someone is busy; titles, places and guests are never kept."""

from contextlib import suppress
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from itertools import islice
from math import prod
from urllib.parse import urlsplit

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr
from django.conf import settings

from accounts.errors import CalendarError
from accounts.models import ExternalCalendar

BEFORE = timedelta(days=1)
AHEAD = timedelta(days=732)
MOST_OCCURRENCES = 10_000
# A step takes 3 µs, 15 where the rule leaves days out, and up to 60 bytes: 30 s and 120 MB at worst, which the task's
# time limit cuts short.
MOST_STEPS = 2_000_000
BY_TIME = ("BYHOUR", "BYMINUTE", "BYSECOND")
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
        found = list(islice(occurrences(series, start, end), MOST_OCCURRENCES + 1))
    except (*MALFORMED, RecursionError) as error:
        raise CalendarError(Problem.UNREADABLE) from error
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
    limit_steps((component for calendar in calendars for component in calendar.walk()), day_of(end))
    queries = [recurring_ical_events.of(calendar, skip_bad_series=True, calendar_query=Query) for calendar in calendars]
    return [series for query in queries for series in query.series]


def limit_steps(components, last):
    """Refuse what would take too long to go through; a rule whose steps cannot be counted is not gone through."""
    total = 0
    for component in components:
        try:
            total += steps(component, last)
        except MALFORMED:
            component.pop("RRULE", None)
        if total > MOST_STEPS:
            raise CalendarError(Problem.TOO_MANY)


def steps(component, last):
    """How many steps the rules of an event, or of a time zone, take to pass the day `last`, at most."""
    rules = component.get("RRULE", [])
    rules = rules if isinstance(rules, list) else [rules]
    return sum(rule_steps(rule, day_of(component["DTSTART"].dt), last) for rule in rules)


def rule_steps(rule, first, last):
    if min(rule.get("INTERVAL", [1])) < 1:
        raise CalendarError(Problem.TOO_MANY)
    last = max(first, min([last, *map(day_of, rule.get("UNTIL", []))]))
    frequency = rule["FREQ"][0].upper()
    each_day = STEPS_A_DAY.get(frequency, len(rule.get("BYHOUR", "1")))
    each_day *= prod(len(rule.get(part, "1")) for part in ("BYMINUTE", "BYSECOND"))
    if (last - first).days * each_day <= MOST_STEPS and chooses_days(rule):
        last = day_passed(rule, first, last)
    return (last - first).days * each_day


def chooses_days(rule):
    """Whether the rule leaves days out: it is then gone through until a day it keeps, which may never come."""
    return any(part.startswith("BY") and part not in BY_TIME for part in rule)


def day_passed(rule, first, last):
    """The day of the first occurrence after `last`, as far as four centuries away.

    Days and weekdays come back the same every 400 years: the rule is tried where the calendar is about to end.
    """
    if rule["FREQ"][0].upper() in STEPS_A_DAY:
        raise CalendarError(Problem.TOO_MANY)
    later = (MAXYEAR - last.year) // 400 * 400
    kept = {part: value for part, value in rule.items() if part not in ("UNTIL", "COUNT")}
    begins, passes = (datetime(day.year + later, day.month, day.day, 23, 59, 59) for day in (first, last))
    found = rrulestr(icalendar.vRecur(kept).to_ical().decode(), dtstart=begins.replace(hour=0)).after(passes)
    if found is None:
        raise CalendarError(Problem.TOO_MANY)
    return date(found.year - later, found.month, found.day)


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
