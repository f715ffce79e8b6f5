"""What Stripe tells us. An event is only a hint to read its object again: see payments.sync."""

import logging
from datetime import timedelta

import stripe
from celery import shared_task
from django.db.models import F

from marketplace import clock
from payments import sync
from payments.errors import NotOurs
from payments.models import CheckoutSession, ConnectedAccount, Hold, Payment, StripeEvent, StripeOperation
from payments.runner import run_payment

logger = logging.getLogger(__name__)

State = StripeEvent.State

# An object we do not know may be one our own commit has not reached yet; after some hours it is not ours.
RETRY_DELAY = timedelta(minutes=1)
MAX_ATTEMPTS = 30

SNAPSHOT_HANDLERS = {
    "checkout.session.completed": sync.sync_session,
    "checkout.session.expired": sync.sync_session,
    "setup_intent.succeeded": sync.sync_setup,
    "setup_intent.setup_failed": sync.sync_setup,
    "payment_intent.amount_capturable_updated": sync.sync_intent,
    "payment_intent.requires_action": sync.sync_intent,
    "payment_intent.payment_failed": sync.sync_intent,
    "payment_intent.succeeded": sync.sync_intent,
    "payment_intent.canceled": sync.sync_intent,
    "charge.expired": sync.sync_charge,
    "charge.refunded": sync.sync_charge,
    "refund.created": sync.sync_refund,
    "refund.updated": sync.sync_refund,
    "refund.failed": sync.sync_refund,
    "charge.dispute.created": sync.sync_dispute,
    "charge.dispute.updated": sync.sync_dispute,
    "charge.dispute.funds_withdrawn": sync.sync_dispute,
    "charge.dispute.funds_reinstated": sync.sync_dispute,
    "charge.dispute.closed": sync.sync_dispute,
    "transfer.created": sync.sync_transfer,
    "transfer.reversed": sync.sync_transfer,
}
THIN_HANDLERS = {
    "v2.core.account.closed": sync.sync_account,
    "v2.core.account[configuration.recipient].capability_status_updated": sync.sync_account,
    "v2.core.account[requirements].updated": sync.sync_account,
}
HANDLERS = SNAPSHOT_HANDLERS | THIN_HANDLERS

UNKNOWN = (
    CheckoutSession.DoesNotExist,
    ConnectedAccount.DoesNotExist,
    Hold.DoesNotExist,
    Payment.DoesNotExist,
    StripeOperation.DoesNotExist,
    stripe.InvalidRequestError,
)


def receive(event_id, event_type, object_id, source=StripeEvent.Source.WEBHOOK):
    """Keep an event once, however often and by whichever way it comes; returns its row, new or not."""
    state = State.PENDING if event_type in HANDLERS else State.IGNORED
    defaults = {
        "type": event_type,
        "object_id": object_id,
        "source": source,
        "state": state,
        "due_at": clock.now(),
    }
    event, _created = StripeEvent.objects.get_or_create(event_id=event_id, defaults=defaults)
    return event


@shared_task
def process(event_id):
    """Read the event's object again; an unknown one is tried later."""
    event = StripeEvent.objects.get(pk=event_id)
    if not claim(event):
        return
    try:
        answer(event)
    except NotOurs:
        finish(event, State.IGNORED)
    except Exception as error:
        put_off(event, error)
    else:
        finish(event, State.DONE)


def put_off(event, error):
    """Try an event later; after some hours its object is not ours, or somebody must look."""
    is_unknown = isinstance(error, UNKNOWN)
    # The sentences of Stripe's errors may name the client, so only our own are logged whole.
    log = logger.warning if is_unknown or isinstance(error, stripe.StripeError) else logger.exception
    log("Event %s is put off: %s", event.event_id, type(error).__name__)
    is_last = event.attempts + 1 >= MAX_ATTEMPTS
    ended = State.IGNORED if is_unknown else State.FAILED
    finish(event, ended if is_last else State.PENDING, error=type(error).__name__)


def answer(event):
    found = HANDLERS[event.type](event.object_id)
    if isinstance(found, Payment):
        run_payment(found.pk)


def claim(event):
    now = clock.now()
    rows = StripeEvent.objects.due(now).filter(pk=event.pk)
    return rows.update(attempts=F("attempts") + 1, due_at=now + RETRY_DELAY * (event.attempts + 1))


def finish(event, state, error=""):
    StripeEvent.objects.filter(pk=event.pk).update(state=state, error=error)
