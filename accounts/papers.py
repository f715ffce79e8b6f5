"""Where each required document stands, as its owner reads it."""

from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter

from django.utils import timezone

from accounts.models import Document
from marketplace import clock

SOON = timedelta(days=60)


@dataclass(frozen=True)
class Paper:
    """One kind of document: the last one filed, and the one that counts today."""

    kind: Document.Kind
    latest: Document | None
    valid: Document | None
    today: date

    @property
    def state(self):
        """missing, pending, refused, expired, expiring or valid."""
        if self.latest is None:
            return "missing"
        if self.latest.status != Document.Status.APPROVED:
            return str(self.latest.status)
        if self.latest.is_expired(self.today):
            return "expired"
        return "expiring" if self.latest.is_expired(self.today + SOON) else "valid"


def papers(professional):
    """Return the seven papers, in the order in which the law lists them. One query, or none once prefetched."""
    today = timezone.localdate(clock.now())
    filed = sorted(professional.documents.all(), key=attrgetter("pk"))
    return [paper_of(kind, filed, today) for kind in Document.Kind]


def paper_of(kind, filed, today):
    same = [document for document in filed if document.kind == kind]
    valid = [document for document in same if document.is_approved and not document.is_expired(today)]
    return Paper(kind, last(same), last(valid), today)


def last(documents):
    return documents[-1] if documents else None
