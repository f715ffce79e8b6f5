from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Professional
from missions.models.mission import Mission


def point(field, range_type):
    """A column as a range of one value: GiST compares ranges without any extension."""
    return Func(F(field), F(field), Value("[]"), function=range_type)


class SeatReservationQuerySet(models.QuerySet):
    def live(self):
        return self.filter(released_at=None)

    def overlapping(self, starts_at, ends_at):
        return self.filter(period__overlap=(starts_at, ends_at))


class SeatReservation(models.Model):
    """One numbered seat of one professional, kept for one mission until it is released."""

    professional = models.ForeignKey(Professional, models.PROTECT, related_name="reservations")
    number = models.PositiveSmallIntegerField()
    mission = models.ForeignKey(Mission, models.PROTECT, related_name="reservations")
    period = DateTimeRangeField()
    released_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = SeatReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("réservation")
        constraints = [
            ExclusionConstraint(
                name="seat_reserved_once",
                expressions=[
                    (point("professional", "int8range"), "&&"),
                    (point("number", "int4range"), "&&"),
                    ("period", "&&"),
                ],
                condition=Q(released_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(
                F("professional"),
                Func(F("period"), function="upper"),
                name="live_seats_by_end",
                include=["number", "period"],
                condition=Q(released_at__isnull=True),
            )
        ]

    def __str__(self):
        return f"{self.professional_id}/{self.number}"
