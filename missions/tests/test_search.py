"""One rule of the search at a time; `test_search_oracle` holds them together."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AvailabilityException, Professional, WeeklyHours
from accounts.tests.factories import make_commune, make_professional
from missions.search import Offer, Search, obstacles, offers, seen_from
from missions.tests.factories import make_mission, reserve
from missions.walltime import NonexistentTime, instant, wall_periods

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def search_for(day="2026-12-12", start="20:00", minutes=480, agents=1, commune=None, service="guarding"):
    commune = commune or make_commune()
    starts_at = instant(date.fromisoformat(day), time.fromisoformat(start), commune.zone)
    return Search(service, commune, starts_at, minutes, agents)


def listings_for(search):
    return offers(search, now=NOW).page(100).listings


def found(search):
    return [listing.professional for listing in listings_for(search)]


def reasons(professional, search):
    seen = seen_from([professional], search, now=NOW)
    return obstacles(professional, seen.get(professional.pk), search, NOW)


def open_only(professional, *hours):
    """Weekday, opening and closing time in hours, past 24 the next morning."""
    professional.weekly_hours.all().delete()
    for weekday, opens, closes in hours:
        WeeklyHours.objects.create(
            professional=professional, weekday=weekday, opens_minute=opens * 60, closes_minute=closes * 60
        )


def test_best_reviewed_first_then_cheapest_then_most_reviewed():
    def make(score, cents, count=3):
        return make_professional(rates={"guarding": cents}, review_score=score, review_count=count if score else 0)

    unknown, dear, good, cheap, liked = (
        make(None, 2200),
        make(4.9, 3000),
        make(4.8, 2500),
        make(4.9, 2500),
        make(4.9, 2500, 9),
    )
    assert found(search_for()) == [liked, cheap, dear, good, unknown]


def test_the_total_decides_not_the_rate_before_vat():
    with_vat = make_professional(rates={"guarding": 2200})
    without = make_professional(rates={"guarding": 2500}, vat_regime=Professional.VatRegime.FRANCHISE)
    first, second = listings_for(search_for())
    assert [first.professional, second.professional] == [without, with_vat]
    assert [first.total_cents, second.total_cents] == [23600, 24288]
    assert [Offer.of(one, search_for()).euros for one in (first, second)] == ["236.00", "242.88"]


def test_the_radius_is_the_professionals_own():
    villeurbanne = make_commune("69266", "Villeurbanne", latitude=45.7719, longitude=4.8902)
    bourg = make_commune("01053", "Bourg-en-Bresse", latitude=46.2047, longitude=5.2281)
    near = make_professional(base_commune=villeurbanne, radius_km=5)
    make_professional(base_commune=bourg, radius_km=50)
    far = make_professional(base_commune=bourg, radius_km=60)
    distances = {listing.professional: round(listing.distance_km) for listing in listings_for(search_for())}
    assert distances == {near: 4, far: 58}


def test_without_a_rate_for_the_service_nobody_is_found():
    make_professional(rates={"event": 2500})
    assert found(search_for()) == []


@pytest.mark.parametrize(("minutes", "expected"), [(225, 0), (240, 1)])
def test_the_minimum_duration_is_respected(minutes, expected):
    make_professional(minimum_minutes=240)
    assert len(found(search_for(minutes=minutes))) == expected


@pytest.mark.parametrize(("start", "expected"), [("21:59", 0), ("22:00", 1)])
def test_the_notice_is_respected_to_the_minute(start, expected):
    make_professional(notice_hours=12)
    assert len(found(search_for("2026-11-23", start))) == expected


def test_a_sole_operator_is_not_found_beyond_12_hours():
    sole = make_professional(kind=Professional.Kind.SOLE_OPERATOR)
    assert found(search_for(minutes=720)) == [sole]
    assert found(search_for(minutes=735)) == []


@pytest.mark.parametrize(("agents", "expected"), [(6, 1), (7, 0)])
def test_reserved_seats_are_not_free(agents, expected):
    professional = make_professional(agents=10)
    make_mission("booked", professional=professional, agents=4, starts_at=search_for().starts_at)
    assert len(found(search_for(agents=agents))) == expected


def test_eight_agents_serve_two_missions_of_four_and_the_database_refuses_a_ninth():
    professional = make_professional(agents=8)
    starts_at = search_for().starts_at
    first = make_mission("booked", professional=professional, agents=4, starts_at=starts_at)
    assert found(search_for(agents=4)) == [professional]
    make_mission("booked", professional=professional, agents=4, starts_at=starts_at)
    assert found(search_for()) == []
    for number, refusal in ((8, "seat_reserved_once"), (9, "has no seat 9")):
        with pytest.raises(IntegrityError, match=refusal), transaction.atomic():
            reserve(first, [number])


def test_missions_that_touch_do_not_overlap():
    professional = make_professional(agents=1)
    search = search_for()
    make_mission("booked", professional=professional, starts_at=search.starts_at - timedelta(hours=8))
    make_mission("booked", professional=professional, starts_at=search.ends_at)
    assert found(search) == [professional]


def test_released_seats_are_free_again():
    professional = make_professional(agents=1)
    mission = make_mission("booked", professional=professional, starts_at=search_for().starts_at)
    assert found(search_for()) == []
    mission.reservations.update(released_at=NOW)
    assert found(search_for()) == [professional]


def test_one_seat_taken_twice_in_the_evening_counts_once():
    professional = make_professional(agents=2)
    search = search_for()
    make_mission("booked", professional=professional, starts_at=search.starts_at, minutes=120)
    make_mission("booked", professional=professional, starts_at=search.starts_at + timedelta(hours=4), minutes=120)
    assert found(search) == [professional]


def test_two_openings_that_touch_at_midnight_make_one():
    professional = make_professional()
    open_only(professional, (6, 18, 24), (7, 0, 4))
    assert found(search_for()) == [professional]


def test_an_opening_runs_past_midnight_into_the_day_after_its_weekday():
    professional = make_professional()
    open_only(professional, (5, 18, 30))
    assert found(search_for("2026-12-12", "00:00", 360)) == [professional]
    assert found(search_for("2026-12-12", "00:00", 375)) == []


@pytest.mark.parametrize(("kind", "expected"), [("closed", 0), ("open", 1)])
def test_a_closed_period_wins_over_an_extra_opening(kind, expected):
    professional = make_professional(always_open=False)
    span = {"starts_on": date(2026, 12, 12), "starts_at": time(18), "ends_on": date(2026, 12, 13), "ends_at": time(6)}
    AvailabilityException.objects.create(professional=professional, kind="open", **span)
    AvailabilityException.objects.create(
        professional=professional,
        kind=kind,
        **span | {"starts_at": time(21), "ends_on": date(2026, 12, 12), "ends_at": time(22)},
    )
    assert len(found(search_for())) == expected


def test_hours_are_read_at_the_site_not_at_the_base():
    cayenne = make_commune("97302", "Cayenne", latitude=4.9375, longitude=-52.3260)
    professional = make_professional(base_commune=cayenne)
    open_only(professional, (6, 8, 18))
    assert found(search_for(start="08:00", minutes=600, commune=cayenne)) == [professional]
    assert found(search_for(start="07:45", minutes=600, commune=cayenne)) == []


def test_the_night_of_spring_has_seven_hours_of_opening():
    professional = make_professional()
    open_only(professional, (6, 22, 30))
    assert found(search_for("2027-03-27", "22:00", 420)) == [professional]
    assert found(search_for("2027-03-27", "22:00", 435)) == []


def test_the_night_of_autumn_has_nine():
    professional = make_professional()
    open_only(professional, (6, 22, 30))
    assert found(search_for("2027-10-30", "22:00", 540)) == [professional]
    assert found(search_for("2027-10-30", "22:00", 555)) == []


def test_closing_during_the_repeated_hour_closes_it_twice():
    professional = make_professional()
    open_only(professional, (6, 22, 24), (7, 0, 2), (7, 3, 24))
    assert found(search_for("2027-10-31", "03:00", 240)) == [professional]
    assert found(search_for("2027-10-30", "22:00", 240)) == [professional]
    assert found(search_for("2027-10-30", "22:00", 255)) == []


def test_a_time_that_does_not_exist_is_refused_and_one_that_occurs_twice_means_the_first():
    with pytest.raises(NonexistentTime):
        instant(date(2027, 3, 28), time(2, 30), PARIS)
    assert instant(date(2027, 10, 31), time(2, 30), PARIS) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_wall_periods_leave_out_the_skipped_hour():
    start = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    assert wall_periods(start, start + timedelta(hours=1), PARIS) == [
        (datetime(2027, 3, 28, 1, 30), datetime(2027, 3, 28, 2)),
        (datetime(2027, 3, 28, 3), datetime(2027, 3, 28, 3, 30)),
    ]


def test_why_not_says_each_reason_once():
    professional = make_professional(agents=1, notice_hours=48, minimum_minutes=600)
    search = search_for("2026-11-24", agents=2)
    assert professional not in found(search)
    assert reasons(professional, search) == [
        "La mission est plus courte que sa durée minimale, 10\u00a0h.",
        "Le début est trop proche\u00a0: il faut le prévenir au moins 2\u00a0jours avant.",
        "Cette mission demande plus d’agents qu’il n’en a.",
    ]


def test_why_not_of_someone_free_is_nothing():
    assert reasons(make_professional(), search_for()) == []


def test_why_not_of_someone_unlisted_says_no_more():
    assert reasons(make_professional(payable=False), search_for()) == [
        "Ce professionnel n’est pas réservable en ce moment."
    ]


def test_the_query_of_a_search_is_in_the_wall_time_of_the_site():
    assert search_for().query == "service=guarding&commune=69123&date=2026-12-12&start=20:00&minutes=480&agents=1"
