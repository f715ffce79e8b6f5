"""Talking and agreeing. Whatever writes in a thread holds its mission's lock, so that deadlines, numbers
and the e-mails of unseen messages follow one another; accepting also holds the professional's.
"""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actions import notify, withdraw_notifications
from accounts.models import Client, Rate
from marketplace import clock
from messaging.errors import ProposalError
from messaging.models import Attachment, Message, Proposal, Thread
from missions import policy
from missions.actions import (
    agree_mission,
    ask_mission,
    decline_mission,
    postpone_inquiry,
    require,
    require_party,
    reserve_seats,
    withdraw_mission,
)
from missions.emails import tell
from missions.locking import answer_rivals, lock_mission, lock_professional
from missions.models import Mission
from missions.models.terms import seats_for
from missions.opening import is_blocked_during
from missions.search import is_listed
from payments.actions import open_payment

PROPOSAL_LIFE = timedelta(hours=72)
PROPOSAL_BEFORE_START = timedelta(hours=2)
UNSEEN_DELAY = timedelta(minutes=5)

Status = Proposal.Status


# Messages


@transaction.atomic
def open_inquiry(mission, *, by, message):
    """Send a client's request, unsaved so far, and its first message; returns the thread."""
    ask_mission(mission, by=by)
    thread = Thread.objects.create(mission=mission, last_activity_at=mission.created_at)
    announce(write_message(thread, by=by, body=message), mission, "messaging/emails/inquiry")
    return thread


@transaction.atomic
def send_message(thread, *, by, body, files=()):
    """Write to the other side. `files` are (name for people, file checked by `accounts.files`) pairs."""
    mission = lock_thread(thread)
    require_party(mission, by)
    message = write_message(thread, by=by, body=body)
    for name, file in files:
        attach(message, name, file)
    touch(thread, mission, by=by)
    announce(message, mission, "messaging/emails/unseen")
    return message


def write_message(thread, *, by, body):
    return Message.objects.create(thread=thread, author=by, body=body, written_at=clock.now())


def attach(message, name, file):
    Attachment.objects.create(
        message=message, file=file, name=name[-120:], content_type=file.content_type, bytes=file.size
    )


def announce(message, mission, template):
    """Owe an e-mail for the first message of each run that stays unseen; the rest of the run rides along."""
    reader = mission.other(message.author).user
    first = message.thread.messages.unread_by(reader).earliest("pk")
    notify(
        reader,
        template,
        f"{unseen_key(message.thread_id)}{first.pk}",
        due_at=clock.now() + UNSEEN_DELAY,
        other=str(mission.other(reader)),
        url=mission.get_absolute_url(),
        button=_("Lire et répondre"),
    )


@transaction.atomic
def mark_seen(thread, *, by):
    """What the other side wrote has been read: no e-mail will announce it any more."""
    unseen = thread.messages.filter(seen_at=None).exclude(author=by)
    if not unseen.exists():
        return
    lock_thread(thread)
    unseen.update(seen_at=clock.now())
    withdraw_notifications(by, unseen_key(thread.pk))


def unseen_key(thread_id):
    return f"thread:{thread_id}:unseen:"


def lock_thread(thread):
    return Mission.objects.select_for_update(no_key=True).get(pk=thread.pk)


def touch(thread, mission, *, by):
    """Put the thread first in both inboxes, and the request's deadline off."""
    thread.last_activity_at = clock.now()
    thread.save(update_fields=["last_activity_at"])
    postpone_inquiry(mission, answered=not mission.is_client(by))


# Requests


@transaction.atomic
def decline_inquiry(thread, *, by):
    """The professional says no, to the request and to what was proposed for it."""
    decline_mission(thread.mission, by=by)
    close_open_proposal(thread, Status.DECLINED)


@transaction.atomic
def withdraw_inquiry(thread, *, by):
    """The client no longer asks."""
    withdraw_mission(thread.mission, by=by)
    close_open_proposal(thread, Status.DECLINED)


# Proposals


@transaction.atomic
def write_proposal(thread, *, by, terms, hourly_cents=None):
    """Offer `terms` (see `Terms.TERMS`) at `hourly_cents` before VAT: a client's offer has the published rate.

    The price is frozen; an open proposal gives way. Raises ProposalError.
    """
    mission = require(lock_mission(thread.mission), Mission.Status.INQUIRY)
    require_party(mission, by)
    check_terms(terms, mission.professional)
    close_open_proposal(thread, Status.SUPERSEDED)
    proposal = draft_proposal(thread, mission, by=by, terms=terms, hourly_cents=hourly_cents)
    proposal.save()
    touch(thread, mission, by=by)
    tell_other(proposal, mission, by, "messaging/emails/proposal", url=proposal.get_absolute_url())
    return proposal


def draft_proposal(thread, mission, *, by, terms, hourly_cents=None):
    """The proposal that would be written, priced and unsaved."""
    now = clock.now()
    if hourly_cents is None or mission.is_client(by):
        hourly_cents = published_rate(mission.professional, terms["service"])
    proposal = Proposal(
        thread=thread,
        author=by,
        number=thread.proposals.count() + 1,
        hourly_cents=hourly_cents,
        written_at=now,
        expires_at=min(now + PROPOSAL_LIFE, terms["starts_at"] - PROPOSAL_BEFORE_START),
        **terms,
    )
    proposal.freeze_price(proposal, mission.professional)
    return proposal


def published_rate(professional, service):
    """Cents per hour and agent before VAT; raises ProposalError where none is published."""
    rate = Rate.objects.filter(professional=professional, service=service).first()
    if rate is None:
        raise ProposalError(_("%(name)s ne propose pas cette prestation.") % {"name": professional})
    return rate.hourly_cents


def check_terms(terms, professional):
    if terms["starts_at"] <= clock.now() + PROPOSAL_BEFORE_START:
        raise ProposalError(_("Choisissez un début à plus de deux heures d’ici, le temps de répondre et de payer."))
    if terms["service"] not in professional.services:
        raise ProposalError(_("%(name)s ne propose pas cette prestation.") % {"name": professional})
    minutes = int((terms["ends_at"] - terms["starts_at"]).total_seconds()) // 60
    if seats_for(terms["agents"], minutes) > professional.agents:
        raise ProposalError(
            _("%(name)s n’a pas assez d’agents. Au-delà de 12 heures, chaque poste demande une relève.")
            % {"name": professional}
        )


@answer_rivals
@transaction.atomic
def accept_proposal(proposal, *, by):
    """Agree on these terms and reserve the agents until the payment deadline.

    Raises ProposalError when it can no longer be accepted, SlotTaken when the agents are no longer free.
    """
    professional = lock_professional(proposal.thread.mission.professional_id)
    mission = Mission.objects.select_for_update().get(pk=proposal.thread_id)
    proposal = Proposal.objects.select_for_update().get(pk=proposal.pk)
    check_answerable(proposal, mission, by=by)
    check_listed(professional, proposal)
    check_not_blocked(professional, proposal)
    check_unpaid(mission.client_id)

    agree_mission(mission, terms=proposal.terms, priced=proposal, by=by)
    reserve_seats(professional, mission)
    close_proposal(proposal, Status.ACCEPTED)
    open_payment(mission)
    touch(proposal.thread, mission, by=by)
    tell(mission, professional.user, "messaging/emails/accepted")


def check_answerable(proposal, mission, *, by):
    require(mission, Mission.Status.INQUIRY)
    require_party(mission, by)
    if not proposal.is_answerable(clock.now()):
        raise ProposalError(_("Cette proposition n’est plus ouverte. Faites-en une nouvelle, ou demandez-en une."))
    if proposal.author_id == by.pk:
        raise ProposalError(_("C’est à l’autre partie de répondre à votre proposition."))


def check_listed(professional, terms):
    """Whatever was true when the search was made, the papers must still cover the mission."""
    if not is_listed(professional, terms, now=clock.now()):
        raise ProposalError(
            _("%(name)s ne peut pas prendre cette mission : ses documents ou ses paiements ne sont pas à jour.")
            % {"name": professional}
        )


def check_not_blocked(professional, terms):
    """Weekly hours can be talked over; a period declared closed, or taken in another calendar, cannot."""
    if is_blocked_during(professional, terms):
        raise ProposalError(
            _("%(name)s a fermé cette période, ou l’a prise ailleurs. Proposez une autre date.")
            % {"name": professional}
        )


def check_unpaid(client_id):
    """Hold agents for nobody more than three times unpaid; the client's row is the fourth lock, after the mission."""
    client = Client.objects.select_for_update(no_key=True).get(pk=client_id)
    if client.missions.awaiting_payment().count() >= policy.UNPAID_MISSIONS_PER_CLIENT:
        raise ProposalError(_("Trois missions attendent déjà leur paiement : il faut en payer une avant celle-ci."))


@transaction.atomic
def decline_proposal(proposal, *, by):
    """Refuse these terms; the request goes on."""
    mission = lock_mission(proposal.thread.mission)
    proposal = Proposal.objects.select_for_update().get(pk=proposal.pk)
    check_answerable(proposal, mission, by=by)
    close_proposal(proposal, Status.DECLINED)
    touch(proposal.thread, mission, by=by)
    tell_other(proposal, mission, by, "messaging/emails/declined")


@transaction.atomic
def expire_proposal(proposal):
    """Close a proposal whose time is over, or whose request is."""
    lock_mission(proposal.thread.mission)
    Proposal.objects.lapsed(clock.now()).filter(pk=proposal.pk).update(status=Status.EXPIRED, answered_at=clock.now())


def close_proposal(proposal, status):
    proposal.status, proposal.answered_at = status, clock.now()
    proposal.save(update_fields=["status", "answered_at"])


def close_open_proposal(thread, status):
    thread.proposals.open().update(status=status, answered_at=clock.now())


def tell_other(proposal, mission, by, template, **context):
    tell(mission, mission.other(by).user, template, key=str(proposal.number), **context)
