"""What the search and the profiles say in words of their own."""

from datetime import time
from itertools import groupby

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import Service, WeeklyHours
from marketplace import formatting

SERVICE_ICONS = {Service.EVENT: "tent", Service.GUARDING: "eye", Service.CLOSE_PROTECTION: "shield-user"}


def at(commune):
    """à Nantes, au Mans, aux Sables-d’Olonne; in Nantes."""
    name = commune.name
    if (get_language() or "fr").startswith("en"):
        return f"in {name}"
    for article, contracted in (("Le ", "au "), ("Les ", "aux ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return f"à {name}"


def free(count, search, *, cap):
    """23 professionnels libres à Nantes; 200+ beyond the cap."""
    words = ngettext("%(count)s professionnel libre %(at)s", "%(count)s professionnels libres %(at)s", count)
    return words % {"count": f"{cap}+" if count > cap else formatting.number(count), "at": search.at}


def professionals(count, *, cap):
    """3 professionnels; 200+ beyond the cap."""
    words = ngettext("%(count)s professionnel", "%(count)s professionnels", count)
    return words % {"count": f"{cap}+" if count > cap else formatting.number(count)}


def weekly_hours(openings):
    """Openings of a week as (days, hours) in words: « du lundi au vendredi », « de 8 h 00 à 18 h 00 »."""
    by_day = {weekday: [] for weekday in WeeklyHours.Weekday}
    for opening in openings:
        by_day[opening.weekday].append((opening.opens_minute, opening.closes_minute))
    by_day = {weekday: _merged(day) for weekday, day in by_day.items()}
    runs = [(hours, [day for day, _hours in run]) for hours, run in groupby(by_day.items(), key=lambda item: item[1])]
    return [(_days(days), _hours(hours)) for hours, days in runs]


def _merged(openings):
    """The same openings with those that touch made one."""
    merged = []
    for opens, closes in sorted(openings):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(closes, merged[-1][1]))
        else:
            merged.append((opens, closes))
    return merged


def _days(days):
    if len(days) == 7:
        return _("tous les jours")
    first, last = (formatting.within_sentence(day.label) for day in (days[0], days[-1]))
    if len(days) == 1:
        return _("le %(day)s") % {"day": first}
    if len(days) == 2:
        return _("%(first)s et %(last)s") % {"first": first, "last": last}
    return _("du %(first)s au %(last)s") % {"first": first, "last": last}


def _hours(openings):
    return ", ".join(_opening(opens, closes) for opens, closes in openings) or _("fermé")


def _opening(opens, closes):
    words = {"opens": _hour(opens), "closes": _hour(closes)}
    if (opens, closes) == (0, 1440):
        return _("jour et nuit")
    if closes > 1440:
        return _("de %(opens)s à %(closes)s le lendemain") % words
    return _("de %(opens)s à %(closes)s") % words


def _hour(minute):
    if minute == 1440:
        return _("minuit")
    return formatting.hour(time(minute // 60 % 24, minute % 60))
