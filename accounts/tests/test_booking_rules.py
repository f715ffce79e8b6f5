import pytest

from accounts.booking_rules import describe_booking_rules, horizon_in_words, notice_in_words
from accounts.forms import BookingRulesForm
from accounts.models import Professional

pytestmark = pytest.mark.django_db

NBSP = "\u00a0"


def rules(**changes):
    return {"notice_hours": "12", "horizon_days": "365", "minimum_minutes": "240"} | changes


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Réservable jusqu’à 1 an à l’avance, au plus tard 12 h avant le début, pour 4 h au moins."),
        (
            {"notice_hours": 0, "horizon_days": 90, "minimum_minutes": 90},
            "Réservable jusqu’à 3 mois à l’avance, jusqu’au dernier moment, pour 1 h 30 au moins.",
        ),
        (
            {"notice_hours": 72, "horizon_days": 1, "minimum_minutes": 60},
            "Réservable jusqu’à 1 jour à l’avance, au plus tard 3 jours avant le début, pour 1 h au moins.",
        ),
    ],
)
def test_rules_are_told_in_words(values, words):
    assert describe_booking_rules(Professional(**values)).replace(NBSP, " ") == words


def test_every_value_has_its_words():
    assert [horizon_in_words(days) for days in (1, 30, 45, 180, 365, 730)] == [
        f"{count}{NBSP}{unit}"
        for count, unit in [(1, "jour"), (1, "mois"), (45, "jours"), (6, "mois"), (1, "an"), (2, "ans")]
    ]
    assert [notice_in_words(hours).replace(NBSP, " ") for hours in (0, 24, 48, 50)] == [
        "Aucun",
        "24 h",
        "2 jours",
        "50 h",
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"notice_hours": "demain"}, "notice_hours"),
        ({"notice_hours": ""}, "notice_hours"),
        ({"horizon_days": "731"}, "horizon_days"),
        ({"horizon_days": "0"}, "horizon_days"),
        ({"minimum_minutes": "-60"}, "minimum_minutes"),
        ({"notice_hours": "168", "horizon_days": "7"}, "__all__"),
    ],
)
def test_rules_that_make_no_sense_are_refused(changes, field):
    form = BookingRulesForm(rules(**changes), instance=Professional(horizon_days=7))
    assert list(form.errors) == [field]


def test_a_value_that_is_not_offered_stays_while_nobody_changes_it():
    professional = Professional(notice_hours=5, horizon_days=45, minimum_minutes=90)
    kept = rules(notice_hours="5", horizon_days="45", minimum_minutes="90")
    assert BookingRulesForm(kept, instance=professional).is_valid()
