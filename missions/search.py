"""Who is free for a mission, in the order the site promises; see "Référencement et classement" and docs/search.md."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.booking_rules import horizon_in_words, notice_in_words
from accounts.models import Commune, Professional, Service
from accounts.models.professional import Language
from accounts.places.geocoder import Site
from marketplace import formatting
from missions import ranking, words
from missions.conditions import conditions, days, distance_km, listings, meeting, quick_conditions, slow_conditions
from missions.models import Listing, Mission
from missions.models.terms import Terms, seats_for
from missions.price import hourly_all_in_cents, quote, vat_basis_points


@dataclass(frozen=True)
class Search:
    """What a visitor asks for; `starts_at` is an instant, `minutes` are real elapsed ones.

    `site` is the exact place in the commune, where it is known.
    """

    service: str
    commune: Commune
    starts_at: datetime
    minutes: int
    agents: int = 1
    site: Site | None = None

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
    def point(self):
        """Where distances are measured to: anything with a latitude and a longitude."""
        return self.site or self.commune

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
        place = {"place": self.site.label} if self.site else {"commune": self.commune.pk}
        return urlencode(
            {
                "service": self.service,
                **place,
                "date": f"{self.local_start:%Y-%m-%d}",
                "start": f"{self.local_start:%H:%M}",
                "minutes": self.minutes,
                "agents": self.agents,
            },
            safe=":",
        )


def search_again(mission):
    """The address of a search for the same as this mission."""
    search = Search(mission.service, mission.commune, mission.starts_at, mission.minutes, mission.agents)
    return f"{reverse('missions:search')}?{search.query}"


@dataclass(frozen=True)
class Offer:
    """A professional found, with the price of the mission at `hourly_cents`."""

    professional: Professional
    search: Search
    hourly_cents: int
    distance_km: float | None = None

    @classmethod
    def of(cls, listing, search):
        return cls(listing.professional, search, listing.hourly_cents, listing.distance_km)

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


@dataclass(frozen=True)
class Offers:
    """The listings that meet every condition for `terms`; `listings`, those that meet the quick ones, may be narrowed.

    Listings carry `total_cents`, and those of a page `distance_km`.
    """

    terms: Search | Terms
    listings: QuerySet

    def narrowed(self, listings):
        return replace(self, listings=listings)

    @property
    def matching(self):
        """Every one, in no order."""
        return self.listings.filter(*slow_conditions(self.terms).values())

    def count(self, *, cap):
        """How many, one more than `cap` at most."""
        return self.matching[: cap + 1].count()

    def page(self, size, *, after=None, before=None):
        """The first ones, or those after or before a `ranking.Place`, best reviewed first, then cheapest."""
        return ranking.page(self.listings, self.terms, size, after=after, before=before)


def offers(terms, *, now):
    """Professionals free for `terms`."""
    return Offers(terms, listings(terms).filter(*quick_conditions(terms, now).values()))


def count_each(answers, *, cap):
    """How many each of these `Offers` finds, one more than `cap` at most. One query."""
    numbers = [
        one.matching.annotate(number=Value(number)).values_list("number")[: cap + 1]
        for number, one in enumerate(answers)
    ]
    counts = Counter(number for (number,) in Listing.objects.none().union(*numbers, all=True))
    return [counts[number] for number in range(len(answers))]


def is_listed(professional, terms, *, now):
    """Whether this professional is approved, payable and holds every document these terms need."""
    today, last_day = days(terms, now)
    return (
        Professional.objects.listed(terms.service, today=today, last_day=last_day).filter(pk=professional.pk).exists()
    )


def may_work(mission, *, now):
    """Whether its professional is approved and holds every document it needs, payable or not."""
    return Mission.objects.filter(pk=mission.pk).allowed(now).exists()


def seen_from(professionals, terms, *, now):
    """Their listings for these terms wherever they are, with `distance_km` and `meets_…`, by professional's key."""
    everywhere = Listing.objects.filter(service=terms.service, professional__in=professionals)
    seen = meeting(everywhere.annotate(distance_km=distance_km(terms)), terms, now)
    return {listing.professional_id: listing for listing in seen}


def obstacles(professional, listing, terms, now):
    """What keeps this professional, whose listing was `seen_from` the terms, from being found; nothing when free."""
    if listing is None and Listing.objects.filter(professional=professional).exists():
        return [_("Cette prestation n’est pas proposée par ce professionnel.")]
    if listing is None or not listing.meets_papers:
        return [_("Ce professionnel n’est pas réservable en ce moment.")]
    missing = [name for name in conditions(terms, now) if not getattr(listing, f"meets_{name}")]
    if "agents" in missing and "seats" in missing:
        missing.remove("seats")
    return [reason_for(name, professional) for name in missing]


def reason_for(condition, professional):
    return {
        "duration": _("La mission est plus courte que sa durée minimale, %(minimum)s."),
        "notice": _("Le début est trop proche : il faut le prévenir au moins %(notice)s avant."),
        "horizon": _("La date est trop lointaine : il se réserve au plus %(horizon)s à l’avance."),
        "agents": _("Cette mission demande plus d’agents qu’il n’en a."),
        "distance": _("Le lieu est hors de sa zone d’intervention, %(km)s km autour de sa base."),
        "hours": _("Ce professionnel n’est pas ouvert à ces heures."),
        "seats": _("Ses agents sont déjà pris à ces heures."),
    }[condition] % {
        "km": professional.radius_km,
        "minimum": formatting.duration(professional.minimum_minutes),
        "notice": notice_in_words(professional.notice_hours),
        "horizon": horizon_in_words(professional.horizon_days),
    }
