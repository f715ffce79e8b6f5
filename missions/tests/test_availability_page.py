import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse

from accounts.hours import ALWAYS
from accounts.models import AvailabilityException, BusyPeriod, ExternalCalendar
from accounts.tests.factories import make_client, make_commune, make_professional
from missions.tests.factories import make_mission
from missions.tests.test_search_pages import text_of

pytestmark = pytest.mark.django_db

HOUR = 60
NBSP = "\u00a0"


PAGES = ["availability_edit", "exception_add"]


@pytest.fixture(autouse=True)
def _in_november(clock):
    clock.set(datetime(2026, 11, 23, 9, tzinfo=UTC))


@pytest.fixture
def professional(_in_november):
    return make_professional()


@pytest.fixture
def as_professional(client, professional):
    client.force_login(professional.user)
    return client


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_for_professionals_only(client, professional, page):
    address = reverse(f"missions:{page}")
    assert client.get(address).url.startswith(reverse("account_login"))
    client.force_login(make_client().user)
    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404
    client.force_login(professional.user)
    assert client.get(address).status_code == 200


# The week


def week(*openings, **pressed):
    data = {"form-TOTAL_FORMS": len(openings), "form-INITIAL_FORMS": 0}
    for number, (weekday, opens, closes) in enumerate(openings):
        data |= {f"form-{number}-weekday": weekday, f"form-{number}-opens": opens, f"form-{number}-closes": closes}
    return data | pressed


def save(client, *openings, **pressed):
    return client.post(reverse("missions:availability_edit"), week(*openings, **pressed))


def shown(response):
    return [form.shown_opening() for form in response.context["formset"].forms]


def test_a_week_is_saved_past_midnight_and_around_the_clock(as_professional, professional):
    rows = (1, 8 * HOUR, 12 * HOUR), (1, 14 * HOUR, 18 * HOUR), (5, 18 * HOUR, 6 * HOUR), (7, 0, 24 * HOUR)
    assert save(as_professional, *rows).status_code == 302
    saved = [(1, 480, 720), (1, 840, 1080), (5, 1080, 1800), (7, 0, 1440)]
    assert professional.openings() == saved
    assert shown(as_professional.get(reverse("missions:availability_edit"))) == saved


def test_an_empty_week_is_a_closed_one(as_professional, professional):
    assert save(as_professional).status_code == 302
    assert professional.openings() == []


@pytest.mark.parametrize(
    ("pressed", "rows"),
    [
        ({"add": "2"}, [(1, 480, 1200), (2, 480, 1200)]),
        ({"add": "1"}, [(1, 480, 1200), (1, 1200, 1260)]),
        ({"remove": "0"}, []),
        ({"copy": "1"}, [(day, 480, 1200) for day in range(1, 8)]),
        ({"always": "1"}, ALWAYS),
    ],
)
def test_a_button_changes_the_rows_and_saves_nothing(as_professional, professional, pressed, rows):
    response = save(as_professional, (1, 480, 1200), **pressed)
    assert shown(response) == rows
    assert "Rien n’est encore enregistré" in response.content.decode()
    assert professional.openings() == ALWAYS


def test_openings_that_overlap_are_refused_and_kept_in_sight(as_professional, professional):
    rows = [(1, 20 * HOUR, 6 * HOUR), (2, 5 * HOUR, 8 * HOUR)]
    response = save(as_professional, *rows)
    assert "Deux plages se chevauchent (lundi et mardi)" in response.content.decode()
    assert shown(response) == [(1, 1200, 1800), (2, 300, 480)]
    assert professional.openings() == ALWAYS


@pytest.mark.parametrize(
    "rows", [[("x", 480, 1200)], [(1, "huit heures", 1200)], [(9, 480, 1200)], [(1, 481, 1200)], [(1, -60, 1200)]]
)
def test_rows_our_page_never_sends_change_nothing(as_professional, professional, rows):
    response = as_professional.post(reverse("missions:availability_edit"), week(*rows), follow=True)
    assert "Ces heures n’ont pas pu être lues" in response.content.decode()
    assert professional.openings() == ALWAYS


@pytest.mark.parametrize("pressed", [{"add": "1" * 5000}, {"remove": "1" * 5000}, {"copy": "٣"}, {"add": "99"}])
def test_a_button_our_page_does_not_have_breaks_nothing(as_professional, pressed):
    assert save(as_professional, (1, 480, 1200), **pressed).status_code in (200, 302)


def test_a_form_without_its_count_changes_nothing(as_professional, professional):
    as_professional.post(reverse("missions:availability_edit"), {"add": "1"})
    assert professional.openings() == ALWAYS


# Exceptions


def exception(**changes):
    return {
        "kind": "closed",
        "starts_on": "2030-12-24",
        "starts_minute": "0",
        "ends_on": "2030-12-25",
        "ends_minute": "1440",
        "note": "Congés",
    } | changes


def test_a_closed_period_takes_whole_days(as_professional, professional):
    assert as_professional.post(reverse("missions:exception_add"), exception()).status_code == 302
    added = professional.exceptions.get()
    assert (added.starts_on, added.starts_at) == (date(2030, 12, 24), time(0))
    assert (added.ends_on, added.ends_at) == (date(2030, 12, 26), time(0))
    page = as_professional.get(reverse("missions:availability_edit")).content.decode()
    assert "Fermé du mardi 24\u00a0décembre 2030 au mercredi 25\u00a0décembre 2030" in page


def test_an_extra_opening_has_hours(as_professional, professional):
    data = exception(kind="open", ends_on="2030-12-25", starts_minute="600", ends_minute="120", note="")
    as_professional.post(reverse("missions:exception_add"), data)
    words = professional.exceptions.get().in_words().replace(NBSP, " ")
    assert words == "du mardi 24 décembre 2030 à 10 h 00 au mercredi 25 décembre 2030 à 2 h 00"


def test_an_exception_within_a_day_says_the_day_once(as_professional, professional):
    data = exception(ends_on="2030-12-24", starts_minute="480", ends_minute="720")
    as_professional.post(reverse("missions:exception_add"), data)
    words = professional.exceptions.get().in_words().replace(NBSP, " ")
    assert words == "le mardi 24 décembre 2030, de 8 h 00 à 12 h 00"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_on": "2030-12-23"}, "La fin doit venir après le début."),
        ({"ends_on": "2030-12-24", "ends_minute": "15", "starts_minute": "60"}, "La fin doit venir après le début."),
        ({"starts_on": "demain"}, "Saisissez une date valide."),
        ({"ends_on": "9999-12-31"}, "Choisissez une date plus proche."),
        ({"starts_on": "0001-01-01"}, "Choisissez une date plus proche."),
        ({"starts_on": "2026-11-20", "ends_on": "2026-11-22"}, "Cette période est déjà passée"),
        ({"starts_on": "2026-11-23", "ends_on": "2026-11-23", "ends_minute": "600"}, "Cette période est déjà passée"),
        ({"starts_minute": "midi"}, "Sélectionnez un choix valide"),
        ({"kind": "peut-être"}, "Sélectionnez un choix valide"),
    ],
)
def test_an_impossible_period_is_refused_and_kept_in_sight(as_professional, professional, changes, sentence):
    response = as_professional.post(reverse("missions:exception_add"), exception(**changes))
    assert sentence in response.content.decode()
    assert "Congés" in response.content.decode()
    assert not professional.exceptions.exists()


def test_an_exception_is_removed_by_its_owner_only(as_professional, professional):
    other = make_professional("Ailleurs")
    period = {"starts_on": date(2030, 1, 1), "starts_at": time(0), "ends_on": date(2030, 1, 2), "ends_at": time(0)}
    mine = AvailabilityException.objects.create(professional=professional, **period)
    theirs = AvailabilityException.objects.create(professional=other, **period)
    assert as_professional.get(reverse("missions:exception_delete", args=[mine.pk])).status_code == 405
    assert as_professional.post(reverse("missions:exception_delete", args=[theirs.pk])).status_code == 404
    assert as_professional.post(reverse("missions:exception_delete", args=[mine.pk])).status_code == 302
    assert list(AvailabilityException.objects.all()) == [theirs]


def test_an_exception_that_has_begun_may_still_be_added(as_professional, professional):
    data = exception(starts_on="2026-11-20", ends_on="2026-11-23", ends_minute="615")
    assert as_professional.post(reverse("missions:exception_add"), data).status_code == 302
    assert professional.exceptions.count() == 1


def test_the_past_is_that_of_the_base(client):
    data = exception(starts_on="2026-11-23", ends_on="2026-11-23", ends_minute="720")
    reunion = make_professional("Vigie du Piton", base_commune=make_commune("97411", "Saint-Denis"))
    client.force_login(reunion.user)
    assert "déjà passée" in client.post(reverse("missions:exception_add"), data).content.decode()
    client.force_login(make_professional("Vigie du Rhône").user)
    assert client.post(reverse("missions:exception_add"), data).status_code == 302


def test_exceptions_may_overlap(as_professional, professional):
    for kind in ("closed", "open", "closed"):
        as_professional.post(reverse("missions:exception_add"), exception(kind=kind))
    assert professional.exceptions.count() == 3


def test_an_exception_that_is_over_is_no_longer_listed(as_professional, professional, clock):
    as_professional.post(reverse("missions:exception_add"), exception(starts_on="2026-11-24", ends_on="2026-11-24"))
    clock.set(datetime(2026, 11, 24, 22, tzinfo=UTC))
    assert "Congés" in show(as_professional)
    clock.set(datetime(2026, 11, 24, 23, tzinfo=UTC))
    assert "Congés" not in show(as_professional)


def test_removing_an_exception_is_for_its_professional(client, professional):
    period = {"starts_on": date(2030, 1, 1), "starts_at": time(0), "ends_on": date(2030, 1, 2), "ends_at": time(0)}
    url = reverse("missions:exception_delete", args=[professional.exceptions.create(**period).pk])
    assert client.post(url).url.startswith(reverse("account_login"))
    client.force_login(make_client().user)
    assert client.post(url).status_code == 404
    assert professional.exceptions.count() == 1


# The month


def show(client, month=""):
    return text_of(client.get(reverse("missions:availability_edit"), {"mois": month} if month else {}))


def day_in(client, day):
    """What the calendar's cell of this day says, past or to come."""
    response = client.get(reverse("missions:availability_edit"), {"mois": day[:7]})
    found = [cell for week in response.context["month"].weeks for cell in week if cell and str(cell.date) == day]
    assert f'datetime="{day}"' in response.content.decode()
    return found[0].tone, found[0].note


def make_outside_calendar(professional):
    return ExternalCalendar.objects.create(
        professional=professional, url="https://agenda.exemple.fr/a.ics", due_at=datetime(2026, 12, 1, tzinfo=UTC)
    )


def test_the_month_shows_what_is_booked(as_professional, professional):
    mission = make_mission(
        "secured", professional=professional, starts_at=datetime(2026, 12, 12, 18, tzinfo=UTC), agents=2
    )
    make_mission("secured", starts_at=datetime(2026, 12, 13, 18, tzinfo=UTC))
    assert day_in(as_professional, "2026-12-12") == ("busy", "2/10")
    assert day_in(as_professional, "2026-12-13") == ("", "")
    assert "2 agents sur 10 en mission de 19 h 00 à 3 h 00 le lendemain" in show(as_professional, "2026-12")

    mission.reservations.update(released_at=mission.starts_at)
    assert day_in(as_professional, "2026-12-12") == ("", "")


def test_the_month_shows_exceptions_and_the_outside_calendar(as_professional, professional):
    as_professional.post(reverse("missions:exception_add"), exception(starts_on="2026-12-24", ends_on="2026-12-25"))
    outside = make_outside_calendar(professional)
    midnight = datetime(2026, 12, 27, 23, tzinfo=UTC)
    BusyPeriod.objects.create(calendar=outside, starts_at=midnight, ends_at=midnight + timedelta(days=1))
    days = ("2026-12-23", "2026-12-24", "2026-12-25", "2026-12-26", "2026-12-28")
    assert [day_in(as_professional, day) for day in days] == [
        ("", ""),
        ("closed", "Fermé"),
        ("closed", "Fermé"),
        ("", ""),
        ("closed", "Occupé"),
    ]


def test_the_days_that_touch_the_month_are_in_it(as_professional, professional):
    """A night of the last day, and a mission that goes on from the month before."""
    make_mission("secured", professional=professional, starts_at=datetime(2026, 12, 31, 20, tzinfo=UTC))
    make_mission("secured", professional=professional, starts_at=datetime(2026, 11, 29, 20, tzinfo=UTC), minutes=2880)
    days = ("2026-11-30", "2026-12-01", "2026-12-31", "2027-01-01")
    assert [day_in(as_professional, day)[0] for day in days] == ["busy", "busy", "busy", ""]


def test_the_month_asked_for_is_shown_with_links_to_its_neighbours(as_professional):
    page = as_professional.get(reverse("missions:availability_edit"), {"mois": "2026-12"}).content.decode()
    assert ">Décembre 2026<" in page
    assert "?mois=2026-11#month" in page
    assert "?mois=2027-01#month" in page
    assert ">Novembre 2026<" in as_professional.get(reverse("missions:availability_edit") + "?mois=x").content.decode()


def test_only_today_is_the_current_date(as_professional):
    page = as_professional.get(reverse("missions:availability_edit")).content.decode()
    assert re.findall(r'date=([-0-9]+)" aria-current="date"', page) == ["2026-11-23"]


def test_a_day_to_come_leads_to_its_exception(as_professional):
    page = as_professional.get(reverse("missions:availability_edit")).content.decode()
    assert f'href="{reverse("missions:exception_add")}?date=2026-11-23"' in page
    assert "?date=2026-11-22" not in page


def test_an_exception_begins_with_the_day_chosen_and_what_is_known_of_it(as_professional, professional):
    make_mission("secured", professional=professional, starts_at=datetime(2026, 12, 24, 18, tzinfo=UTC))
    response = as_professional.get(reverse("missions:exception_add"), {"date": "2026-12-24"})
    form = response.context["form"]
    assert [str(form[name].value()) for name in ("starts_on", "ends_on")] == ["2026-12-24"] * 2
    assert "Jeudi 24 décembre 2026. 1 agent sur 10 en mission de 19 h 00 à 3 h 00" in text_of(response)


@pytest.mark.parametrize("day", ["", "demain", "2026-02-30", "2026-11-22", "0001-01-01", "9999-12-31"])
def test_a_day_that_makes_no_sense_fills_in_nothing(as_professional, day):
    form = as_professional.get(reverse("missions:exception_add"), {"date": day}).context["form"]
    assert form["starts_on"].value() is None


def test_an_exception_added_is_shown_in_its_month(as_professional):
    response = as_professional.post(reverse("missions:exception_add"), exception())
    assert response.url == reverse("missions:availability_edit") + "?mois=2030-12#month"


def fill(professional, number):
    """One more of everything the page shows."""
    day = date(2026, 12, 1) + timedelta(days=number)
    make_mission("secured", professional=professional, starts_at=datetime(2026, 12, day.day, 18, tzinfo=UTC))
    professional.exceptions.create(starts_on=day, starts_at=time(8), ends_on=day, ends_at=time(9))
    professional.weekly_hours.create(weekday=number, opens_minute=60, closes_minute=120)
    starts_at = datetime(2026, 12, day.day, 10, tzinfo=UTC)
    BusyPeriod.objects.create(calendar_id=professional.pk, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))


def test_a_full_month_costs_as_much_as_an_empty_one(client, django_assert_num_queries):
    professional = make_professional(always_open=False)
    make_outside_calendar(professional)
    client.force_login(professional.user)
    for number in range(1, 4):
        fill(professional, number)
        with django_assert_num_queries(12):
            show(client, "2026-12")


def test_a_professional_without_a_base_has_a_month_too(client):
    newcomer = make_professional("Sans base", base_commune=None)
    client.force_login(newcomer.user)
    assert day_in(client, "2026-12-12") == ("", "")


# The booking rules


def rules(**changes):
    return {"notice_hours": "24", "horizon_days": "180", "minimum_minutes": "480"} | changes


def test_the_booking_rules_are_saved_and_told_in_words(as_professional, professional):
    response = as_professional.post(reverse("missions:booking_rules_edit"), rules(), follow=True)
    professional.refresh_from_db()
    assert (professional.notice_hours, professional.horizon_days, professional.minimum_minutes) == (24, 180, 480)
    words = "Réservable jusqu’à 6 mois à l’avance, au plus tard 24 h avant le début, pour 8 h au moins."
    assert words in text_of(response)
    assert "Ouvert jour et nuit, tous les jours." in text_of(response)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"notice_hours": "demain"}, "Sélectionnez un choix valide. demain n’en fait pas partie."),
        ({"notice_hours": "168", "horizon_days": "7"}, "Avec un tel délai, personne ne peut vous réserver"),
    ],
)
def test_a_mistake_in_the_rules_gets_a_sentence_and_changes_nothing(as_professional, professional, changes, sentence):
    professional.horizon_days = 7
    professional.save()
    response = as_professional.post(reverse("missions:booking_rules_edit"), rules(**changes))
    assert sentence in text_of(response)
    assert response.context["form"]["minimum_minutes"].value() == "480"
    assert "Réservable jusqu’à 7 jours à l’avance, au plus tard 12 h avant le début, pour 4 h au moins." in text_of(
        response
    )
    assert "<title>Erreur" in response.content.decode()
    professional.refresh_from_db()
    assert (professional.notice_hours, professional.minimum_minutes) == (12, 240)


def test_after_a_mistake_in_the_rules_each_form_still_goes_to_its_own_address(as_professional):
    html = as_professional.post(reverse("missions:booking_rules_edit"), rules(notice_hours="demain")).content.decode()
    forms = re.findall(r"<form[^>]*>", html)
    assert [form for form in forms if " action=" not in form] == []
    assert 'id="week" method="post" action="/pro/disponibilites/"' in html


def test_the_booking_rules_are_for_professionals(client, professional):
    url = reverse("missions:booking_rules_edit")
    assert client.post(url, rules()).url.startswith(reverse("account_login"))
    client.force_login(make_client().user)
    assert client.post(url, rules()).status_code == 404
    client.force_login(professional.user)
    assert client.get(url).status_code == 405


def test_the_rules_of_others_do_not_change(as_professional):
    other = make_professional("Ailleurs")
    as_professional.post(reverse("missions:booking_rules_edit"), rules())
    other.refresh_from_db()
    assert (other.notice_hours, other.horizon_days, other.minimum_minutes) == (12, 365, 240)
