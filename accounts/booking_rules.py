"""How a professional may be booked (notice, furthest day ahead, minimum duration): what is offered, and its words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.formatting import NBSP, duration

MINIMUM_MINUTES = [60, 120, 180, 240, 300, 360, 480, 600, 720]
NOTICE_HOURS = [0, 2, 6, 12, 24, 48, 72, 168]
HORIZON_DAYS = [30, 90, 180, 365, 730]


def describe_booking_rules(professional):
    """Return « Réservable jusqu’à 1 an à l’avance, au plus tard 12 h avant le début, pour 4 h au moins. »"""
    words = {
        "horizon": horizon_in_words(professional.horizon_days),
        "notice": latest_in_words(professional.notice_hours),
        "minimum": duration(professional.minimum_minutes),
    }
    return _("Réservable jusqu’à %(horizon)s à l’avance, %(notice)s, pour %(minimum)s au moins.") % words


def latest_in_words(notice_hours):
    if notice_hours == 0:
        return _("jusqu’au dernier moment")
    return _("au plus tard %(notice)s avant le début") % {"notice": notice_in_words(notice_hours)}


def notice_in_words(hours):
    """12 h, 2 jours, or Aucun."""
    if hours == 0:
        return _("Aucun")
    return duration(hours * 60) if hours < 48 or hours % 24 else days_in_words(hours // 24)


def horizon_in_words(days):
    """3 mois, 1 an, or 45 jours: months of 30 days, years of 365."""
    if days % 365 == 0:
        return counted(days // 365, ngettext("%(count)s an", "%(count)s ans", days // 365))
    if days % 30 == 0:
        return counted(days // 30, ngettext("%(count)s mois", "%(count)s mois", days // 30))
    return days_in_words(days)


def days_in_words(days):
    return counted(days, ngettext("%(count)s jour", "%(count)s jours", days))


def counted(count, words):
    return (words % {"count": count}).replace(" ", NBSP)
