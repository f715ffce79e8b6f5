"""What a listing must meet to be found, condition by condition.

`terms` is anything with a service, a point, a zone, instants of start and end and a number of agents: a `Search`,
a mission or a proposal.
"""

from datetime import timedelta
from math import cos, radians

from django.db.models import BooleanField, ExpressionWrapper, FloatField, IntegerField, Q
from django.db.models.expressions import RawSQL

from missions.models import Listing
from missions.opening import open_during
from missions.price import total_expression

EARTH_RADIUS_KM = 6371.0088

# Kilometres along the great circle from a base to a site (haversine), the site's trigonometry done beforehand.
DISTANCE = f"""2 * {EARTH_RADIUS_KM} * asin(sqrt(
    power(sin((radians(missions_listing.latitude) - %s) / 2), 2)
    + power(sin((radians(missions_listing.longitude) - %s) / 2), 2) * cos(radians(missions_listing.latitude)) * %s
))"""

REACHED = """missions_reach(missions_listing.latitude, missions_listing.longitude, missions_listing.radius_km)
    @> box(point(%s, %s), point(%s, %s))"""

FREE_SEATS = """missions_listing.agents - (
    SELECT count(DISTINCT seat.number) FROM missions_seatreservation AS seat
    WHERE seat.professional_id = missions_listing.professional_id AND seat.released_at IS NULL
        AND seat.number <= missions_listing.agents AND upper(seat.period) > %s AND lower(seat.period) < %s
)"""

BUSY_ELSEWHERE = """EXISTS (
    SELECT FROM accounts_busyperiod AS busy
    WHERE busy.calendar_id = missions_listing.professional_id AND busy.ends_at > %s AND busy.starts_at < %s
)"""


def listings(terms):
    """Every listing for the service whose radius may reach the place, with the price of the mission."""
    total_cents = total_expression("hourly_cents", terms.minutes, terms.agents)
    return Listing.objects.filter(reached(terms), service=terms.service).annotate(total_cents=total_cents)


def conditions(terms, now):
    """Every condition by name, the cheap ones first."""
    return quick_conditions(terms, now) | slow_conditions(terms)


def quick_conditions(terms, now):
    """Those that read the listing's own columns."""
    today, last_day = days(terms, now)
    hours_left = max((terms.starts_at - now) // timedelta(hours=1), 0)
    days_ahead = (terms.starts_at.astimezone(terms.zone).date() - today).days
    return {
        "papers": Q(titles_until__gte=last_day, papers_until__gte=today),
        "duration": Q(minimum_minutes__lte=terms.minutes),
        "notice": Q(notice_hours__lte=hours_left),
        "horizon": Q(horizon_days__gte=days_ahead),
        "agents": Q(agents__gte=terms.seats),
    }


def slow_conditions(terms):
    """Those that compute much or read other tables: SQL over `missions_listing`, whatever stands under that name."""
    distance, free = distance_km(terms), free_seats(terms)
    span = [terms.starts_at, terms.ends_at]
    return {
        "distance": condition(f"{distance.sql} <= missions_listing.radius_km", distance.params),
        "hours": open_during(terms),
        "seats": condition(f"{free.sql} >= %s AND NOT {BUSY_ELSEWHERE}", [*free.params, terms.seats, *span]),
    }


def condition(sql, params):
    return RawSQL(sql, params, output_field=BooleanField())  # noqa: S611


def meeting(queryset, terms, now):
    """Annotate `meets_<name>` for each condition, instead of filtering by it."""
    known = conditions(terms, now).items()
    return queryset.annotate(**{f"meets_{name}": ExpressionWrapper(met, BooleanField()) for name, met in known})


def reached(terms):
    """Only a box around the professional's radius: the index answers it; "distance" is exact."""
    longitude, latitude = terms.point.longitude, terms.point.latitude
    return condition(REACHED, [longitude, latitude, longitude, latitude])


def distance_km(terms):
    """The kilometres from the base to the site."""
    latitude, longitude = radians(terms.point.latitude), radians(terms.point.longitude)
    return RawSQL(DISTANCE, [latitude, longitude, cos(latitude)], output_field=FloatField())  # noqa: S611


def free_seats(terms):
    """The numbers without a live reservation at any time of the mission."""
    return RawSQL(FREE_SEATS, [terms.starts_at, terms.ends_at], output_field=IntegerField())  # noqa: S611


def days(terms, now):
    """Today, and the last day of the mission, both at the site."""
    last_instant = terms.ends_at - timedelta(microseconds=1)
    return now.astimezone(terms.zone).date(), last_instant.astimezone(terms.zone).date()
