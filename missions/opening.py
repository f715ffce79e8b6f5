"""Whether a professional is open during the whole of a mission, as one SQL expression."""

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from accounts.models import AvailabilityException
from missions.walltime import wall_periods

# Weekly hours and exceptions are wall time of the site, and so is the mission here: `tsrange` has no zone.
# What is open (weekly hours + extra openings − closed periods) must contain all the wall time of the mission.
# Sets of ranges say so exactly on the nights the clocks change: the hour skipped in spring is not in the mission's
# set, the hour repeated in autumn is in it once. An opening may run into the day after its weekday, hence the day
# before the first.
OPEN_DURING = """(
    SELECT COALESCE(
        (SELECT range_agg(tsrange(
            day + hours.opens_minute * interval '1 minute', day + hours.closes_minute * interval '1 minute'
        ))
        FROM generate_series(mission.first_day - interval '1 day', mission.last_day, interval '1 day') AS day
        JOIN accounts_weeklyhours AS hours ON hours.weekday = extract(isodow FROM day)
        WHERE hours.professional_id = accounts_professional.id),
        '{}'
    ) + COALESCE(
        (SELECT range_agg(tsrange(extra.starts_on + extra.starts_at, extra.ends_on + extra.ends_at))
        FROM accounts_availabilityexception AS extra
        WHERE extra.professional_id = accounts_professional.id AND extra.kind = 'open'
            AND extra.ends_on >= mission.first_day AND extra.starts_on <= mission.last_day),
        '{}'
    ) - COALESCE(
        (SELECT range_agg(tsrange(closed.starts_on + closed.starts_at, closed.ends_on + closed.ends_at))
        FROM accounts_availabilityexception AS closed
        WHERE closed.professional_id = accounts_professional.id AND closed.kind = 'closed'
            AND closed.ends_on >= mission.first_day AND closed.starts_on <= mission.last_day),
        '{}'
    ) @> mission.wall_time
    FROM (VALUES (%s::timestamp, %s::timestamp, %s::tsmultirange)) AS mission (first_day, last_day, wall_time)
)"""


def is_closed_during(professional, terms):
    """Whether a period the professional declared closed touches these terms."""
    periods = wall_periods(terms.starts_at, terms.ends_at, terms.zone)
    start, end = min(start for start, _end in periods), max(end for _start, end in periods)
    closed = professional.exceptions.filter(kind=AvailabilityException.Kind.CLOSED)
    begins_before_end = Q(starts_on__lt=end.date()) | Q(starts_on=end.date(), starts_at__lt=end.time())
    ends_after_start = Q(ends_on__gt=start.date()) | Q(ends_on=start.date(), ends_at__gt=start.time())
    return closed.filter(begins_before_end, ends_after_start).exists()


def open_during(terms):
    """A condition on professionals: open during the whole of these terms (`starts_at`, `ends_at`, `zone`)."""
    periods = wall_periods(terms.starts_at, terms.ends_at, terms.zone)
    first_day = min(start for start, end in periods).date()
    last_day = max(end for start, end in periods).date()
    wall_time = ",".join(f"[{start.isoformat()},{end.isoformat()})" for start, end in periods)
    return RawSQL(OPEN_DURING, [first_day, last_day, f"{{{wall_time}}}"], output_field=BooleanField())  # noqa: S611
