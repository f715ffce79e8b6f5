from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from missions.month import Day, Month, Schedule, common, month_asked, without

PARIS = ZoneInfo("Europe/Paris")
DAYTIME = [(weekday, 480, 1200) for weekday in range(1, 8)]
ALWAYS = [(weekday, 0, 1440) for weekday in range(1, 8)]
TODAY = date(2026, 12, 1)


def stretch(*ends, zone=PARIS):
    """From and to, each (month, day, hour) of 2026."""
    return tuple(datetime(2026, *end, tzinfo=zone).astimezone(UTC) for end in ends)


def day_of(number, month=12, *, openings=DAYTIME, agents=12, zone=PARIS, **stretches):
    schedule = Schedule(zone, agents, openings, **{"extra": [], "closed": [], "busy": [], "booked": []} | stretches)
    return Day(date(2026, month, number), TODAY, schedule)


def shown(day):
    return day.tone, day.note.replace("\u00a0", " ")


def told(day):
    return day.sentences.replace("\u00a0", " ").replace("\u202f", " ")


def test_a_day_of_the_week_is_open_or_closed():
    assert shown(day_of(1)) == ("", "")
    assert told(day_of(1)) == "Ouvert de 8 h 00 à 20 h 00"
    assert shown(day_of(1, openings=[])) == ("closed", "Fermé")
    assert told(day_of(1, openings=[])) == "Fermé"


def test_a_night_belongs_to_the_day_it_begins_on():
    friday_night = [(5, 1080, 1560)]
    assert told(day_of(4, openings=friday_night)) == "Ouvert de 18 h 00 à 2 h 00 le lendemain"
    assert shown(day_of(5, openings=friday_night)) == ("closed", "Fermé")


def test_a_booked_night_shows_once_and_a_booked_morning_after_too():
    night, long = stretch((12, 3, 18), (12, 4, 12)), stretch((12, 3, 18), (12, 4, 13))
    assert [shown(day_of(day, booked=[night])) for day in (3, 4)] == [("busy", "1/12"), ("", "")]
    assert [shown(day_of(day, booked=[long])) for day in (3, 4, 5)] == [("busy", "1/12"), ("busy", "1/12"), ("", "")]
    assert "de 0 h 00 à 13 h 00" in told(day_of(4, booked=[long]))


def test_the_seats_taken_are_the_most_at_once():
    early, late = [stretch((12, 3, 8), (12, 3, 12))] * 4, [stretch((12, 3, 12), (12, 3, 20))] * 2
    assert shown(day_of(3, booked=early + late)) == ("busy", "4/12")
    across = [stretch((12, 3, 11), (12, 3, 13))]
    assert shown(day_of(3, booked=early + late + across)) == ("busy", "5/12")


def test_the_end_of_last_night_counts_only_while_someone_else_is_at_work():
    night = [stretch((12, 3, 20), (12, 4, 6))] * 4
    evening, small_hours = stretch((12, 4, 18), (12, 4, 23)), stretch((12, 4, 2), (12, 4, 8))
    assert shown(day_of(4, booked=[*night, evening])) == ("busy", "1/12")
    assert shown(day_of(4, booked=[*night, small_hours])) == ("busy", "5/12")


def test_what_is_booked_is_told_with_its_hours():
    booked = [stretch((12, 3, 18), (12, 4, 2))] * 4 + [stretch((12, 3, 8), (12, 3, 10))]
    words = "4 agents sur 12 en mission de 8 h 00 à 10 h 00, de 18 h 00 à 2 h 00 le lendemain"
    assert told(day_of(3, booked=booked)) == f"{words} ; ouvert de 8 h 00 à 20 h 00"


@pytest.mark.parametrize(
    ("closed", "state", "words"),
    [
        (((12, 3, 0), (12, 4, 0)), ("closed", "Fermé"), "Fermé de 8 h 00 à 20 h 00"),
        (((12, 3, 8), (12, 3, 12)), ("", "− 4 h"), "Fermé de 8 h 00 à 12 h 00 ; ouvert de 12 h 00 à 20 h 00"),
        (((12, 3, 20), (12, 4, 0)), ("", ""), "Ouvert de 8 h 00 à 20 h 00"),
    ],
)
def test_a_closed_period_takes_what_was_open(closed, state, words):
    day = day_of(3, closed=[stretch(*closed)])
    assert (shown(day), told(day)) == (state, words)


def test_a_day_closed_until_midnight_is_closed_though_its_night_goes_on():
    day = day_of(4, openings=[(5, 480, 1560)], closed=[stretch((12, 4, 0), (12, 5, 0))])
    assert shown(day) == ("closed", "Fermé")
    assert told(day).endswith("ouvert de minuit à 2 h 00 le lendemain")


def test_an_outside_calendar_closes_under_another_word():
    assert shown(day_of(3, busy=[stretch((12, 3, 0), (12, 4, 0))])) == ("closed", "Occupé")
    day = day_of(3, busy=[stretch((12, 3, 9), (12, 3, 11))], closed=[stretch((12, 3, 10), (12, 3, 12))])
    assert shown(day) == ("", "− 3 h")
    assert told(day).startswith("Occupé dans votre calendrier externe de 9 h 00 à 10 h 00 ; fermé de 10 h 00 à 12 h 00")


def test_an_extra_opening_counts_the_hours_it_adds():
    extra = [stretch((12, 7, 10), (12, 8, 2))]
    assert shown(day_of(7, openings=[], extra=extra)) == ("extra", "+ 16 h")
    assert told(day_of(7, openings=[], extra=extra)) == "Ouvert en plus de 10 h 00 à 2 h 00 le lendemain"
    assert shown(day_of(7, extra=extra)) == ("extra", "+ 6 h")
    assert shown(day_of(7, openings=ALWAYS, extra=extra)) == ("", "")


def test_a_closed_period_wins_over_an_extra_opening():
    extra, closed = [stretch((12, 7, 10), (12, 7, 18))], [stretch((12, 7, 10), (12, 7, 14))]
    assert shown(day_of(7, openings=[], extra=extra, closed=closed)) == ("extra", "+ 4 h")
    assert shown(day_of(7, openings=[], extra=extra, closed=extra)) == ("closed", "Fermé")


def test_hours_are_real_ones_on_the_nights_the_clocks_change():
    spring, autumn = stretch((3, 29, 0), (3, 30, 0)), stretch((10, 25, 0), (10, 26, 0))
    assert shown(day_of(29, 3, openings=[], extra=[spring]))[1] == "+ 23 h"
    assert shown(day_of(25, 10, openings=[], extra=[autumn]))[1] == "+ 25 h"


def test_a_day_is_one_of_the_base():
    booked = [stretch((12, 12, 21), (12, 13, 1), zone=UTC)]
    reunion = ZoneInfo("Indian/Reunion")
    assert [day_of(day, booked=booked, zone=reunion).tone for day in (12, 13)] == ["", "busy"]
    assert "de 1 h 00 à 5 h 00" in told(day_of(13, booked=booked, zone=reunion))


def test_a_month_is_whole_weeks_from_monday():
    month = Month(date(2026, 12, 1), TODAY, None)
    numbers = [[day and day.date.day for day in week] for week in month.weeks]
    assert numbers[0] == [None, 1, 2, 3, 4, 5, 6]
    assert numbers[-1] == [28, 29, 30, 31, None, None, None]
    assert (month.previous, month.next) == (date(2026, 11, 1), date(2027, 1, 1))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2027-02", date(2027, 2, 1)),
        ("2036-12", date(2036, 12, 1)),
        *[(text, TODAY) for text in (None, "", "décembre", "2026-13", "2026-12-24", "2037-01", "0001-01", "9999-12")],
    ],
)
def test_a_month_is_asked_for_by_its_number(text, first):
    assert month_asked(text, date(2026, 12, 24)) == first


def test_stretches_are_cut_and_shared():
    assert without([(0, 10), (12, 14)], [(2, 4), (8, 13)]) == [(0, 2), (4, 8), (13, 14)]
    assert common([(0, 10), (12, 14)], [(2, 4), (8, 13)]) == [(2, 4), (8, 10), (12, 13)]
