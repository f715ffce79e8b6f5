from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Commune, Service
from missions.price import Price, quote, vat_basis_points

RELIEF_AFTER_MINUTES = 12 * 60


def seats_for(agents, minutes):
    """Seats a mission takes: beyond 12 hours each post needs a second agent to relieve the first."""
    return agents * 2 if minutes > RELIEF_AFTER_MINUTES else agents


class Terms(models.Model):
    """When, where, what and how many: shared by a mission and by the proposals made for it."""

    service = models.CharField(_("prestation"), max_length=20, choices=Service)
    commune = models.ForeignKey(Commune, models.PROTECT, verbose_name=_("commune"), related_name="+")
    timezone = models.CharField(max_length=40)
    starts_at = models.DateTimeField(_("début"))
    ends_at = models.DateTimeField(_("fin"))
    agents = models.PositiveSmallIntegerField(_("nombre d’agents"), default=1)
    address = models.CharField(_("adresse exacte"), max_length=200, blank=True)
    instructions = models.TextField(_("consignes"), max_length=5000, blank=True)

    TERMS = ("service", "commune", "timezone", "starts_at", "ends_at", "agents", "address", "instructions")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at") + timedelta(hours=1))
                & Q(ends_at__lte=F("starts_at") + timedelta(hours=72)),
                name="%(class)s_lasts_1_to_72_hours",
                violation_error_message=_("Une mission dure de 1 à 72 heures."),
            ),
            models.CheckConstraint(condition=Q(agents__gte=1), name="%(class)s_needs_an_agent"),
        ]

    @cached_property
    def zone(self):
        return ZoneInfo(self.timezone)

    @property
    def point(self):
        """Where distances are measured to."""
        return self.commune

    @property
    def minutes(self):
        """Real elapsed minutes, so 7 or 9 hours for a night from 22:00 to 6:00 when the clocks change."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def seats(self):
        return seats_for(self.agents, self.minutes)

    @property
    def terms(self):
        return {name: getattr(self, name) for name in self.TERMS}


class Priced(models.Model):
    """A price frozen when it was agreed or proposed; amounts in cents, rates in basis points."""

    hourly_cents = models.PositiveBigIntegerField(_("tarif horaire hors taxes"))
    service_cents = models.PositiveBigIntegerField()
    vat_basis_points = models.PositiveIntegerField()
    vat_cents = models.PositiveBigIntegerField()
    commission_basis_points = models.PositiveIntegerField()
    commission_cents = models.PositiveBigIntegerField()
    commission_vat_cents = models.PositiveBigIntegerField()

    PRICE = tuple(Price.__dataclass_fields__)

    class Meta:
        abstract = True

    @property
    def price(self):
        return Price(**{name: getattr(self, name) for name in self.PRICE})

    @price.setter
    def price(self, price):
        for name in self.PRICE:
            setattr(self, name, getattr(price, name))

    def freeze_price(self, terms, professional):
        """Write the price of `terms` at `hourly_cents`, under this professional's VAT."""
        self.price = quote(self.hourly_cents, terms.minutes, terms.agents, vat_basis_points(professional))
