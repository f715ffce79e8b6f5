"""A week of openings, checked and told in words. An opening is (weekday, opens_minute, closes_minute), as stored."""

from itertools import pairwise

from django.utils.translation import gettext as _

from accounts.models import WeeklyHours
from marketplace.formatting import within_sentence

DAY = 24 * 60
WEEK = 7 * DAY
ALWAYS = [(day, 0, DAY) for day in range(1, 8)]


def is_always(openings):
    return sorted(openings) == ALWAYS


def overlaps(openings):
    """Return the weekdays of two openings that share some minutes, or None."""
    starts = sorted(((day - 1) * DAY + opens, closes - opens, day) for day, opens, closes in openings)
    first_again = [(start + WEEK, length, day) for start, length, day in starts[:1]]
    for (start, length, day), (next_start, _length, next_day) in pairwise(starts + first_again):
        if start + length > next_start and len(starts) > 1:
            return day, next_day
    return None


def describe_week(openings):
    """Return « Lundi au vendredi de 8 h 00 à 20 h 00, samedi de 18 h 00 à 2 h 00 le lendemain. »"""
    if not openings:
        return _("Vous n’êtes jamais ouvert.")
    if is_always(openings):
        return _("Ouvert jour et nuit, tous les jours.")
    by_day = {day: describe_day(openings, day) for day in range(1, 8)}
    parts = [f"{days_in_words(days)} {hours}" for hours, days in grouped(by_day) if hours]
    return capitalized(_(" ; ").join(parts) + ".")


def describe_day(openings, weekday):
    spans = [span_in_words(opens, closes) for day, opens, closes in sorted(openings) if day == weekday]
    return _(" et ").join(spans)


def span_in_words(opens, closes):
    if (opens, closes) == (0, DAY):
        return _("24 heures sur 24")
    words = _("de %(opens)s à %(closes)s") % {"opens": clock_time(opens), "closes": clock_time(closes)}
    return _("%(span)s le lendemain") % {"span": words} if closes > DAY else words


def clock_time(minute):
    """19 h 00, from minutes after midnight; midnight at the end of the day is 24 h 00."""
    hour, rest = divmod(minute - DAY if minute > DAY else minute, 60)
    return _("%(hour)d h %(minute)02d") % {"hour": hour, "minute": rest}


def grouped(by_day):
    """Join the days that have the same hours, in the order of the week."""
    groups = {}
    for day, hours in by_day.items():
        groups.setdefault(hours, []).append(day)
    return groups.items()


def days_in_words(days):
    """« lundi au vendredi » for three days or more in a row, « lundi, mercredi » otherwise."""
    names = [within_sentence(WeeklyHours.Weekday(day).label) for day in days]
    if len(days) == 7:
        return _("tous les jours")
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return _("du %(first)s au %(last)s") % {"first": names[0], "last": names[-1]}
    return _(" et ").join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def capitalized(text):
    return text[:1].upper() + text[1:]


def bars(openings, weekday):
    """Return what is open on this day, in hours, for a bar 24 wide; written with a point in every language."""
    today = [(opens, min(closes, DAY)) for day, opens, closes in openings if day == weekday]
    eve = weekday - 1 or 7
    last_night = [(0, closes - DAY) for day, _opens, closes in openings if day == eve and closes > DAY]
    return [{"start": f"{start / 60:g}", "length": f"{(end - start) / 60:g}"} for start, end in last_night + today]
