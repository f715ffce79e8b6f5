"""What a public profile shows besides the professional's own columns."""

from dataclasses import dataclass
from functools import cached_property
from math import cos, radians

from django.db.models import Count

from accounts.hours import week_in_words
from accounts.models import Professional
from accounts.models.professional import Language
from accounts.papers import papers
from marketplace import clock
from missions.price import hourly_all_in_cents, quote, vat_basis_points
from missions.search import Offer, Search, obstacles, seen_from

# The drawing of the radius, in missions/_radius.html
CENTRE, RING = (130, 100), 88
KM_PER_DEGREE = 111.2


@dataclass(frozen=True)
class HourlyRate:
    """A service with its rate before VAT and what an hour of one agent comes to, in cents."""

    service: str
    hourly_cents: int
    all_in_cents: int


@dataclass(frozen=True)
class Profile:
    professional: Professional

    @cached_property
    def rates(self):
        rates = sorted(self.professional.rates.all(), key=lambda rate: rate.hourly_cents)
        return [
            HourlyRate(rate.get_service_display(), rate.hourly_cents, self.all_in_cents(rate.hourly_cents))
            for rate in rates
        ]

    @property
    def cheapest_cents(self):
        return min((rate.all_in_cents for rate in self.rates), default=None)

    @property
    def is_in_franchise(self):
        return self.professional.vat_regime == Professional.VatRegime.FRANCHISE

    def all_in_cents(self, hourly_cents):
        return hourly_all_in_cents(quote(hourly_cents, 60, 1, self.vat_basis_points), 60, 1)

    @cached_property
    def vat_basis_points(self):
        return vat_basis_points(self.professional) if self.professional.base_commune else 0

    @cached_property
    def languages(self):
        names = dict(Language.choices)
        return [names[code] for code in self.professional.languages if code in names]

    @cached_property
    def documents(self):
        """One approved and still valid document of each kind, in the order of the law's list."""
        return [paper.valid for paper in papers(self.professional) if paper.valid]

    @cached_property
    def last_check(self):
        return max((document.reviewed_at for document in self.documents if document.reviewed_at), default=None)

    @cached_property
    def hours(self):
        return week_in_words(self.professional.openings())

    @cached_property
    def bars(self):
        """For each number of stars, from five: how many published reviews, and their part of all in hundredths."""
        published = self.professional.reviews.published().order_by().values_list("stars")
        counts = dict(published.annotate(count=Count("pk")))
        total = sum(counts.values()) or 1
        return [(stars, counts.get(stars, 0), f"{100 * counts.get(stars, 0) / total:.1f}") for stars in range(5, 0, -1)]


@dataclass(frozen=True)
class Visit:
    """A professional seen from a search: its offer, its distance and what stands in the way."""

    professional: Professional
    search: Search
    offer: Offer | None
    distance_km: float | None
    obstacles: list

    @property
    def dot(self):
        """Where the mission is on the drawing of the radius, as SVG lengths; None outside it."""
        base, site = self.professional.base_commune, self.search.point
        if self.distance_km is None or self.distance_km > self.professional.radius_km:
            return None
        scale = RING / (self.professional.radius_km / KM_PER_DEGREE)
        east = (site.longitude - base.longitude) * cos(radians(base.latitude)) * scale
        north = (site.latitude - base.latitude) * scale
        return f"{CENTRE[0] + east:.0f}", f"{CENTRE[1] - north:.0f}"


def visit(professional, search):
    return visits([professional], search)[professional.pk]


def visits(professionals, search):
    """Each of them seen from the search, by primary key. One query, and one more for each without the service."""
    now = clock.now()
    seen = seen_from(professionals, search, now=now)
    return {one.pk: visit_to(one, seen.get(one.pk), search, now) for one in professionals}


def visit_to(professional, listing, search, now):
    in_the_way = obstacles(professional, listing, search, now)
    if listing is None:
        return Visit(professional, search, None, None, in_the_way)
    offer = None if in_the_way else Offer(professional, search, listing.hourly_cents, listing.distance_km)
    return Visit(professional, search, offer, listing.distance_km, in_the_way)
