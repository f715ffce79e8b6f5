"""Writes to Stripe as rows: each is committed here, with its key, before anything is said to Stripe."""

from django.conf import settings

from marketplace import clock
from payments.models import StripeOperation

Kind = StripeOperation.Kind


def prepare(kind, key, **fields):
    """Owe Stripe a call; preparing the same key twice is one call. The row is read again before it is said."""
    operation = StripeOperation(key=f"{settings.STRIPE_ENV}:{key}", kind=kind, due_at=clock.now(), **fields)
    # One query, which leaves the row that has this key as it is.
    StripeOperation.objects.bulk_create(
        [operation], update_conflicts=True, unique_fields=["key"], update_fields=["key"]
    )
    return operation


def prepare_customer(client):
    attempt = _attempt(StripeOperation.objects.filter(client=client), Kind.CREATE_CUSTOMER)
    return prepare(Kind.CREATE_CUSTOMER, f"customer:{client.pk}:{attempt}", client=client)


def forget_customer(client):
    """Stripe has them no more: the next attempt is another call."""
    StripeOperation.objects.filter(client=client, kind=Kind.CREATE_CUSTOMER).update(state=StripeOperation.State.REFUSED)


def prepare_session(session):
    return prepare(Kind.CREATE_SESSION, f"session:{session.pk}", payment=session.payment, session=session)


def prepare_session_end(session):
    key = f"expire:{session.pk}:{_attempt(session.operations, Kind.EXPIRE_SESSION)}"
    return prepare(Kind.EXPIRE_SESSION, key, payment=session.payment, session=session)


def prepare_hold(payment):
    key = f"hold:{payment.pk}:{_attempt(payment.operations, Kind.PLACE_HOLD)}"
    return prepare(Kind.PLACE_HOLD, key, payment=payment, amount_cents=payment.amount_cents)


def prepare_capture(hold, cents):
    key = f"capture:{hold.intent_id}:{cents}:{_attempt(hold.operations, Kind.CAPTURE)}"
    return prepare(Kind.CAPTURE, key, payment=hold.payment, hold=hold, amount_cents=cents)


def has_capture(hold):
    states = (StripeOperation.State.PENDING, StripeOperation.State.DONE)
    return hold.operations.filter(kind=Kind.CAPTURE, state__in=states).exists()


def forget_captures(hold):
    """Stripe let the hold go: it was not captured, whatever we heard, and another hold may be."""
    states = (StripeOperation.State.PENDING, StripeOperation.State.STUCK)
    captures = hold.operations.filter(kind=Kind.CAPTURE, state__in=states)
    captures.update(state=StripeOperation.State.REFUSED)


def adopt_capture(hold, cents):
    """The row of a capture that Stripe made and we forgot."""
    return adopt(prepare_capture(hold, cents), hold.intent_id)


def adopt_made(kind, payment, found, **fields):
    """The row of something made at Stripe's by somebody."""
    return adopt(prepare(kind, f"adopted:{found.id}", payment=payment, amount_cents=found.amount, **fields), found.id)


def adopt(operation, stripe_id):
    """Write as done a call that Stripe already did."""
    operation.state, operation.stripe_id = StripeOperation.State.DONE, stripe_id
    operation.answered_at = clock.now()
    operation.save(update_fields=["state", "stripe_id", "answered_at"])
    return operation


def prepare_cancellation(hold):
    key = f"cancel:{hold.intent_id}:{_attempt(hold.operations, Kind.CANCEL_HOLD)}"
    return prepare(Kind.CANCEL_HOLD, key, payment=hold.payment, hold=hold)


def prepare_transfer(payment, cents):
    key = f"transfer:{payment.pk}:{cents}:{_attempt(payment.operations, Kind.TRANSFER)}"
    return prepare(Kind.TRANSFER, key, payment=payment, amount_cents=cents)


def prepare_refund(hold, cents, *, refund=None):
    """Of what a settlement leaves, once, or of what staff decide to return, once for each decision."""
    operations = hold.operations.filter(refund=refund)
    key = f"refund:{hold.intent_id}:{refund.pk if refund else 0}:{cents}:{_attempt(operations, Kind.REFUND)}"
    return prepare(Kind.REFUND, key, payment=hold.payment, hold=hold, refund=refund, amount_cents=cents)


def prepare_reversal(payment, source, cents, *, refund=None, dispute=None):
    """Take back a part of a transfer, `source` at Stripe's, for a refund or for a chargeback."""
    wanted = {"payment": payment, "source": source, "refund": refund, "dispute": dispute}
    cause = f"refund:{refund.pk}" if refund else f"dispute:{dispute.pk}"
    attempt = _attempt(StripeOperation.objects.filter(**wanted), Kind.REVERSE)
    key = f"reverse:{source}:{cause}:{cents}:{attempt}"
    return prepare(Kind.REVERSE, key, amount_cents=cents, **wanted)


def prepare_pay_again(dispute, cents):
    # A chargeback may have the professional paid several times, of the same amount too, before the first has left.
    before = dispute.operations.filter(kind=Kind.PAY_AGAIN).count()
    key = f"again:{dispute.stripe_id}:{cents}:{before + 1}"
    return prepare(Kind.PAY_AGAIN, key, payment=dispute.payment, dispute=dispute, amount_cents=cents)


def prepare_account(professional):
    """Of one who has none, or whose last one is closed: under the next number, the last call being done or refused."""
    before = accounts_asked(professional).exclude(state=StripeOperation.State.PENDING).count()
    return prepare(Kind.CREATE_ACCOUNT, f"account:{professional.pk}:{before + 1}", professional=professional)


def prepare_payouts(account):
    payouts = StripeOperation.objects.filter(professional=account.professional_id, kind=Kind.SET_PAYOUTS)
    key = f"payouts:{account.stripe_id}:{_attempt(payouts, Kind.SET_PAYOUTS)}"
    return prepare(Kind.SET_PAYOUTS, key, professional_id=account.professional_id)


def has_had(professional, stripe_id):
    """Whether this is, or was, the professional's account: theirs now, or closed and replaced since."""
    return accounts_asked(professional).filter(stripe_id=stripe_id).exists()


def accounts_asked(professional):
    return StripeOperation.objects.filter(kind=Kind.CREATE_ACCOUNT, professional=professional)


def prepare_again(operation):
    """Give up a row Stripe refused, and owe the same call under a new key."""
    forget(operation)
    return AGAIN[operation.kind](operation)


def is_replaced(operation):
    """Whether another call of a kind that a payment knows once is under way, or done, in the place of this one."""
    others = StripeOperation.objects.filter(payment=operation.payment_id, kind=operation.kind).exclude(pk=operation.pk)
    states = (StripeOperation.State.PENDING, StripeOperation.State.DONE)
    return operation.kind in StripeOperation.ONCE and others.filter(state__in=states).exists()


def resume(operation):
    """Say a stuck call again: read first, since it may have been done, then said under another key.

    A refund that came back was done: it is another one that leaves.
    """
    if operation.stripe_id:
        return prepare_again(operation)
    operation.state, operation.attempts, operation.answered_at = StripeOperation.State.PENDING, 1, None
    operation.key_round, operation.due_at = operation.key_round + 1, clock.now()
    operation.save(update_fields=["state", "attempts", "answered_at", "key_round", "due_at"])
    return operation


def forget(operation):
    """Another call takes the place of one that waits."""
    StripeOperation.objects.filter(pk=operation.pk).update(state=StripeOperation.State.REFUSED)


def keep_as(operation, other):
    """Have a call wait for the team, if the one whose place it takes did."""
    StripeOperation.objects.filter(pk=operation.pk).update(state=other.state, error=other.error)


def give_up(operations):
    """Forget the calls that were never begun."""
    operations.filter(state=StripeOperation.State.PENDING, attempts=0).update(state=StripeOperation.State.REFUSED)


def _attempt(operations, kind):
    """A new number only after Stripe refused for good: until then the same key must protect the same call."""
    return operations.filter(kind=kind, state=StripeOperation.State.REFUSED).count() + 1


AGAIN = {
    Kind.TRANSFER: lambda operation: prepare_transfer(operation.payment, operation.amount_cents),
    Kind.PAY_AGAIN: lambda operation: prepare_pay_again(operation.dispute, operation.amount_cents),
    Kind.REFUND: lambda operation: prepare_refund(operation.hold, operation.amount_cents, refund=operation.refund),
}
