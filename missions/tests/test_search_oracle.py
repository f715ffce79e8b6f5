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

from accounts.models import (
    AvailabilityException,
    BusyPeriod,
    Document,
    ExternalCalendar,
    Professional,
    Rate,
    WeeklyHours,
)
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
WORLDS_EACH, SEARCHES = 17, 10  # by place: 1 020 searches in all


@dataclass(frozen=True)
class Person:
    """A professional as drawn: hours are (weekday, opens, closes), in minutes; the rest starts so many minutes after
    midnight of the world's day and lasts so many; papers end so many days after it."""

    base: str
    radius_km: int
    agents: int
    minimum_minutes: int
    notice_hours: int
    horizon_days: int
    franchise: bool
    hourly_cents: int | None
    stars: Decimal | None
    review_count: int
    payable: bool
    expiring: tuple | None
    hours: list
    exceptions: list
    reservations: list
    busy: list


@dataclass(frozen=True)
class World:
    """A place, a day and an instant to search from; what is asked is (minutes after midnight, minutes, agents)."""

    place: str
    day: date
    hours_ahead: int
    asked: list
    persons: tuple

    @property
    def zone(self):
        return ZoneInfo(PLACES[self.place][3])

    @property
    def midnight(self):
        return datetime.combine(self.day, time())

    @property
    def origin(self):
        return self.midnight.replace(tzinfo=self.zone).astimezone(UTC)

    @property
    def now(self):
        return self.origin - timedelta(hours=self.hours_ahead)

    def searches(self):
        commune = make_place(self.place)
        for start, minutes, agents in self.asked:
            yield Search("guarding", commune, self.origin + timedelta(minutes=start), minutes, agents)


def mostly(common, rare):
    """So that many are found: one trait in six is out of the ordinary."""
    return st.integers(0, 5).flatmap(lambda number: st.just(common) if number < 5 else rare)


def steps(first, last):
    """Minutes from one hour to another, most often whole hours or four of them, so that ends and starts meet."""
    return st.one_of(
        st.integers(-(-first // 4), last // 4).map(lambda number: number * 240),
        st.integers(first, last).map(lambda number: number * 60),
        st.integers(first * 4, last * 4).map(lambda number: number * 15),
    )


openings = st.tuples(st.integers(1, 7), steps(0, 23), steps(1, 24)).map(
    lambda drawn: (drawn[0], min(drawn[1], 1425), min(drawn[1], 1425) + drawn[2])
)
every_day = [tuple((weekday, *hours) for weekday in range(1, 8)) for hours in ((0, 1440), (1080, 1860), (360, 1440))]
stretches = st.tuples(steps(-24, 96), steps(1, 12))
exceptions = st.tuples(st.sampled_from(["closed", "open"]), st.tuples(steps(-24, 72), steps(1, 36)))
durations = st.one_of(st.sampled_from([240, 480, 720, 735]), st.integers(4, 288).map(lambda number: number * 15))


@st.composite
def questions(draw, persons):
    """What to ask of these people: often a mission that begins as another ends, or ends as another begins."""
    taken = [stretch for person in persons for stretch in [*person.busy, *(seat[1] for seat in person.reservations)]]
    minutes = draw(durations)
    edges = [edge for start, length in taken for edge in (start + length, start - minutes) if edge >= 0]
    start = draw(st.one_of(steps(0, 47), st.sampled_from(edges)) if edges else steps(0, 47))
    return start, minutes, draw(st.integers(1, 2))


def apart(reservations):
    """Those the database would let in: one number is never reserved twice at once."""
    kept = []
    for number, stretch, released in reservations:
        live = [other for taken, other, gone in kept if taken == number and not gone]
        if released or not any(meets(*stretch, *other) for other in live):
            kept.append((number, stretch, released))
    return kept


def people(place):
    return st.builds(
        Person,
        base=mostly(place, st.sampled_from(list(PLACES))),
        radius_km=st.sampled_from([200, 50, 5]),
        agents=st.integers(1, 4),
        minimum_minutes=mostly(60, st.sampled_from([240, 480])),
        notice_hours=mostly(0, st.sampled_from([12, 48])),
        horizon_days=mostly(365, st.integers(1, 10)),
        franchise=st.booleans(),
        hourly_cents=mostly(2200, st.one_of(st.none(), st.integers(2190, 2650))),
        stars=st.sampled_from([None, Decimal("4.4"), Decimal("4.5")]),
        review_count=st.integers(1, 3),
        payable=mostly(True, st.just(False)),
        expiring=mostly(None, st.tuples(st.sampled_from(Document.Kind.values), st.integers(-1, 3))),
        hours=st.one_of(st.sampled_from(every_day), st.lists(openings, max_size=8, unique=True).map(tuple)),
        exceptions=st.one_of(st.just(()), st.lists(exceptions, max_size=3)),
        reservations=st.lists(st.tuples(st.integers(1, 4), stretches, st.booleans()), max_size=5).map(apart),
        busy=mostly((), st.lists(stretches, max_size=2)),
    )


@st.composite
def worlds(draw, place):
    persons = draw(st.tuples(*[people(place)] * 3))
    return World(
        place=place,
        day=draw(st.sampled_from(DAYS)) - timedelta(days=draw(st.integers(0, 1))),
        hours_ahead=draw(st.sampled_from([200, 48, 36, 12, 0])),
        asked=draw(st.lists(questions(persons), min_size=SEARCHES, max_size=SEARCHES)),
        persons=persons,
    )


def make_place(insee):
    name, latitude, longitude, _zone = PLACES[insee]
    return make_commune(insee, name, latitude=latitude, longitude=longitude)


# What the product says


def expected(world, persons, search):
    found = [pk for pk, person in persons.items() if is_found(person, world, search)]
    return sorted(found, key=lambda pk: rank(pk, persons[pk], search))


def is_found(person, world, search):
    return (
        person.payable
        and person.hourly_cents is not None
        and has_papers(person, world, search)
        and distance_km(person.base, world.place) <= person.radius_km
        and search.minutes >= person.minimum_minutes
        and search.starts_at - world.now >= timedelta(hours=person.notice_hours)
        and (wall_times(search)[0].date() - today(world)).days <= person.horizon_days
        and all(is_open(person, wall, world.midnight) for wall in wall_times(search))
        and free_numbers(person, world, search) >= needed(search)
    )


def rank(pk, person, search):
    score = person.stars
    count = person.review_count if score else 0
    return (score is None, -(score or 0), total_cents(person, search), -count, pk)


def today(world):
    return world.now.astimezone(world.zone).date()


def has_papers(person, world, search):
    """Titles on the mission's last day, the other papers today."""
    if person.expiring is None:
        return True
    kind, _days = person.expiring
    last_day = (search.ends_at - QUARTER).astimezone(world.zone).date()
    return expiry(person, world) >= (last_day if kind in ("aut", "agd", "car") else today(world))


def expiry(person, world):
    kind, days = person.expiring
    return (world.day if kind in ("aut", "agd", "car") else today(world)) + timedelta(days=days)


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


def free_numbers(person, world, search):
    start = (search.starts_at - world.origin) // timedelta(minutes=1)
    if any(meets(start, search.minutes, *stretch) for stretch in person.busy):
        return 0
    taken = {
        number
        for number, stretch, released in person.reservations
        if not released and meets(start, search.minutes, *stretch)
    }
    return len(set(range(1, person.agents + 1)) - taken)


def meets(start, length, other_start, other_length):
    return start < other_start + other_length and other_start < start + length


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


def write(professional, person, world):
    Professional.objects.filter(pk=professional.pk).update(
        base_commune=make_place(person.base),
        radius_km=person.radius_km,
        agents=person.agents,
        minimum_minutes=person.minimum_minutes,
        notice_hours=person.notice_hours,
        horizon_days=person.horizon_days,
        vat_regime="franchise" if person.franchise else "standard",
        review_score=person.stars,
        review_count=person.review_count if person.stars else 0,
        payable=person.payable,
    )
    if person.hourly_cents:
        Rate.objects.create(professional=professional, service="guarding", hourly_cents=person.hourly_cents)
    if person.expiring:
        professional.documents.filter(kind=person.expiring[0]).update(expires_on=expiry(person, world))
    WeeklyHours.objects.bulk_create(
        WeeklyHours(professional=professional, weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, opens, closes in person.hours
    )
    write_exceptions(professional, person, world.midnight)
    write_reservations(professional, person, world.origin)
    write_calendar(professional, person, world.origin)


def write_exceptions(professional, person, midnight):
    for kind, (start, length) in person.exceptions:
        starts, ends = midnight + timedelta(minutes=start), midnight + timedelta(minutes=start + length)
        AvailabilityException.objects.create(
            professional=professional,
            kind=kind,
            starts_on=starts.date(),
            starts_at=starts.time(),
            ends_on=ends.date(),
            ends_at=ends.time(),
        )


def write_reservations(professional, person, origin):
    mission = professional.missions.get() if person.reservations else None
    within = [drawn for drawn in person.reservations if drawn[0] <= person.agents]  # the database refuses the others
    for number, stretch, released in within:
        SeatReservation.objects.create(
            professional=professional,
            number=number,
            mission=mission,
            period=instants(origin, *stretch),
            released_at=origin if released else None,
        )


def write_calendar(professional, person, origin):
    if not person.busy:
        return
    calendar = ExternalCalendar.objects.create(professional=professional, url="https://exemple.fr/a.ics", due_at=origin)
    for stretch in person.busy:
        starts_at, ends_at = instants(origin, *stretch)
        BusyPeriod.objects.create(calendar=calendar, starts_at=starts_at, ends_at=ends_at)


def instants(origin, start, length):
    return origin + timedelta(minutes=start), origin + timedelta(minutes=start + length)


@pytest.fixture
def professionals():
    """Three of them with their papers and a mission to hang reservations on, and nothing else yet."""
    made = [make_professional(always_open=False) for _ in range(3)]
    for professional in made:
        professional.rates.filter(service="guarding").delete()
        make_mission(professional=professional)
    return made


@pytest.mark.parametrize("place", PLACES)
@given(data=st.data())
@settings(max_examples=WORLDS_EACH, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_search_finds_whom_the_product_says_in_the_order_it_says(professionals, place, data):
    world = data.draw(worlds(place))
    persons = {professional.pk: person for professional, person in zip(professionals, world.persons, strict=True)}
    with transaction.atomic():
        for professional in professionals:
            write(professional, persons[professional.pk], world)
        answers = [(search, offers(search, now=world.now)) for search in world.searches()]
        found = [[(one.professional_id, one.total_cents) for one in offers.page(10).listings] for _, offers in answers]
        counts = [answer.count(cap=10) for _, answer in answers]
        leafed = [leaf(answer) for _, answer in answers]
        transaction.set_rollback(True)
    told = [expected(world, persons, search) for search, _ in answers]
    priced = [
        [(pk, total_cents(persons[pk], search)) for pk in pks] for (search, _), pks in zip(answers, told, strict=True)
    ]
    assert found == priced
    assert counts == [len(pks) for pks in told]
    assert leafed == [(pks, pks[:-1]) for pks in told]


def leaf(answer):
    """Whom one meets page after page, one to a page, to the end and back."""
    forth, page = [], answer.page(1)
    while page:
        forth += page.listings
        last, page = page, page.following and answer.page(1, after=page.following)
    back, page = [], forth and last.previous and answer.page(1, before=last.previous)
    while page:
        back = page.listings + back
        page = page.previous and answer.page(1, before=page.previous)
    return [one.professional_id for one in forth], [one.professional_id for one in back]
