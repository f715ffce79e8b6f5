from datetime import UTC, date, datetime, time
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from marketplace import formatting

EVENING = datetime(2026, 12, 12, 18, 0, tzinfo=UTC)  # 19 h 00 in Paris
NIGHT = datetime(2026, 12, 13, 2, 0, tzinfo=UTC)  # 3 h 00 the day after


@pytest.fixture(autouse=True)
def french():
    with translation.override("fr"), timezone.override("Europe/Paris"):
        yield


@pytest.fixture
def english():
    with translation.override("en"):
        yield


def plain(text):
    """With ordinary spaces, to read the tests."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("cents", "written"),
    [
        (0, "0,00\u00a0€"),
        (5, "0,05\u00a0€"),
        (57408, "574,08\u00a0€"),
        (187200, "1\u202f872,00\u00a0€"),
        (123456789, "1\u202f234\u202f567,89\u00a0€"),
        (-1250, "\u221212,50\u00a0€"),
    ],
)
def test_euros_are_written_the_french_way(cents, written):
    assert formatting.euros(cents) == written


def test_euros_are_written_the_english_way(english):
    assert [formatting.euros(cents) for cents in (187200, -1250)] == ["€1,872.00", "\u2212€12.50"]


def test_whole_euros_have_no_cents():
    assert plain(formatting.whole_euros(70000)) == "700 €"


@pytest.mark.parametrize(("basis_points", "written"), [(1500, "15 %"), (2000, "20 %"), (850, "8,5 %"), (0, "0 %")])
def test_percent(basis_points, written):
    assert plain(formatting.percent(basis_points)) == written


@pytest.mark.parametrize(("value", "written"), [(4.9, "4,9"), (5, "5,0"), ("4.25", "4,3")])
def test_score_has_one_decimal(value, written):
    assert formatting.score(value) == written


def test_day_in_full_keeps_the_number_with_its_month():
    assert formatting.day(EVENING) == "samedi 12\u00a0décembre 2026"


def test_first_of_the_month():
    assert plain(formatting.day(date(2027, 1, 1))) == "vendredi 1er janvier 2027"


def test_day_forms():
    forms = (formatting.day_plain, formatting.day_short, formatting.month, formatting.month_short)
    assert [plain(form(EVENING)) for form in forms] == [
        "12 décembre 2026",
        "sam. 12 déc. 2026",
        "décembre 2026",
        "déc.",
    ]


def test_english_day_forms(english):
    assert [plain(form(EVENING)) for form in (formatting.day, formatting.day_short, formatting.hour)] == [
        "Saturday 12 December 2026",
        "Sat 12 Dec 2026",
        "19:00",
    ]


def test_hour_has_unbreakable_spaces():
    assert formatting.hour(EVENING) == "19\u00a0h\u00a000"


def test_hour_of_a_plain_time():
    assert plain(formatting.hour(time(9, 5))) == "9 h 05"


@pytest.mark.parametrize("zone", ["Indian/Reunion", SimpleNamespace(timezone="Indian/Reunion")])
def test_hour_is_that_of_the_place(zone):
    assert plain(formatting.hour(EVENING, zone)) == "22 h 00"


def test_moment():
    assert plain(formatting.moment(EVENING)) == "samedi 12 décembre 2026 à 19 h 00"


@pytest.mark.parametrize(
    ("now", "written"),
    [
        (datetime(2026, 12, 11, 20, 0, tzinfo=UTC), "demain à 19 h 00"),
        (datetime(2026, 12, 12, 8, 0, tzinfo=UTC), "aujourd’hui à 19 h 00"),
        (datetime(2026, 12, 12, 23, 30, tzinfo=UTC), "hier à 19 h 00"),
        (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), "samedi 12 décembre 2026 à 19 h 00"),
    ],
)
def test_near_days_have_a_name(clock, now, written):
    clock.set(now)
    assert plain(formatting.near(EVENING)) == written


@pytest.mark.parametrize(("minutes", "written"), [(480, "8 h"), (150, "2 h 30"), (45, "45 min"), (4320, "72 h")])
def test_duration(minutes, written):
    assert plain(formatting.duration(minutes)) == written


def test_english_minutes_after_hours_have_their_unit(english):
    assert [plain(formatting.duration(minutes)) for minutes in (480, 150)] == ["8 h", "2 h 30 min"]


def test_span_past_midnight_names_the_day_it_ends():
    assert plain(formatting.span(EVENING, NIGHT)) == "de 19 h 00 à 3 h 00 le dimanche 13 décembre"


def test_span_within_a_day():
    assert plain(formatting.span(EVENING, EVENING.replace(hour=21))) == "de 19 h 00 à 22 h 00"


def test_span_in_a_place_where_it_is_one_day():
    assert plain(formatting.span(EVENING, NIGHT, "America/Martinique")) == "de 14 h 00 à 22 h 00"


def test_period():
    expected = "samedi 12 décembre 2026, de 19 h 00 à 3 h 00 le dimanche 13 décembre"
    assert plain(formatting.period(EVENING, NIGHT)) == expected


@pytest.mark.parametrize(
    ("end", "written"),
    [
        (EVENING.replace(hour=21), "19 h 00 – 22 h 00"),
        (NIGHT, "19 h 00 – 3 h 00 le lendemain"),
        (NIGHT.replace(day=14), "19 h 00 – 3 h 00 le lundi 14 décembre"),
    ],
)
def test_hours(end, written):
    assert plain(formatting.hours(EVENING, end)) == written


def test_the_night_the_clocks_go_back_is_shown_by_its_wall_times():
    start, end = datetime(2026, 10, 24, 20, 0, tzinfo=UTC), datetime(2026, 10, 25, 5, 0, tzinfo=UTC)
    assert plain(formatting.hours(start, end)) == "22 h 00 – 6 h 00 le lendemain"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formatting.agents(1), "1\u00a0agent"),
        (formatting.agents(12), "12\u00a0agents"),
        (formatting.reviews(1), "1\u00a0avis"),
        (formatting.reviews(1200), "1\u202f200\u00a0avis"),
        (formatting.kilometres(4.4), "4\u00a0km"),
    ],
)
def test_quantities(written, expected):
    assert written == expected


def test_only_english_keeps_a_capital_within_a_sentence():
    assert formatting.within_sentence("Anglais") == "anglais"
    with translation.override("en"):
        assert formatting.within_sentence("English") == "English"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Vigie Atlantique", "VA"), ("Lanterne de l’Erdre", "LE"), ("La Ronde Bleue", "RB"), ("Maël", "M"), ("", "")],
)
def test_initials(name, letters):
    assert formatting.initials(name) == letters


@pytest.mark.parametrize(
    ("user_agent", "written"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0", "Edge, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8.0", "Appareil inconnu"),
    ],
)
def test_device(user_agent, written):
    assert formatting.device(user_agent) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("0612345678", "06 12 34 56 78"),
        ("+33612345678", "+33 6 12 34 56 78"),
        ("+41791234567", "+41791234567"),
        ("06 12", "06 12"),
    ],
)
def test_phone(number, written):
    assert plain(formatting.phone(number)) == written


def render(source, **context):
    return Template(source).render(Context(context))


def test_filters_take_the_place_or_the_whole_mission():
    mission = SimpleNamespace(starts_at=EVENING, ends_at=NIGHT, timezone="Indian/Reunion")
    assert (
        plain(render("{{ m.starts_at|hour:m }} · {{ m|hours }}", m=mission))
        == "22 h 00 · 22 h 00 – 6 h 00 le lendemain"
    )


def test_filters_write_nothing_for_none():
    assert render("{{ value|euros }}{{ value|day }}{{ value|score }}{{ value|span }}", value=None) == ""


def test_icon_is_inline_hidden_and_without_style():
    svg = render('{% icon "star" "is-filled" %}')
    assert svg.startswith('<svg width="24"')
    assert 'class="icon is-filled"' in svg
    assert 'aria-hidden="true"' in svg
    assert "style" not in svg
