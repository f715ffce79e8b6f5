"""Who is free for a mission, in the order the site promises; see "Référencement et classement".

`terms` below is anything with a service, a commune, a zone, instants of start and end and a number of agents:
a `Search`, a mission or a proposal.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from math import cos, radians
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Count, ExpressionWrapper, F, FilteredRelation, OuterRef, Q, Subquery
from django.db.models.functions import ASin, Coalesce, Cos, Power, Radians, Sin, Sqrt
from django.utils.translation import gettext as _

from accounts.models import Commune, Professional, Service
from accounts.models.professional import Language
from marketplace import formatting
from missions import words
from missions.models import SeatReservation
from missions.models.terms import seats_for
from missions.opening import open_during
from missions.price import hourly_all_in_cents, quote, total_expression, vat_basis_points

EARTH_RADIUS_KM = 6371.0088
LARGEST_RADIUS_DEGREES = 200 / 111  # of latitude: a degree is a little more than 111 km

ORDER = (F("review_score").desc(nulls_last=True), "total_cents", "-review_count", "pk")


@dataclass(frozen=True)
class Search:
    """What a visitor asks for; `starts_at` is an instant, `minutes` are real elapsed ones."""

    service: str
    commune: Commune
    starts_at: datetime
    minutes: int
    agents: int = 1

    @property
    def ends_at(self):
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def timezone(self):
        return self.commune.timezone

    @cached_property
    def zone(self):
        return ZoneInfo(self.timezone)

    @property
    def seats(self):
        return seats_for(self.agents, self.minutes)

    @property
    def local_start(self):
        return self.starts_at.astimezone(self.zone)

    @property
    def service_name(self):
        return Service(self.service).label

    @property
    def icon(self):
        return words.SERVICE_ICONS[self.service]

    @property
    def at(self):
        return words.at(self.commune)

    @property
    def query(self):
        """The query string that asks for the same again, understood by every page that knows of a search."""
        return urlencode(
            {
                "service": self.service,
                "commune": self.commune.pk,
                "date": f"{self.local_start:%Y-%m-%d}",
                "start": f"{self.local_start:%H:%M}",
                "minutes": self.minutes,
                "agents": self.agents,
            },
            safe=":",
        )


@dataclass(frozen=True)
class Offer:
    """A professional found, with the price of the mission at `hourly_cents`."""

    professional: Professional
    search: Search
    hourly_cents: int

    @cached_property
    def price(self):
        vat = vat_basis_points(self.professional)
        return quote(self.hourly_cents, self.search.minutes, self.search.agents, vat)

    @property
    def tags(self):
        """Services and assets, in words."""
        services = [rate.get_service_display() for rate in self.professional.rates.all()]
        dog = [_("Maître-chien")] if self.professional.dog_handler else []
        foreign = [name for code, name in Language.choices if code in self.professional.languages and code != "fr"]
        return services + dog + foreign

    @property
    def hourly_all_in_cents(self):
        return hourly_all_in_cents(self.price, self.search.minutes, self.search.agents)

    @property
    def euros(self):
        """The total as machines read it: 574.08."""
        return str(Decimal(self.price.total_cents).scaleb(-2))


def offers(terms, *, now):
    """Professionals free for `terms`, best reviewed first, then cheapest.

    Annotated with `hourly_cents`, `total_cents` and `distance_km`.
    """
    return candidates(terms, now).filter(*conditions(terms, now).values()).order_by(*ORDER)


def is_listed(professional, terms, *, now):
    """Whether this professional is approved, payable and holds every document these terms need."""
    return listed(terms, now).filter(pk=professional.pk).exists()


def why_not(professional, terms, *, now):
    """What keeps this professional from being found for these terms, in words; nothing when free."""
    met = with_conditions(candidates(terms, now), terms, now).filter(pk=professional.pk).values().first()
    if met is None:
        return [_("Ce professionnel n’est pas réservable en ce moment.")]
    missing = [name for name in conditions(terms, now) if not met[f"meets_{name}"]]
    if "agents" in missing:
        missing.remove("seats")
    return [reason_for(name, professional) for name in missing]


def reason_for(condition, professional):
    return {
        "rate": _("Cette prestation n’est pas proposée par ce professionnel."),
        "distance": _("Le lieu est hors de sa zone d’intervention, %(km)s km autour de sa base."),
        "duration": _("La mission est plus courte que sa durée minimale, %(minimum)s."),
        "notice": _("Le début est trop proche : il faut le prévenir au moins %(notice)s h avant."),
        "agents": _("Cette mission demande plus d’agents qu’il n’en a."),
        "hours": _("Ce professionnel n’est pas ouvert à ces heures."),
        "seats": _("Ses agents sont déjà pris à ces heures."),
    }[condition] % {
        "km": professional.radius_km,
        "minimum": formatting.duration(professional.minimum_minutes),
        "notice": professional.notice_hours,
    }


def listed(terms, now):
    last_instant = terms.ends_at - timedelta(microseconds=1)
    return Professional.objects.listed(
        terms.service,
        today=now.astimezone(terms.zone).date(),
        last_day=last_instant.astimezone(terms.zone).date(),
    )


def candidates(terms, now):
    """Every listed professional, with what the conditions and the order are made of."""
    return listed(terms, now).annotate(
        rate=FilteredRelation("rates", condition=Q(rates__service=terms.service)),
        hourly_cents=F("rate__hourly_cents"),
        total_cents=total_expression(F("rate__hourly_cents"), terms.minutes, terms.agents),
        distance_km=distance_to(terms.commune),
        free_seats=F("agents") - Coalesce(Subquery(count_taken_seats(terms)), 0),
    )


def conditions(terms, now):
    """What a listed professional must meet to be found, by name."""
    hours_left = (terms.starts_at - now) // timedelta(hours=1)
    return {
        "rate": Q(hourly_cents__isnull=False),
        "distance": around(terms.commune) & Q(distance_km__lte=F("radius_km")),
        "duration": Q(minimum_minutes__lte=terms.minutes),
        "notice": Q(notice_hours__lte=hours_left),
        "agents": Q(agents__gte=terms.seats),
        "hours": open_during(terms),
        "seats": Q(free_seats__gte=terms.seats),
    }


def with_conditions(professionals, terms, now):
    """Annotate `meets_<name>` for each condition, instead of filtering by it."""
    return professionals.annotate(
        **{
            f"meets_{name}": ExpressionWrapper(condition, BooleanField())
            for name, condition in conditions(terms, now).items()
        }
    )


def count_taken_seats(terms):
    """How many of a professional's numbers have a live reservation at some time of the mission."""
    reservations = SeatReservation.objects.live().overlapping(terms.starts_at, terms.ends_at)
    numbers = reservations.filter(professional=OuterRef("pk"), number__lte=OuterRef("agents")).values("professional")
    return numbers.annotate(count=Count("number", distinct=True)).values("count")


def distance_to(commune):
    """Kilometres along the great circle from a professional's base to this commune (haversine)."""
    latitude, longitude = Radians("base_commune__latitude"), Radians("base_commune__longitude")
    across = Power(Sin((latitude - radians(commune.latitude)) / 2), 2)
    along = Power(Sin((longitude - radians(commune.longitude)) / 2), 2)
    return 2 * EARTH_RADIUS_KM * ASin(Sqrt(across + along * Cos(latitude) * cos(radians(commune.latitude))))


def around(commune):
    """The box outside which no radius reaches: it spares most professionals the exact distance."""
    height = LARGEST_RADIUS_DEGREES
    width = height / cos(radians(abs(commune.latitude) + height))
    return Q(
        base_commune__latitude__range=(commune.latitude - height, commune.latitude + height),
        base_commune__longitude__range=(commune.longitude - width, commune.longitude + width),
    )
