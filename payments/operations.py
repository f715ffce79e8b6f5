"""Writes to Stripe as rows: each is committed here, with its key, before anything is said to Stripe."""

from django.conf import settings

from marketplace import clock
from payments.models import StripeOperation

Kind = StripeOperation.Kind


def prepare(kind, key, **fields):
    """Owe Stripe a call; preparing the same key twice is one call."""
    fields.setdefault("due_at", clock.now())
    operation, _created = StripeOperation.objects.get_or_create(
        key=f"{settings.STRIPE_ENV}:{key}", defaults={"kind": kind, **fields}
    )
    return operation


def prepare_customer(client):
    return prepare(Kind.CREATE_CUSTOMER, f"customer:{client.pk}", client=client)


def prepare_session(session):
    return prepare(Kind.CREATE_SESSION, f"session:{session.pk}", payment=session.payment, session=session)


def prepare_session_end(session):
    return prepare(Kind.EXPIRE_SESSION, f"expire:{session.pk}", payment=session.payment, session=session)


def prepare_hold(payment):
    key = f"hold:{payment.pk}:{_attempt(payment, Kind.PLACE_HOLD)}"
    return prepare(Kind.PLACE_HOLD, key, payment=payment, amount_cents=payment.amount_cents)


def prepare_capture(hold, cents):
    key = f"capture:{hold.intent_id}:{cents}:{_attempt(hold.payment, Kind.CAPTURE)}"
    return prepare(Kind.CAPTURE, key, payment=hold.payment, hold=hold, amount_cents=cents)


def prepare_cancellation(hold):
    return prepare(Kind.CANCEL_HOLD, f"cancel:{hold.intent_id}", payment=hold.payment, hold=hold)


def prepare_transfer(payment, cents):
    key = f"transfer:{payment.pk}:{cents}:{_attempt(payment, Kind.TRANSFER)}"
    return prepare(Kind.TRANSFER, key, payment=payment, amount_cents=cents)


def prepare_refund(hold, cents):
    key = f"refund:{hold.intent_id}:{cents}"
    return prepare(Kind.REFUND, key, payment=hold.payment, hold=hold, amount_cents=cents)


def prepare_account(professional):
    return prepare(Kind.CREATE_ACCOUNT, f"account:{professional.pk}", professional=professional)


def _attempt(payment, kind):
    """A new number only after Stripe refused for good: until then the same key must protect the same call."""
    refused = payment.operations.filter(kind=kind, state=StripeOperation.State.REFUSED)
    return refused.count() + 1
