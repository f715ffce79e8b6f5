import pytest

from accounts.hours import ALWAYS, bars, describe_week, overlaps, week_in_words

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("openings", "clash"),
    [
        ([], None),
        (ALWAYS, None),
        ([(1, 0, 1440)], None),
        ([(1, 480, 720), (1, 700, 800)], (1, 1)),
        ([(7, 1200, 1800), (1, 300, 480)], (7, 1)),
        ([(7, 1200, 1800), (1, 360, 480)], None),
    ],
)
def test_openings_overlap_around_the_week(openings, clash):
    assert overlaps(openings) == clash


@pytest.mark.parametrize(
    ("openings", "words"),
    [
        (ALWAYS, "Ouvert jour et nuit, tous les jours."),
        ([], "Vous n’êtes jamais ouvert."),
        (
            [(day, 480, 1200) for day in range(1, 6)] + [(6, 1080, 1560)],
            "Du lundi au vendredi de 8 h 00 à 20 h 00\u202f; le samedi de 18 h 00 à 2 h 00 le lendemain.",
        ),
        (
            [(1, 480, 720), (1, 840, 1080), (2, 480, 720), (2, 840, 1080)],
            "Lundi et mardi de 8 h 00 à 12 h 00, de 14 h 00 à 18 h 00.",
        ),
        ([(day, 0, 1440) for day in (6, 7)], "Samedi et dimanche jour et nuit."),
        ([(day, 1200, 1440) for day in range(1, 8)], "Tous les jours de 20 h 00 à minuit."),
    ],
)
def test_a_week_is_told_in_words(openings, words):
    assert describe_week(openings).replace(NBSP, " ") == words


def test_a_public_week_says_the_closed_days_too_and_joins_the_hours_that_touch():
    mornings, afternoons = ([(day, *hours) for day in range(1, 6)] for hours in ((480, 720), (720, 1080)))
    assert week_in_words([*mornings, *afternoons, (6, 1080, 1800)]) == [
        ("du lundi au vendredi", "de 8\u00a0h\u00a000 à 18\u00a0h\u00a000"),
        ("le samedi", "de 18\u00a0h\u00a000 à 6\u00a0h\u00a000 le lendemain"),
        ("le dimanche", "fermé"),
    ]


def test_a_bar_shows_what_is_left_of_the_night():
    assert bars([(7, 1080, 1560), (1, 600, 1440)], 1) == [
        {"start": "0", "length": "2"},
        {"start": "10", "length": "14"},
    ]
