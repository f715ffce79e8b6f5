"""The papers of the invented professionals, in every state, and their small real files."""

from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from accounts.models import AvailabilityException, Document
from marketplace.demo.identifiers import title_number
from marketplace.demo.pdf import write_pdf

Kind = Document.Kind
PDF = "application/pdf"

# How long each paper counts, in days, and how long ago the newest ones were filed at most.
LIVES = {
    Kind.AGD: 5 * 365,
    Kind.CAR: 5 * 365,
    Kind.REGISTRATION: 183,
    Kind.INSURANCE: 365,
    Kind.VIGILANCE: 183,
    Kind.IDENTITY: 10 * 365,
}
LONGEST_FILED = 110
CENTURY = 100 * 365 + 25

WANTING = {
    "expired": {Kind.VIGILANCE: "expired"},
    "refused": {Kind.REGISTRATION: "refused", Kind.INSURANCE: "pending"},
    "draft": {Kind.CAR: "missing", Kind.INSURANCE: "missing", Kind.VIGILANCE: "missing", Kind.REGISTRATION: "pending"},
}
REFUSAL = "La copie est illisible : déposez le document entier, en couleur, de moins de trois mois."


def make_documents(cast, rng, now):
    """Seven papers for everyone, but for those whose file wants something."""
    shared = {kind: store(f"demo/{kind}.pdf", Kind(kind).label, "Document inventé") for kind in Kind.values}
    papers = Papers(cast.staff, rng, now, shared)
    Document.objects.bulk_create(
        document for professional in cast.professionals for document in papers.of(professional)
    )


class Papers:
    """Writes the documents. Approved ones share one file per kind; each one still to review has its own, since
    staff may cause it to be deleted."""

    def __init__(self, staff, rng, now, shared):
        self.staff = staff
        self.rng = rng
        self.now = now
        self.shared = shared

    def of(self, professional):
        situation = professional.profile.situation
        everything = "pending" if situation == "submitted" else "approved"
        for kind in Kind.values:
            state = WANTING.get(situation, {}).get(kind, everything)
            if state != "missing":
                yield self.document(professional, kind, state)

    def document(self, professional, kind, state):
        filed = self.now - timedelta(days=self.rng.randrange(3, LONGEST_FILED))
        if state == "pending":
            filed = self.now - timedelta(hours=self.rng.randrange(2, 60))
        document = Document(
            professional=professional,
            kind=kind,
            activity=professional.activity if kind in Document.WITH_ACTIVITY else "",
            content_type=PDF,
            created_at=filed,
            **self.term(kind, filed, state),
            **self.outcome(state, filed),
        )
        document.number = self.number(document, professional)
        document.file = self.file(document, professional)
        return document

    def term(self, kind, filed, state):
        """When the paper was delivered and until when it counts."""
        if kind == Kind.AUT:
            return {"issued_on": (filed - timedelta(days=self.rng.randrange(200, 3000))).date(), "expires_on": None}
        if kind in (Kind.REGISTRATION, Kind.VIGILANCE):
            issued_on = filed.date() - timedelta(days=self.rng.randrange(0, 5))
        else:
            issued_on = filed.date() - timedelta(days=self.rng.randrange(0, 150))
        expires_on = issued_on + timedelta(days=LIVES[kind])
        if state == "expired":
            expires_on = self.now.date() - timedelta(days=self.rng.randrange(4, 40))
        return {"issued_on": issued_on, "expires_on": expires_on}

    def outcome(self, state, filed):
        if state == "pending":
            return {"status": Document.Status.PENDING}
        checked = {"reviewed_by": self.staff, "reviewed_at": min(filed + timedelta(days=1), self.now)}
        if state == "refused":
            return checked | {"status": Document.Status.REFUSED, "refusal_reason": REFUSAL}
        return checked | {"status": Document.Status.APPROVED}

    def number(self, document, professional):
        """The number printed on the paper; on titles it bears a date: the term's, or for an AUT a century on."""
        department = professional.base_commune.department
        if document.kind == Kind.AUT:
            return title_number("aut", department, document.issued_on + timedelta(days=CENTURY), self.rng)
        if document.kind in Document.TITLES:
            return title_number(document.kind, department, document.expires_on, self.rng)
        if document.kind == Kind.REGISTRATION:
            return professional.siret
        return f"{self.rng.randrange(10**8, 10**9)}" if document.kind != Kind.IDENTITY else ""

    def file(self, document, professional):
        """A checked identity leaves no copy."""
        if document.status == Document.Status.PENDING:
            name = f"documents/{professional.pk}/{document.kind}.pdf"
            return store(name, document.get_kind_display(), professional.legal_name, document.number)
        return "" if document.kind == Kind.IDENTITY else self.shared[document.kind]


def store(name, title, *lines):
    """Keep a PDF in the private storage; returns its name there."""
    content = write_pdf(title, ["Démonstration : ce document ne prouve rien.", *filter(None, lines)])
    return storages["private"].save(name, ContentFile(content))


def make_exceptions(cast, rng, today):
    """Holidays ahead for some, an extra opening for a few."""
    listed = [professional for professional in cast.professionals[2:] if professional.profile.week != "always"]
    AvailabilityException.objects.bulk_create(
        exception(professional, rng, today) for professional in rng.sample(listed, len(listed) // 4)
    )


def exception(professional, rng, today):
    starts_on = today + timedelta(days=rng.randrange(5, 60))
    kind = rng.choices(list(AvailabilityException.Kind), weights=[3, 1])[0]
    is_closed = kind == AvailabilityException.Kind.CLOSED
    return AvailabilityException(
        professional=professional,
        kind=kind,
        starts_on=starts_on,
        starts_at="00:00",
        ends_on=starts_on + timedelta(days=rng.randrange(5, 15) if is_closed else 1),
        ends_at="00:00",
        note="Congés" if is_closed else "Marché de Noël",
    )
