"""Everything the site knows about prices: integer cents, each line rounded half-up on its own.

What the client pays is service + VAT + commission + VAT on the commission; service + VAT is the
professional's share. The same arithmetic exists twice, in Python for a quote and in SQL for the order
of a search; a test holds them together.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import BigIntegerField, Case, Value, When
from django.db.models.functions import Cast

from accounts.models import Professional

COMMISSION_VAT_BASIS_POINTS = 2000
METROPOLITAN_VAT_BASIS_POINTS = 2000

# CGI art. 294 and 296: 8.5 % in Guadeloupe, Martinique and La Réunion; no VAT in Guyane, Mayotte,
# Saint-Pierre-et-Miquelon, Saint-Barthélemy and Saint-Martin.
OVERSEAS_VAT_BASIS_POINTS = {
    "971": 850,
    "972": 850,
    "974": 850,
    "973": 0,
    "975": 0,
    "976": 0,
    "977": 0,
    "978": 0,
}


@dataclass(frozen=True)
class Price:
    """The four lines of a mission's price, in cents, with the two rates that made them, in basis points."""

    service_cents: int
    vat_basis_points: int
    vat_cents: int
    commission_basis_points: int
    commission_cents: int
    commission_vat_cents: int

    @property
    def professional_cents(self):
        return self.service_cents + self.vat_cents

    @property
    def platform_cents(self):
        return self.commission_cents + self.commission_vat_cents

    @property
    def total_cents(self):
        return self.professional_cents + self.platform_cents

    @property
    def before_vat_cents(self):
        return self.service_cents + self.commission_cents

    def scaled(self, basis_points):
        """This price cut to a part of it (10 000 is the whole), line by line."""
        return Price(
            service_cents=part(self.service_cents, basis_points),
            vat_basis_points=self.vat_basis_points,
            vat_cents=part(self.vat_cents, basis_points),
            commission_basis_points=self.commission_basis_points,
            commission_cents=part(self.commission_cents, basis_points),
            commission_vat_cents=part(self.commission_vat_cents, basis_points),
        )

    def split(self, cents):
        """What `cents` of this total are made of: the professional's, the commission's and its VAT's, no more than all.

        Rounded half-up in this order, the last one taking what is left, so that they sum to `cents`.
        """
        cents = min(cents, self.total_cents)
        professional = ratio(cents, self.professional_cents, self.total_cents)
        commission = ratio(cents - professional, self.commission_cents, self.platform_cents)
        return professional, commission, cents - professional - commission


def ratio(cents, numerator, denominator):
    """`cents` × `numerator` / `denominator`, rounded half-up; 0 of nothing."""
    return (2 * cents * numerator + denominator) // (2 * denominator) if denominator else 0


def part(cents, basis_points):
    """`cents` × `basis_points` / 10 000, rounded half-up."""
    return ratio(cents, basis_points, 10_000)


def quote(hourly_cents, minutes, agents, vat_basis_points, commission_basis_points=None):
    """The price of `agents` on site for `minutes` of real time at `hourly_cents` before VAT."""
    if commission_basis_points is None:
        commission_basis_points = settings.COMMISSION_BASIS_POINTS
    service_cents = (hourly_cents * minutes * agents + 30) // 60
    commission_cents = part(service_cents, commission_basis_points)
    return Price(
        service_cents=service_cents,
        vat_basis_points=vat_basis_points,
        vat_cents=part(service_cents, vat_basis_points),
        commission_basis_points=commission_basis_points,
        commission_cents=commission_cents,
        commission_vat_cents=part(commission_cents, COMMISSION_VAT_BASIS_POINTS),
    )


def vat_basis_points(professional):
    """The VAT rate of a professional's services, by regime and by department of the establishment."""
    if professional.vat_regime == Professional.VatRegime.FRANCHISE:
        return 0
    return OVERSEAS_VAT_BASIS_POINTS.get(professional.base_commune.department, METROPOLITAN_VAT_BASIS_POINTS)


def hourly_all_in_cents(price, minutes, agents):
    """What one agent costs the client for an hour, all included: for reading, never for computing."""
    return (price.total_cents * 60 + minutes * agents // 2) // (minutes * agents)


def total_expression(hourly_cents, minutes, agents):
    """`quote(…).total_cents` in SQL, over listings."""
    service = (Cast(hourly_cents, BigIntegerField()) * Value(minutes * agents) + Value(30)) / Value(60)
    commission = _part_expression(service, Value(settings.COMMISSION_BASIS_POINTS))
    return (
        service
        + _part_expression(service, _vat_basis_points_expression())
        + commission
        + _part_expression(commission, Value(COMMISSION_VAT_BASIS_POINTS))
    )


def _part_expression(cents, basis_points):
    return (cents * basis_points + Value(5000)) / Value(10_000)


def _vat_basis_points_expression():
    overseas = [When(department=department, then=Value(rate)) for department, rate in OVERSEAS_VAT_BASIS_POINTS.items()]
    return Case(
        When(vat_regime=Professional.VatRegime.FRANCHISE, then=Value(0)),
        *overseas,
        default=Value(METROPOLITAN_VAT_BASIS_POINTS),
        output_field=BigIntegerField(),
    )
