"""A few professionals side by side, as ticked on the results: the `pro` of a query string, each a slug."""

from dataclasses import dataclass
from functools import cached_property

from django.core.validators import slug_re
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.booking_rules import notice_in_words
from accounts.models import Professional
from accounts.readiness import visible
from missions.filters import kept_query
from missions.profiles import Profile, Visit, visits

FEWEST, MOST = 2, 4
READ = 20  # slugs, of a query string that may hold any number


@dataclass(frozen=True)
class Selection:
    """Who is chosen, with the rest of the query string; `shown` are the offers one may tick on the page."""

    data: QueryDict
    shown: tuple = ()

    @cached_property
    def slugs(self):
        return list(dict.fromkeys(self.data.getlist("pro")))[:READ]

    @cached_property
    def professionals(self):
        """Those whose profile everyone may read, in the order chosen. Four queries, none where nobody is chosen."""
        slugs = [slug for slug in self.slugs if slug_re.match(slug)]
        chosen = Professional.objects.filter(slug__in=slugs).select_related("base_commune")
        chosen = chosen.prefetch_related("rates", "documents") if slugs else chosen.none()
        return sorted(visible(chosen), key=lambda professional: slugs.index(professional.slug))

    @cached_property
    def removals(self):
        """Each of them with the query string of the page without it."""
        return [(professional, self.query_without(professional.slug)) for professional in self.professionals]

    @property
    def elsewhere(self):
        """The `removals` of those chosen on other pages of the results."""
        here = {offer.professional.slug for offer in self.shown}
        return [(professional, query) for professional, query in self.removals if professional.slug not in here]

    @property
    def is_offered(self):
        """Whether the page has somebody to compare."""
        return len(self.shown) > 1 or bool(self.slugs)

    @property
    def left_out(self):
        return len(self.slugs) - len(self.professionals)

    @property
    def is_comparable(self):
        return FEWEST <= len(self.professionals) <= MOST

    @property
    def advice(self):
        """What to do before anything can be compared."""
        count = len(self.professionals)
        if count == 0:
            return _("Cochez de 2 à 4 professionnels dans les résultats d’une recherche.")
        if count < FEWEST:
            return _("Vous avez choisi un seul professionnel : cochez-en au moins un autre, et 4 en tout au plus.")
        return _("Vous avez choisi %(count)s professionnels, et 4 au plus se comparent : retirez-en %(excess)s.") % {
            "count": count,
            "excess": count - MOST,
        }

    @property
    def query(self):
        """The query string of the search, its filters and those chosen."""
        return kept_query(self.data)

    @property
    def query_of_search(self):
        data = self.data.copy()
        data.pop("pro", None)
        return kept_query(data)

    @property
    def search_fields(self):
        """Name and value of what the form must send along with those chosen."""
        return [(name, value) for name, values in QueryDict(self.query_of_search).lists() for value in values]

    def query_without(self, slug):
        data = self.data.copy()
        data.setlist("pro", [other for other in self.slugs if other != slug])
        return kept_query(data)


@dataclass(frozen=True)
class Column:
    """One professional, seen from a search if there is one, and the query string of the page without it."""

    professional: Professional
    visit: Visit | None
    query_without: str

    @cached_property
    def profile(self):
        return Profile(self.professional)

    @property
    def offer(self):
        return self.visit and self.visit.offer

    @property
    def total_cents(self):
        return self.offer.price.total_cents if self.offer else None

    @property
    def score(self):
        return self.professional.review_score

    @property
    def notice(self):
        return notice_in_words(self.professional.notice_hours)

    @property
    def rounded_km(self):
        """The distance as it is read."""
        return round(self.visit.distance_km) if self.visit and self.visit.distance_km is not None else None

    @property
    def rates(self):
        """The rate for the service searched, or every rate."""
        service = self.visit and self.visit.search.service_name
        return [rate for rate in self.profile.rates if service in (None, rate.service)]


@dataclass(frozen=True)
class Comparison:
    columns: list

    @cached_property
    def cheapest(self):
        return alone_ahead(self.columns, lambda column: column.total_cents, lowest=True)

    @cached_property
    def best_rated(self):
        return alone_ahead(self.columns, lambda column: column.score)

    @cached_property
    def nearest(self):
        return alone_ahead(self.columns, lambda column: column.rounded_km, lowest=True)


def alone_ahead(columns, value, *, lowest=False):
    """The column with the best value; none when it is shared, or when nobody else has one."""
    known = [column for column in columns if value(column) is not None]
    ranked = sorted(known, key=value, reverse=not lowest)
    if len(ranked) < 2 or value(ranked[0]) == value(ranked[1]):
        return None
    return ranked[0]


def compare(selection, search):
    """The selection in columns. With a search: one query, and one for each professional without the service."""
    seen = visits(selection.professionals, search) if search else {}
    return Comparison(
        [
            Column(professional, seen.get(professional.pk), query_without)
            for professional, query_without in selection.removals
        ]
    )
