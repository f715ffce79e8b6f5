"""The order of the answers: review score, total of this mission, number of reviews, registration; and its pages.

A page starts after a place in that order, so that none repeats or skips anyone whoever comes or goes meanwhile.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Prefetch, Q

from accounts.models import Professional
from missions.conditions import condition, distance_km, slow_conditions
from missions.models import Listing

BEST_SCORE = 50  # tenths
ORDER = ("-score", "total_cents", "-review_count", "professional_id")
BACKWARDS = ("score", "-total_cents", "review_count", "-professional_id")

# One score after the other, so that the index gives only the listings of a score and few are sorted; and within a
# score, the slow conditions only on as many as it takes, in order: OFFSET 0 keeps the planner from testing them all
# first. The outer loop runs as it is written, hence no outer ORDER BY.
WALK = """
SELECT found.* FROM generate_series(%s, %s, %s) AS tier (score) CROSS JOIN LATERAL (
    SELECT missions_listing.*, {distance_km} AS distance_km
    FROM ({ranked} OFFSET 0) AS missions_listing
    WHERE {conditions} LIMIT %s
) AS found LIMIT %s
"""
PROFESSIONALS = Prefetch("professional", Professional.objects.select_related("base_commune").prefetch_related("rates"))
OF_TIER = "int4range(missions_listing.score, missions_listing.score, '[]') @> tier.score"


class Place(NamedTuple):
    """A listing's place in the order, as pages carry it in their address: 49-60480-12-7."""

    score: int
    total_cents: int
    review_count: int
    professional_id: int

    def __str__(self):
        return "-".join(map(str, self))

    @classmethod
    def of(cls, listing):
        return cls(*(getattr(listing, name) for name in cls._fields))

    @classmethod
    def read(cls, text):
        """The place an address names, or None for anything else."""
        found = re.fullmatch(r"([0-9]{1,2})-([0-9]{1,15})-([0-9]{1,9})-([0-9]{1,18})", text or "", re.ASCII)
        return cls(*map(int, found.groups())) if found else None


@dataclass(frozen=True)
class Page:
    """Listings in order; `previous` and `following` are the places before and after which the next ones are, if any."""

    listings: list
    previous: Place | None
    following: Place | None

    def __bool__(self):
        return bool(self.listings)


def page(listings, terms, size, *, after=None, before=None):
    if before:
        found = walk(
            listings.filter(beyond(before, "lt", "gt")).order_by(*BACKWARDS), terms, size + 1, before, upwards=True
        )
        return paged(found[:size][::-1], is_first=len(found) <= size, is_last=False)
    if after:
        listings = listings.filter(beyond(after, "gt", "lt"))
    found = walk(listings.order_by(*ORDER), terms, size + 1, after)
    return paged(found[:size], is_first=not after, is_last=len(found) <= size)


def paged(listings, *, is_first, is_last):
    previous = None if is_first or not listings else Place.of(listings[0])
    following = None if is_last or not listings else Place.of(listings[-1])
    return Page(listings, previous, following)


def beyond(place, more, less):
    """The listings after this place, or before it with the comparisons swapped."""
    same_score = Q(score=place.score)
    same_total = same_score & Q(total_cents=place.total_cents)
    same_count = same_total & Q(review_count=place.review_count)
    return (
        Q(**{f"score__{less}": place.score})
        | same_score & Q(**{f"total_cents__{more}": place.total_cents})
        | same_total & Q(**{f"review_count__{less}": place.review_count})
        | same_count & Q(**{f"professional_id__{more}": place.professional_id})
    )


def walk(ranked, terms, size, start, *, upwards=False):
    """Run WALK over ordered listings, from the score of `start` (or the best) downwards, or upwards."""
    tiers = [start.score if start else BEST_SCORE, *((BEST_SCORE, 1) if upwards else (0, -1))]
    inner, inner_params = ranked.filter(condition(OF_TIER, [])).query.sql_with_params()
    distance = distance_km(terms)
    slow = slow_conditions(terms).values()
    sql = WALK.format(distance_km=distance.sql, ranked=inner, conditions=" AND ".join(f"({met.sql})" for met in slow))
    slow_params = [param for met in slow for param in met.params]
    params = [*tiers, *distance.params, *inner_params, *slow_params, size, size]
    return list(Listing.objects.raw(sql, params).prefetch_related(PROFESSIONALS))
