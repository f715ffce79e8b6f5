"""How we write dates, hours, durations and money, in the active language.

Instants are shown at a place: `zone` is an IANA name, a tzinfo, or anything with a `timezone` (a mission, a search).
Without it, the current Django time zone is meant. Spaces that must not break are U+00A0 and, between thousands, U+202F.
"""

import re
from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django.utils import dateformat, timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from marketplace import clock

NBSP = "\u00a0"
MINUS = "\u2212"
NARROW_NBSP = "\u202f"

# Marks in a user agent, in this order: each browser also claims to be those after it.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


# Numbers and money


def number(value, places=0):
    """1 872 or 4,9 in French; 1,872 or 4.9 in English."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:,f}"
    return text if _english() else text.translate({ord(","): NARROW_NBSP, ord("."): ","})


def euros(cents):
    """574,08 €, from integer cents."""
    return _with_currency(number(Decimal(cents) / 100, places=2))


def whole_euros(cents):
    """700 €, for round figures."""
    return _with_currency(number(Decimal(cents) / 100))


def percent(basis_points):
    """15 % or 8,5 %, from basis points."""
    rate = Decimal(basis_points) / 100
    written = number(rate, places=0 if rate == rate.to_integral() else 1)
    return f"{written}%" if _english() else f"{written}{NBSP}%"


def score(value):
    """4,9: one decimal, rounded half-up."""
    return number(value, places=1)


def _with_currency(amount):
    sign, amount = (MINUS, amount[1:]) if amount.startswith("-") else ("", amount)
    return f"{sign}€{amount}" if _english() else f"{sign}{amount}{NBSP}€"


# Days


def day(value, zone=None):
    """samedi 12 décembre 2026."""
    local = _local(value, zone)
    return f"{_weekday_and_date(local)} {local.year}"


def day_plain(value, zone=None):
    """12 décembre 2026."""
    local = _local(value, zone)
    return f"{_date(local)} {local.year}"


def day_short(value, zone=None):
    """sam. 12 déc. 2026."""
    local = _local(value, zone)
    weekday = dateformat.format(local, "D" if _english() else "D.")
    return f"{weekday} {_day_of_month(local)}{NBSP}{month_short(local)} {local.year}"


def month(value, zone=None):
    """décembre 2026."""
    return dateformat.format(_local(value, zone), "F Y")


def day_of_month(value, zone=None):
    """12, or 1er."""
    return _day_of_month(_local(value, zone))


def month_short(value, zone=None):
    """déc."""
    return dateformat.format(_local(value, zone), "M" if _english() else "N")


# Hours


def hour(value, zone=None):
    """19 h 00; 19:00 in English. A time is written as it is."""
    local = _local(value, zone)
    if _english():
        return f"{local:%H:%M}"
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}"


def moment(value, zone=None):
    """samedi 12 décembre 2026 à 19 h 00."""
    return _("%(day)s à %(hour)s") % {"day": day(value, zone), "hour": hour(value, zone)}


def near(value, zone=None):
    """demain à 19 h 00: yesterday, today and tomorrow by name, other days in full."""
    today = _local(clock.now(), zone).date()
    names = {
        today - timedelta(days=1): _("hier"),
        today: _("aujourd’hui"),
        today + timedelta(days=1): _("demain"),
    }
    name = names.get(_local(value, zone).date())
    return _("%(day)s à %(hour)s") % {"day": name, "hour": hour(value, zone)} if name else moment(value, zone)


def recent(value, zone=None):
    """17 h 42 for today, hier, then the day: how lists say when something last happened."""
    local, today = _local(value, zone), _local(clock.now(), zone).date()
    if local.date() == today:
        return hour(local)
    if local.date() == today - timedelta(days=1):
        return _("hier")
    return f"{_day_of_month(local)}{NBSP}{month_short(local)}"


def duration(minutes):
    """8 h, 2 h 30 or 45 min."""
    hours, rest = divmod(int(minutes), 60)
    if not hours:
        return f"{rest}{NBSP}min"
    if not rest:
        return f"{hours}{NBSP}h"
    return f"{hours}{NBSP}h{NBSP}{rest:02}" + (f"{NBSP}min" if _english() else "")


# From one instant to another


def span(start, end, zone=None):
    """de 19 h 00 à 3 h 00 le dimanche 13 décembre."""
    start, end = _local(start, zone), _local(end, zone)
    words = {"start": hour(start), "end": hour(end), "day": _weekday_and_date(end)}
    if start.date() == end.date():
        return _("de %(start)s à %(end)s") % words
    return _("de %(start)s à %(end)s le %(day)s") % words


def period(start, end, zone=None):
    """samedi 12 décembre 2026, de 19 h 00 à 3 h 00 le dimanche 13 décembre."""
    return f"{day(start, zone)}, {span(start, end, zone)}"


def hours(start, end, zone=None):
    """19 h 00 – 3 h 00 le lendemain."""
    start, end = _local(start, zone), _local(end, zone)
    written = f"{hour(start)} – {hour(end)}"
    nights = (end.date() - start.date()).days
    if not nights:
        return written
    if nights == 1:
        return _("%(hours)s le lendemain") % {"hours": written}
    return _("%(hours)s le %(day)s") % {"hours": written, "day": _weekday_and_date(end)}


# Quantities


def agents(count):
    """2 agents."""
    return _counted(count, ngettext("%(count)s agent", "%(count)s agents", count))


def reviews(count):
    """87 avis."""
    return _counted(count, ngettext("%(count)s avis", "%(count)s avis", count))


def kilometres(value):
    """4 km."""
    return f"{number(value)}{NBSP}km"


def phone(number):
    """06 12 34 56 78 or +33 6 12 34 56 78; the numbers of other countries as they are."""
    french = re.fullmatch(r"(0|\+33)([1-9])(\d\d)(\d\d)(\d\d)(\d\d)", str(number))
    if not french:
        return number
    prefix, first, *pairs = french.groups()
    return NBSP.join([f"0{first}" if prefix == "0" else f"+33{NBSP}{first}", *pairs])


def within_sentence(name):
    """anglais, lundi: a language or a day as it is written within a sentence; English keeps its capital."""
    return str(name) if _english() else name.lower()


def initials(name):
    """VA for Vigie Atlantique, LE for Lanterne de l’Erdre: articles and the like do not count."""
    words = re.findall(r"\w+", str(name))
    weighty = [word for word in words if len(word) > 2] or words
    return "".join(word[0] for word in weighty[:2]).upper()


def device(user_agent):
    """Firefox, Windows: enough to know one's own devices again."""
    names = [_first_named(user_agent, BROWSERS), _first_named(user_agent, SYSTEMS)]
    return ", ".join(filter(None, names)) or _("Appareil inconnu")


def _first_named(user_agent, marks):
    return next((name for mark, name in marks.items() if mark in user_agent), None)


def _counted(count, words):
    return (words % {"count": number(count)}).replace(" ", NBSP)


def _weekday_and_date(local):
    return f"{dateformat.format(local, 'l')} {_date(local)}"


def _date(local):
    return f"{_day_of_month(local)}{NBSP}{dateformat.format(local, 'F')}"


def _day_of_month(local):
    return "1er" if local.day == 1 and not _english() else str(local.day)


def _local(value, zone):
    """The naive wall time at the place; plain dates, times and naive datetimes are wall time already."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.make_naive(value, _tzinfo(zone))
    return value


def _tzinfo(zone):
    if not zone:
        return timezone.get_current_timezone()
    if isinstance(zone, tzinfo):
        return zone
    return ZoneInfo(zone if isinstance(zone, str) else zone.timezone)


def _english():
    return (get_language() or "fr").startswith("en")
