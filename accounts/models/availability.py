from datetime import datetime, time, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.formatting import day, moment, period


class WeeklyHours(models.Model):
    """One opening that comes back every week, in the wall time of the mission's site.

    Minutes count from midnight at the start of the weekday; beyond 1440 the opening runs into the next day.
    """

    class Weekday(models.IntegerChoices):
        """ISO numbering: Monday is 1."""

        MONDAY = 1, _("Lundi")
        TUESDAY = 2, _("Mardi")
        WEDNESDAY = 3, _("Mercredi")
        THURSDAY = 4, _("Jeudi")
        FRIDAY = 5, _("Vendredi")
        SATURDAY = 6, _("Samedi")
        SUNDAY = 7, _("Dimanche")

    professional = models.ForeignKey("accounts.Professional", models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(_("jour"), choices=Weekday)
    opens_minute = models.PositiveSmallIntegerField(_("ouvre à"))
    closes_minute = models.PositiveSmallIntegerField(_("ferme à"))

    class Meta:
        verbose_name = _("horaire")
        ordering = ["weekday", "opens_minute"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__range=(1, 7)), name="weekday_is_iso"),
            models.CheckConstraint(
                condition=Q(opens_minute__lt=1440, closes_minute__gt=F("opens_minute"))
                & Q(closes_minute__lte=F("opens_minute") + 1440),
                name="opening_lasts_up_to_a_day",
                violation_error_message=_("Une ouverture dure au plus 24 heures et finit après avoir commencé."),
            ),
        ]

    def __str__(self):
        return self.get_weekday_display()


class AvailabilityExceptionQuerySet(models.QuerySet):
    def ending_after(self, moment):
        """Those not over at this moment, naive, in the wall time of the site."""
        return self.filter(Q(ends_on__gt=moment.date()) | Q(ends_on=moment.date(), ends_at__gt=moment.time()))

    def touching(self, first, last):
        """Those that may share some time with these days."""
        return self.filter(starts_on__lte=last, ends_on__gte=first)


class AvailabilityException(models.Model):
    """A period closed in spite of the weekly hours, or open in spite of them, in the wall time of the site."""

    class Kind(models.TextChoices):
        CLOSED = "closed", _("Fermé")
        OPEN = "open", _("Ouvert en plus")

    professional = models.ForeignKey("accounts.Professional", models.CASCADE, related_name="exceptions")
    kind = models.CharField(_("type"), max_length=10, choices=Kind, default=Kind.CLOSED)
    starts_on = models.DateField(_("du"))
    starts_at = models.TimeField(_("à"))
    ends_on = models.DateField(_("au"))
    ends_at = models.TimeField(_("à"))
    note = models.CharField(_("note pour vous"), max_length=120, blank=True)

    objects = AvailabilityExceptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("exception")
        ordering = ["starts_on", "starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")) | Q(ends_on=F("starts_on"), ends_at__gt=F("starts_at")),
                name="exception_ends_after_it_starts",
                violation_error_message=_("La fin doit venir après le début."),
            )
        ]
        indexes = [
            models.Index(
                fields=["professional", "ends_on"],
                name="exception_to_come",
                include=["kind", "starts_on", "starts_at", "ends_at"],
            )
        ]

    def __str__(self):
        return self.get_kind_display()

    def in_words(self):
        """« du 24 décembre 2026 au 25 décembre 2026 », with its hours when it does not take whole days."""
        starts = datetime.combine(self.starts_on, self.starts_at)
        ends = datetime.combine(self.ends_on, self.ends_at)
        if starts.time() == ends.time() == time():
            return days_in_words(starts, ends - timedelta(days=1))
        if starts.date() == ends.date():
            return _("le %(day)s") % {"day": period(starts, ends)}
        return _("du %(start)s au %(end)s") % {"start": moment(starts), "end": moment(ends)}


def days_in_words(first, last):
    if first == last:
        return _("le %(day)s") % {"day": day(first)}
    return _("du %(first)s au %(last)s") % {"first": day(first), "last": day(last)}
