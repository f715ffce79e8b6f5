"""A week of openings, checked and told in words. An opening is (weekday, opens_minute, closes_minute), as stored."""

from datetime import time
from itertools import groupby, pairwise
from operator import itemgetter

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import WeeklyHours
from marketplace.formatting import hour, within_sentence

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
    """Return « Du lundi au vendredi de 8 h 00 à 20 h 00 ; le samedi de 18 h 00 à 2 h 00 le lendemain. »"""
    if not openings:
        return _("Vous n’êtes jamais ouvert.")
    if is_always(openings):
        return _("Ouvert jour et nuit, tous les jours.")
    parts = [f"{days_in_words(days)} {spans_in_words(spans)}" for days, spans in runs(openings) if spans]
    return capfirst(_(" ; ").join(parts) + ".")


def week_in_words(openings):
    """Return the week as (days, hours): « du lundi au vendredi », « de 8 h 00 à 18 h 00 »."""
    return [(days_in_words(days), spans_in_words(spans) or _("fermé")) for days, spans in runs(openings)]


def runs(openings):
    """Join the days in a row that have the same hours, as (days, spans)."""
    by_day = {day: merged(openings, day) for day in WeeklyHours.Weekday}
    return [([day for day, _spans in run], spans) for spans, run in groupby(by_day.items(), key=itemgetter(1))]


def merged(openings, weekday):
    """Return the hours of one day, those that touch made one."""
    return joined((opens, closes) for day, opens, closes in openings if day == weekday)


def joined(spans):
    """Return these (start, end) in order, those that touch made one."""
    apart = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def days_in_words(days):
    if len(days) == 7:
        return _("tous les jours")
    first, last = (within_sentence(day.label) for day in (days[0], days[-1]))
    if len(days) == 1:
        return _("le %(day)s") % {"day": first}
    if len(days) == 2:
        return _("%(first)s et %(last)s") % {"first": first, "last": last}
    return _("du %(first)s au %(last)s") % {"first": first, "last": last}


def spans_in_words(spans):
    return ", ".join(span_in_words(opens, closes) for opens, closes in spans)


def span_in_words(opens, closes):
    words = {"opens": clock_time(opens), "closes": clock_time(closes)}
    if (opens, closes) == (0, DAY):
        return _("jour et nuit")
    if closes > DAY:
        return _("de %(opens)s à %(closes)s le lendemain") % words
    return _("de %(opens)s à %(closes)s") % words


def clock_time(minute):
    """19 h 00, from minutes after midnight; the end of the day has its word."""
    return _("minuit") if minute == DAY else hour(time(minute // 60 % 24, minute % 60))


def bars(openings, weekday):
    """Return what is open on this day, in hours, for a bar 24 wide; written with a point in every language."""
    today = [(opens, min(closes, DAY)) for day, opens, closes in openings if day == weekday]
    eve = weekday - 1 or 7
    last_night = [(0, closes - DAY) for day, _opens, closes in openings if day == eve and closes > DAY]
    return [{"start": f"{start / 60:g}", "length": f"{(end - start) / 60:g}"} for start, end in last_night + today]
