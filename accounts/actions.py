"""What people's files go through. Each decision is one entry in the admin's log, and one e-mail."""

import secrets
from datetime import timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.errors import AccountError
from accounts.locking import lock_professional
from accounts.models import CalendarFeed, Client, Document, ExternalCalendar, Notification, Professional, WeeklyHours
from accounts.places.names import fold
from accounts.readiness import missing_before_review
from accounts.tasks import read_external_calendar, send_notifications
from marketplace import clock
from marketplace.queue import after_commit

# E-mails


def notify(user, template, key, *, due_at=None, **context):
    """Owe the user an e-mail, now or at `due_at`; the same `key` is told once, however often it is asked.

    `context` holds plain JSON values. `url` (a path) and `button` (its label) make the button.
    """
    notify_each([notification(user, template, key, due_at=due_at, **context)])


def notify_each(owed):
    """Owe several e-mails, made by `notification`: some acts owe five of them under the locks of a mission."""
    # One query, which leaves what was owed before as it is.
    Notification.objects.bulk_create(owed, update_conflicts=True, unique_fields=["user", "key"], update_fields=["key"])
    now = clock.now()
    if due := [email.pk for email in owed if email.due_at <= now]:
        after_commit(send_notifications, *due)


def notification(user, template, key, *, due_at=None, **context):
    """An e-mail still to be owed, as `notify` owes it."""
    return Notification(user=user, key=key, template=template, context=context, due_at=due_at or clock.now())


def withdraw_notifications(user, key_prefix):
    """Give up the e-mails not sent yet whose key starts so: what they announce is no longer true."""
    waiting = user.notifications.filter(key__startswith=key_prefix, sent_at=None, withdrawn_at=None)
    waiting.update(withdrawn_at=clock.now())


# Signing up


def register_client(user, kind):
    return Client.objects.create(user=user, kind=kind, name=user.name)


def register_professional(user, kind):
    """Open an empty file, which is completed in the professional's space and then sent for review."""
    professional = Professional(user=user, kind=kind, legal_name=user.name, languages=["fr"])
    rename_professional(professional, user.name)
    professional.save()
    return professional


def rename_professional(professional, name):
    """Set the name the public reads; the address follows it until the file has once been sent."""
    professional.trade_name = name
    professional.sort_name = fold(name)[:120]
    if professional.status == Professional.Status.DRAFT:
        professional.slug = free_slug(name, professional.user_id)


def free_slug(name, user_id):
    """Return the name as an address, followed by a number where someone else has it already."""
    slug = slugify(name.replace("œ", "oe").replace("Œ", "Oe"))[:120] or "professionnel"
    is_taken = Professional.objects.filter(slug=slug).exclude(user=user_id).exists()
    return f"{slug}-{user_id}" if is_taken else slug


# A professional's file

CAME_FROM = {
    Professional.Status.SUBMITTED: (Professional.Status.DRAFT, Professional.Status.REFUSED),
    Professional.Status.APPROVED: (Professional.Status.SUBMITTED, Professional.Status.SUSPENDED),
    Professional.Status.REFUSED: (Professional.Status.SUBMITTED,),
    Professional.Status.SUSPENDED: (Professional.Status.APPROVED,),
}


@transaction.atomic
def submit_professional(professional, *, by):
    """Ask staff to review the file. Raises AccountError, which says what is missing."""
    missing = missing_before_review(professional)
    if missing:
        steps = ", ".join(step.label.lower() for step in missing)
        raise AccountError(_("Avant l’envoi, il vous reste à compléter : %(steps)s.") % {"steps": steps})
    move(professional, Professional.Status.SUBMITTED)
    record(professional, by, _("Dossier envoyé."))


@transaction.atomic
def approve_professional(professional, *, by):
    move(professional, Professional.Status.APPROVED)
    entry = record(professional, by, _("Dossier approuvé."))
    tell(professional, "approved", entry)


@transaction.atomic
def refuse_professional(professional, *, by, reason):
    move(professional, Professional.Status.REFUSED, reason)
    entry = record(professional, by, _("Dossier refusé : %(reason)s") % {"reason": reason})
    tell(professional, "refused", entry, reason=reason)


@transaction.atomic
def suspend_professional(professional, *, by, reason):
    move(professional, Professional.Status.SUSPENDED, reason)
    entry = record(professional, by, _("Compte suspendu : %(reason)s") % {"reason": reason})
    tell(professional, "suspended", entry, reason=reason)


@transaction.atomic
def correct_professional(professional, *, by):
    """Keep what staff changed at the professional's request: who they are, in law and for the public."""
    rename_professional(professional, professional.trade_name)
    professional.save(update_fields=["legal_name", "trade_name", "sort_name", "siret"])
    record(professional, by, _("Établissement corrigé."))


def move(professional, status, reason=""):
    """Take the file to `status`. Raises AccountError when it cannot come from where it is."""
    movable = Professional.objects.filter(pk=professional.pk, status__in=CAME_FROM[status])
    if not movable.update(status=status, status_reason=reason):
        raise AccountError(_("Ce dossier a changé d’état entre-temps. Rechargez la page."))
    professional.status, professional.status_reason = status, reason


@transaction.atomic
def set_rates(professional, rates):
    """Replace the rates of the services the activity allows: `rates` gives cents per hour by service."""
    lock_professional(professional.pk)
    professional.rates.filter(service__in=professional.services).exclude(service__in=rates).delete()
    for service, cents in rates.items():
        professional.rates.update_or_create(service=service, defaults={"hourly_cents": cents})


@transaction.atomic
def set_week(professional, openings):
    """Replace the weekly hours by (weekday, opens_minute, closes_minute) openings."""
    lock_professional(professional.pk)
    professional.weekly_hours.all().delete()
    WeeklyHours.objects.bulk_create(
        WeeklyHours(professional=professional, weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, opens, closes in openings
    )


# Calendars

BETWEEN_READINGS = timedelta(minutes=1)


def renew_feed(professional):
    """Give the professional's missions a new secret address; the one before, if any, leads nowhere from now on."""
    fresh = {"key": secrets.token_urlsafe(32), "renewed_at": clock.now()}
    return CalendarFeed.objects.update_or_create(professional=professional, defaults=fresh)[0]


@transaction.atomic
def set_external_calendar(professional, url):
    """Take this address for the outside calendar, read as soon as it may be; what another one blocked is forgotten."""
    now = clock.now()
    before = ExternalCalendar.objects.select_for_update().filter(professional=professional).first()
    rested_at = before.attempted_at + BETWEEN_READINGS if before and before.attempted_at else now
    never_read = {"state": ExternalCalendar.State.WAITING, "problem": "", "failures": 0, "read_at": None}
    fresh = never_read | {"url": url, "due_at": max(now, rested_at)}
    calendar, _is_new = ExternalCalendar.objects.update_or_create(professional=professional, defaults=fresh)
    calendar.busy_periods.all().delete()
    if calendar.due_at <= now:
        after_commit(read_external_calendar, professional.pk)
    return calendar


def read_calendar_now(professional):
    """Read the outside calendar before its time. Raises AccountError when it was read a moment ago."""
    now = clock.now()
    rested = Q(attempted_at=None) | Q(attempted_at__lte=now - BETWEEN_READINGS)
    if not ExternalCalendar.objects.filter(rested, pk=professional.pk).update(due_at=now):
        raise AccountError(_("Ce calendrier vient d’être lu. Réessayez dans une minute."))
    after_commit(read_external_calendar, professional.pk)


@transaction.atomic
def drop_external_calendar(professional):
    """Forget the outside calendar and what it blocked; one being read is kept from adding to it meanwhile."""
    for calendar in ExternalCalendar.objects.select_for_update().filter(professional=professional):
        calendar.delete()


# Documents

CORRECTED_BY_STAFF = ("number", "activity", "issued_on", "expires_on")


@transaction.atomic
def file_document(document):
    """Keep a new document; it takes the place of one of the same kind that nobody has examined yet."""
    lock_professional(document.professional_id)
    for unread in document.professional.documents.to_review().filter(kind=document.kind):
        delete_file(unread)
        unread.delete()
    document.save()


@transaction.atomic
def approve_document(document, *, by):
    """Approve the document as it stands, corrections included; a checked identity leaves no copy."""
    corrections = {field: getattr(document, field) for field in CORRECTED_BY_STAFF}
    review(document, Document.Status.APPROVED, by=by, **corrections)
    if document.kind == Document.Kind.AUT:
        set_activity(document.professional, document.activity)
    record(document, by, _("Document approuvé."))


def set_activity(professional, activity):
    """What the law lets them offer: rates of the other activity are withdrawn (CSI art. L612-2)."""
    professional.activity = activity
    professional.save(update_fields=["activity"])
    professional.rates.exclude(service__in=professional.services).delete()


@transaction.atomic
def refuse_document(document, *, by, reason):
    review(document, Document.Status.REFUSED, by=by, refusal_reason=reason)
    entry = record(document, by, _("Document refusé : %(reason)s") % {"reason": reason})
    tell(document.professional, "document_refused", entry, reason=reason, document=document.get_kind_display())


def review(document, status, *, by, **outcome):
    """Write the outcome of the check. Raises AccountError when someone else has written one."""
    lock_professional(document.professional_id)
    outcome |= {"status": status, "reviewed_by": by, "reviewed_at": clock.now()}
    if not Document.objects.to_review().filter(pk=document.pk).update(**outcome):
        raise AccountError(_("Ce document a déjà été examiné."))
    for field, value in outcome.items():
        setattr(document, field, value)
    if document.kind == Document.Kind.IDENTITY:
        delete_file(document)
        Document.objects.filter(pk=document.pk).update(file="")


def delete_file(document):
    """Remove the stored copy once the change is certain."""
    if document.file:
        storage, name = document.file.storage, document.file.name
        transaction.on_commit(lambda: storage.delete(name))


# Traces


def record(row, by, sentence):
    """Write in the admin's log who did what to this row."""
    return LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(row),
        object_id=row.pk,
        object_repr=str(row)[:200],
        action_flag=CHANGE,
        change_message=sentence,
    )


def tell(professional, event, entry, **context):
    """Send the e-mail `accounts/emails/<event>` about one entry of the log."""
    url, button = reverse("messaging:dashboard"), _("Ouvrir mon tableau de bord")
    key = f"{event}:{entry.pk}"
    notify(professional.user, f"accounts/emails/{event}", key, url=url, button=button, **context)
