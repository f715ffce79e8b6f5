from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q

from accounts.models import Professional, Service
from missions.models.reservation import point


class MinutesOfWeekField(models.Field):
    """A set of minutes counted from Monday 0:00 on the clock, up to 10 080; written by the database alone."""

    def db_type(self, connection):
        return "int4multirange"


class Listing(models.Model):
    """What a search reads of one professional for one service, in one row.

    A copy, written by the database alone: the triggers of migration 0003 keep it equal to what
    `missions_listings_of` reads of the file, the rate, the papers and the weekly hours; `manage.py audit` compares.
    Nobody who is not approved, payable and documented has a row. Minutes and hours are as on Professional.
    """

    professional = models.ForeignKey(Professional, models.CASCADE, related_name="listings")
    service = models.CharField(max_length=20, choices=Service)
    hourly_cents = models.PositiveBigIntegerField()
    score = models.PositiveSmallIntegerField()  # in tenths, as shown; 0 without a review
    review_count = models.PositiveIntegerField()
    latitude = models.FloatField()
    longitude = models.FloatField()
    radius_km = models.PositiveSmallIntegerField()
    agents = models.PositiveSmallIntegerField()
    minimum_minutes = models.PositiveSmallIntegerField()
    notice_hours = models.PositiveSmallIntegerField()
    horizon_days = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)
    vat_regime = models.CharField(max_length=20)
    department = models.CharField(max_length=3)
    languages = ArrayField(models.CharField(max_length=5))
    dog_handler = models.BooleanField()
    titles_until = models.DateField()  # the last day on which AUT, AGD and CAR are all valid
    papers_until = models.DateField()  # the same for the other papers
    open_week = MinutesOfWeekField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["professional", "service"], name="one_listing_per_service")]
        indexes = [
            GistIndex(
                point("score", "int4range"),
                Func(F("latitude"), F("longitude"), F("radius_km"), function="missions_reach"),
                name=f"listing_{service}",
                condition=Q(service=service),
            )
            for service in Service.values
        ]

    def __str__(self):
        return f"{self.professional_id}/{self.service}"
