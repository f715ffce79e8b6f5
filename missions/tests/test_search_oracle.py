"""The search against plain Python, read off the product's rules, over small invented worlds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import acos, cos, radians, sin
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AvailabilityException, Document, Professional, Rate, WeeklyHours
from accounts.tests.factories import make_commune, make_professional
from missions.models import SeatReservation
from missions.search import Search, offers
from missions.tests.factories import make_mission

pytestmark = pytest.mark.django_db

# name, latitude, longitude, department, zone
PLACES = {
    "69123": ("Lyon", 45.7589, 4.8414, "Europe/Paris"),
    "69259": ("Vénissieux", 45.6978, 4.8867, "Europe/Paris"),
    "42218": ("Saint-Étienne", 45.4347, 4.3903, "Europe/Paris"),
    "97209": ("Fort-de-France", 14.6104, -61.0800, "America/Martinique"),
    "97224": ("Sainte-Marie", 14.7833, -60.9953, "America/Martinique"),
    "97502": ("Saint-Pierre", 46.7811, -56.1764, "America/Miquelon"),
}
VAT = {"97209": Decimal("0.085"), "97224": Decimal("0.085"), "97502": Decimal(0)}

# An ordinary day, the nights the clocks change in France, and in Saint-Pierre-et-Miquelon.
DAYS = [date(2026, 12, 12), date(2027, 3, 28), date(2027, 10, 31), date(2027, 3, 14), date(2026, 11, 1)]
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Person:
    """A professional as drawn: hours are (weekday, opens, closes), in minutes; the rest starts so many minutes
    after midnight of the mission's day and lasts so many."""

    base: str
    radius_km: int
    agents: int
    minimum_minutes: int
    notice_hours: int
    franchise: bool
    hourly_cents: int | None
    stars: Decimal | None
    review_count: int
    payable: bool
    expiring: tuple | None
    hours: list
    exceptions: list
    reservations: list


def mostly(common, rare):
    """So that many are found: one trait in six is out of the ordinary."""
    return st.integers(0, 5).flatmap(lambda number: st.just(common) if number < 5 else rare)


quarters = st.integers(0, 95).map(lambda number: number * 15)
openings = st.tuples(st.integers(1, 7), quarters, st.integers(1, 96)).map(
    lambda drawn: (drawn[0], drawn[1], drawn[1] + drawn[2] * 15)
)
every_day = [tuple((weekday, *hours) for weekday in range(1, 8)) for hours in ((0, 1440), (1080, 1860), (360, 1440))]
stretches = st.tuples(st.integers(-96, 4 * 96), st.integers(1, 48)).map(lambda drawn: (drawn[0] * 15, drawn[1] * 15))


@st.composite
def searches(draw):
    """At one of the places, the day the clocks change or the day before."""
    insee = draw(st.sampled_from(list(PLACES)))
    day = draw(st.sampled_from(DAYS)) - timedelta(days=draw(st.integers(0, 1)))
    wall = datetime.combine(day, time()) + timedelta(minutes=draw(quarters))
    return Search(
        service="guarding",
        commune=make_place(insee),
        starts_at=wall.replace(tzinfo=ZoneInfo(PLACES[insee][3])).astimezone(UTC),
        minutes=draw(st.one_of(st.sampled_from([240, 480, 720, 735]), st.integers(4, 288).map(lambda n: n * 15))),
        agents=draw(st.integers(1, 2)),
    )


def people(search):
    return st.builds(
        Person,
        base=mostly(search.commune.pk, st.sampled_from(list(PLACES))),
        radius_km=st.sampled_from([200, 50, 5]),
        agents=st.integers(1, 4),
        minimum_minutes=mostly(60, st.sampled_from([240, 480])),
        notice_hours=mostly(0, st.sampled_from([12, 48])),
        franchise=st.booleans(),
        hourly_cents=mostly(2200, st.one_of(st.none(), st.integers(2190, 2650))),
        stars=st.sampled_from([None, Decimal("4.4"), Decimal("4.5")]),
        review_count=st.integers(1, 3),
        payable=mostly(True, st.just(False)),
        expiring=mostly(None, st.tuples(st.sampled_from(Document.Kind.values), st.integers(-1, 1))),
        hours=st.one_of(st.sampled_from(every_day), st.lists(openings, max_size=8, unique=True).map(tuple)),
        exceptions=mostly((), st.lists(st.tuples(st.sampled_from(["closed", "open"]), stretches), max_size=3)),
        reservations=st.lists(
            st.tuples(st.integers(1, 4), stretches, st.booleans()), max_size=3, unique_by=lambda drawn: drawn[0]
        ),
    )


worlds = searches().flatmap(lambda search: st.tuples(st.just(search), st.tuples(*[people(search)] * 3)))


def make_place(insee):
    name, latitude, longitude, _zone = PLACES[insee]
    return make_commune(insee, name, latitude=latitude, longitude=longitude)


# What the product says


def expected(persons, search, now):
    found = [pk for pk, person in persons.items() if is_found(person, search, now)]
    return sorted(found, key=lambda pk: rank(pk, persons[pk], search))


def is_found(person, search, now):
    return (
        person.payable
        and person.hourly_cents is not None
        and has_papers(person, search, now)
        and distance_km(person.base, search.commune.pk) <= person.radius_km
        and search.minutes >= person.minimum_minutes
        and search.starts_at - now >= timedelta(hours=person.notice_hours)
        and all(is_open(person, wall, midnight(search)) for wall in wall_times(search))
        and free_numbers(person, search) >= needed(search)
    )


def rank(pk, person, search):
    score = person.stars
    count = person.review_count if score else 0
    return (score is None, -(score or 0), total_cents(person, search), -count, pk)


def has_papers(person, search, now):
    if person.expiring is None:
        return True
    kind, days_after = person.expiring
    zone = ZoneInfo(PLACES[search.commune.pk][3])
    last_day = (search.ends_at - QUARTER).astimezone(zone).date()
    today = now.astimezone(zone).date()
    return expiry(kind, days_after, search, now) >= (last_day if kind in ("aut", "agd", "car") else today)


def expiry(kind, days_after, search, now):
    """The day drawn, near the last day of the mission for titles and near today for other papers."""
    zone = ZoneInfo(PLACES[search.commune.pk][3])
    reference = search.ends_at if kind in ("aut", "agd", "car") else now
    return reference.astimezone(zone).date() + timedelta(days=days_after)


def distance_km(base, site):
    """The spherical law of cosines, where the search uses haversine."""
    if base == site:
        return 0
    (_, lat1, lon1, _z), (_, lat2, lon2, _z) = PLACES[base], PLACES[site]
    angle = acos(
        sin(radians(lat1)) * sin(radians(lat2)) + cos(radians(lat1)) * cos(radians(lat2)) * cos(radians(lon1 - lon2))
    )
    return 6371.0088 * angle


def wall_times(search):
    zone = ZoneInfo(PLACES[search.commune.pk][3])
    instants = [search.starts_at + QUARTER * number for number in range(search.minutes // 15)]
    return [instant.astimezone(zone).replace(tzinfo=None) for instant in instants]


def midnight(search):
    return datetime.combine(wall_times(search)[0].date(), time())


def is_open(person, wall, origin):
    exceptions = {kind for kind, (start, length) in person.exceptions if is_within(wall, origin, start, length)}
    if "closed" in exceptions:
        return False
    return "open" in exceptions or any(is_weekly_open(wall, *opening) for opening in person.hours)


def is_weekly_open(wall, weekday, opens, closes):
    """On its own weekday, or on the next day where the opening passes midnight."""
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.isoweekday(), (wall - timedelta(days=1)).isoweekday()
    return (today == weekday and opens <= minute < closes) or (yesterday == weekday and opens <= minute + 1440 < closes)


def is_within(wall, origin, start, length):
    return origin + timedelta(minutes=start) <= wall < origin + timedelta(minutes=start + length)


def free_numbers(person, search):
    taken = {
        number
        for number, (start, length), released in person.reservations
        if not released and start < search.minutes and start + length > 0
    }
    return len(set(range(1, person.agents + 1)) - taken)


def needed(search):
    return search.agents * 2 if search.minutes > 720 else search.agents


def total_cents(person, search):
    service = half_up(Decimal(person.hourly_cents) * search.minutes * search.agents / 60)
    vat = half_up(service * (0 if person.franchise else VAT.get(person.base, Decimal("0.20"))))
    commission = half_up(service * Decimal("0.15"))
    return service + vat + commission + half_up(commission * Decimal("0.20"))


def half_up(amount):
    return Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP)


# The same world, in the database


def write(professional, person, search, now):
    Professional.objects.filter(pk=professional.pk).update(
        base_commune=make_place(person.base),
        radius_km=person.radius_km,
        agents=person.agents,
        minimum_minutes=person.minimum_minutes,
        notice_hours=person.notice_hours,
        vat_regime="franchise" if person.franchise else "standard",
        review_score=person.stars,
        review_count=person.review_count if person.stars else 0,
        payable=person.payable,
    )
    if person.hourly_cents:
        Rate.objects.create(professional=professional, service="guarding", hourly_cents=person.hourly_cents)
    if person.expiring:
        kind, days_after = person.expiring
        day = expiry(kind, days_after, search, now)
        Document.objects.filter(professional=professional, kind=kind).update(expires_on=day)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(professional=professional, weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, opens, closes in person.hours
    )
    write_exceptions(professional, person, midnight(search))
    write_reservations(professional, person, search)


def write_exceptions(professional, person, origin):
    for kind, (start, length) in person.exceptions:
        starts, ends = origin + timedelta(minutes=start), origin + timedelta(minutes=start + length)
        AvailabilityException.objects.create(
            professional=professional,
            kind=kind,
            starts_on=starts.date(),
            starts_at=starts.time(),
            ends_on=ends.date(),
            ends_at=ends.time(),
        )


def write_reservations(professional, person, search):
    """Minutes count from the start of the mission, so that some only touch it."""
    mission = professional.missions.get() if person.reservations else None
    for number, (start, length), released in person.reservations:
        period = [search.starts_at + timedelta(minutes=minutes) for minutes in (start, start + length)]
        SeatReservation.objects.create(
            professional=professional,
            number=number,
            mission=mission,
            period=period,
            released_at=search.starts_at if released else None,
        )


@pytest.fixture
def professionals():
    """Three of them with their papers and a mission to hang reservations on, and nothing else yet."""
    made = [make_professional(always_open=False) for _ in range(3)]
    for professional in made:
        professional.rates.filter(service="guarding").delete()
        make_mission(professional=professional)
    return made


@given(world=worlds, hours_ahead=st.sampled_from([200, 48, 12, 11, 0]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_search_finds_whom_the_product_says_in_the_order_it_says(professionals, world, hours_ahead):
    search, drawn = world
    now = search.starts_at - timedelta(hours=hours_ahead)
    persons = {professional.pk: person for professional, person in zip(professionals, drawn, strict=True)}
    with transaction.atomic():
        for professional in professionals:
            write(professional, persons[professional.pk], search, now)
        found = [(one.professional_id, one.total_cents) for one in offers(search, now=now).page(10).listings]
        transaction.set_rollback(True)
    assert [pk for pk, _ in found] == expected(persons, search, now)
    assert [total for _, total in found] == [total_cents(persons[pk], search) for pk, _ in found]
