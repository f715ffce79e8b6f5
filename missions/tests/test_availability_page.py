from datetime import date, time

import pytest
from django.urls import reverse

from accounts.hours import ALWAYS
from accounts.models import AvailabilityException
from accounts.tests.factories import make_client, make_professional

pytestmark = pytest.mark.django_db

HOUR = 60
NBSP = "\u00a0"


PAGES = ["availability_edit", "exception_add"]


@pytest.fixture
def professional():
    return make_professional()


@pytest.fixture
def as_professional(client, professional):
    client.force_login(professional.user)
    return client


@pytest.mark.parametrize("page", PAGES)
def test_the_page_opens_for_professionals_only(client, professional, page):
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


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_on": "2030-12-23"}, "La fin doit venir après le début."),
        ({"ends_on": "2030-12-24", "ends_minute": "15", "starts_minute": "60"}, "La fin doit venir après le début."),
        ({"starts_on": "demain"}, "Saisissez une date valide."),
        ({"ends_on": "9999-12-31"}, "Choisissez une date plus proche."),
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
