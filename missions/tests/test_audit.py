"""The copies that searches read: kept by the database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import set_rates, set_week
from accounts.models import Document, Professional, User
from accounts.tests.factories import make_client, make_commune, make_document, make_professional
from marketplace import clock
from missions.actions import refresh_score
from missions.audit import differences, listing_differences
from missions.models import Listing
from missions.tests.factories import make_mission, make_review

pytestmark = pytest.mark.django_db


@pytest.fixture
def professional():
    return make_professional(rates={"guarding": 2600, "event": 2800})


def listing(professional):
    return Listing.objects.get(professional=professional, service="guarding")


def services(professional):
    return set(professional.listings.values_list("service", flat=True))


def can_be_listed(professional, service):
    """As acceptance asks, from the file itself; without a rate nothing is offered."""
    today = timezone.localdate(clock.now())
    listed = Professional.objects.listed(service, today=today, last_day=today)
    return listed.filter(pk=professional.pk, rates__service=service).exists()


def test_a_file_in_order_is_listed_for_each_rate(professional):
    assert services(professional) == {"guarding", "event"}
    assert all(can_be_listed(professional, service) for service in ("guarding", "event"))
    assert list(differences()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda one: Professional.objects.filter(pk=one.pk).update(status="suspended"),
        lambda one: Professional.objects.filter(pk=one.pk).update(payable=False),
        lambda one: User.objects.filter(pk=one.user_id).update(is_active=False),
        lambda one: one.documents.filter(kind="car").delete(),
        lambda one: one.documents.filter(kind="insurance").update(status="refused", refusal_reason="Illisible"),
        lambda one: one.documents.filter(kind="aut").update(activity="protection"),
        lambda one: one.rates.all().delete(),
    ],
    ids=["suspended", "not payable", "closed", "without a card", "refused paper", "other activity", "without rates"],
)
def test_whoever_lacks_something_leaves_the_listings_at_once(professional, change):
    change(professional)
    assert services(professional) == set()
    assert not any(can_be_listed(professional, service) for service in ("guarding", "event"))
    assert list(differences()) == []


def test_a_listing_follows_each_thing_it_is_made_of(professional):
    today = timezone.localdate(clock.now())
    set_rates(professional, {"guarding": 3000})
    set_week(professional, [(7, 1200, 1800)])
    Professional.objects.filter(pk=professional.pk).update(radius_km=80, review_score="4.7", review_count=3)
    professional.documents.filter(kind=Document.Kind.INSURANCE).update(expires_on=today)
    make_document(professional, Document.Kind.CAR, expires_on=today + timedelta(days=1))
    professional.base_commune.latitude = 45
    professional.base_commune.save()
    found = listing(professional)
    assert services(professional) == {"guarding"}
    assert (found.hourly_cents, found.radius_km, found.score, found.review_count) == (3000, 80, 47, 3)
    assert (found.latitude, found.papers_until) == (45, today)
    assert found.titles_until > today + timedelta(days=365)  # the better of two cards counts
    assert [(span.lower, span.upper) for span in found.open_week] == [(0, 360), (9840, 10080)]
    assert list(listing_differences()) == []


def test_a_copy_that_is_wrong_is_found(professional):
    other = make_professional(rates={"guarding": 2600}, base_commune=make_commune("44109", "Nantes"))
    Listing.objects.filter(professional=professional, service="event").delete()
    Listing.objects.filter(professional=other).update(hourly_cents=1)
    assert list(differences()) == [
        f"Listing {professional.pk}/event is missing or out of date.",
        f"Listing {other.pk}/guarding is missing or out of date.",
        f"Listing {other.pk}/guarding is out of date or should not be.",
    ]


def test_a_score_that_is_not_that_of_its_reviews_is_found(professional):
    make_review(
        professional, stars=4, mission=make_mission("confirmed", client=make_client(), professional=professional)
    )
    assert list(differences()) == [f"The score of professional {professional.pk} is not that of its reviews."]
    refresh_score(professional)
    assert list(differences()) == []


def test_what_does_not_concern_searches_leaves_the_rows_alone(professional):
    kept = set(professional.listings.values_list("pk", flat=True))
    Professional.objects.filter(pk=professional.pk).update(phone="0611111111")
    assert set(professional.listings.values_list("pk", flat=True)) == kept


def test_a_rate_that_changes_hands_leaves_the_listing_of_the_first(professional):
    other = make_professional(rates={"guarding": 2600})
    professional.rates.filter(service="event").update(professional=other)
    assert (services(professional), services(other)) == ({"guarding"}, {"guarding", "event"})
