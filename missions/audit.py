"""Copies compared with what they are made from; each difference is a sentence for whoever runs `manage.py audit`."""

from django.db import connection, transaction
from django.db.models import Count, Q, Sum

from accounts.models import Professional
from missions.actions import mean_score
from missions.models import Listing, Review

COLUMNS = ", ".join(field.column for field in Listing._meta.concrete_fields if not field.primary_key)
TRUTH = "accounts_professional CROSS JOIN LATERAL missions_listings_of(accounts_professional.id) AS listing"
LISTED = f"SELECT {COLUMNS} FROM missions_listing"  # noqa: S608
TO_LIST = f"SELECT {', '.join(f'listing.{name}' for name in COLUMNS.split(', '))} FROM {TRUTH}"  # noqa: S608


def differences():
    yield from listing_differences()
    yield from score_differences()


def listing_differences():
    """The listings that searches read, against the files they are copied from."""
    for name in rows_between(TO_LIST, LISTED):
        yield f"Listing {name} is missing or out of date."
    for name in rows_between(LISTED, TO_LIST):
        yield f"Listing {name} is out of date or should not be."


def rows_between(these, those):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(f"SELECT professional_id, service FROM ({these} EXCEPT {those}) AS found ORDER BY 1, 2")  # noqa: S608
        return [f"{professional_id}/{service}" for professional_id, service in cursor.fetchall()]


def score_differences():
    """The score and the count on each professional, against the published reviews."""
    published = Q(reviews__status=Review.Status.PUBLISHED)
    counted = Professional.objects.annotate(
        stars=Sum("reviews__stars", filter=published), reviews_published=Count("reviews", filter=published)
    )
    for one in counted.order_by("pk").iterator():
        true = (mean_score(one.stars, one.reviews_published), one.reviews_published)
        if (one.review_score, one.review_count) != true:
            yield f"The score of professional {one.pk} is not that of its reviews."
