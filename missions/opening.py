"""Whether a professional is open during the whole of a mission, as one SQL expression over listings."""

from datetime import datetime, time, timedelta

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from accounts.models import AvailabilityException, BusyPeriod
from missions.walltime import wall_periods

MINUTE = timedelta(minutes=1)

# Weekly hours and exceptions are wall time of the site, and so is the mission here: `tsrange` has no zone.
# The mission's wall time must be within the weekly hours and the extra openings together, and touch no closed period.
# Sets of ranges say so exactly on the nights the clocks change: the hour skipped in spring is not in the mission's
# set, the hour repeated in autumn is in it once. Almost always the minutes of the week decide alone.
OPEN_DURING = """(
    missions_listing.open_week @> %s::int4multirange
    OR coalesce((
        SELECT range_agg(tsrange(extra.starts_on + extra.starts_at, extra.ends_on + extra.ends_at)) + (
            SELECT coalesce(range_agg(tsrange(
                monday + lower(span) * interval '1 minute', monday + upper(span) * interval '1 minute'
            )), '{}')
            FROM unnest(missions_listing.open_week) AS span
            CROSS JOIN generate_series(%s::timestamp, %s::timestamp, interval '7 days') AS monday
        ) @> %s::tsmultirange
        FROM accounts_availabilityexception AS extra
        WHERE extra.professional_id = missions_listing.professional_id AND extra.kind = 'open'
            AND extra.ends_on >= %s AND extra.starts_on <= %s
        HAVING count(*) > 0
    ), false)
) AND NOT EXISTS (
    SELECT FROM accounts_availabilityexception AS closed
    WHERE closed.professional_id = missions_listing.professional_id AND closed.kind = 'closed'
        AND closed.ends_on >= %s AND closed.starts_on <= %s
        AND tsrange(closed.starts_on + closed.starts_at, closed.ends_on + closed.ends_at) && %s::tsmultirange
)"""


def open_during(terms):
    """A condition on listings: open during the whole of these terms (`starts_at`, `ends_at`, `zone`)."""
    periods = wall_periods(terms.starts_at, terms.ends_at, terms.zone)
    first, last = min(start for start, _end in periods), max(end for _start, end in periods)
    days = [first.date(), last.date()]
    mondays = [monday_before(first), monday_before(last)]
    wall_time = multirange((start.isoformat(), end.isoformat()) for start, end in periods)
    params = [minutes_of_week(periods), *mondays, wall_time, *days, *days, wall_time]
    return RawSQL(OPEN_DURING, params, output_field=BooleanField())  # noqa: S611


def minutes_of_week(periods):
    """The wall periods as a set of minutes from Monday 0:00; none runs over the end of a week, which is a full hour."""
    starts = [(start - monday_before(start)) // MINUTE for start, _end in periods]
    return multirange(
        (first, first + (end - start) // MINUTE) for first, (start, end) in zip(starts, periods, strict=True)
    )


def monday_before(moment):
    return datetime.combine(moment.date() - timedelta(days=moment.weekday()), time())


def multirange(spans):
    return "{" + ",".join(f"[{start},{end})" for start, end in spans) + "}"


def is_blocked_during(professional, terms):
    """Whether a period the professional declared closed, or an event of their outside calendar, touches these terms."""
    busy = BusyPeriod.objects.filter(calendar=professional.pk, ends_at__gt=terms.starts_at, starts_at__lt=terms.ends_at)
    return busy.exists() or closed_periods(professional, terms).exists()


def closed_periods(professional, terms):
    periods = wall_periods(terms.starts_at, terms.ends_at, terms.zone)
    start, end = min(start for start, _end in periods), max(end for _start, end in periods)
    closed = professional.exceptions.filter(kind=AvailabilityException.Kind.CLOSED)
    begins_before_end = Q(starts_on__lt=end.date()) | Q(starts_on=end.date(), starts_at__lt=end.time())
    ends_after_start = Q(ends_on__gt=start.date()) | Q(ends_on=start.date(), ends_at__gt=start.time())
    return closed.filter(begins_before_end, ends_after_start)
