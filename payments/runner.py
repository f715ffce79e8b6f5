"""Says prepared operations to Stripe: claim and commit, call outside any transaction, commit the answer."""

import logging
from datetime import timedelta

import stripe
from celery import shared_task
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from marketplace import clock
from missions import actions as missions
from missions.models import MissionEvent
from payments import closing, disputes, gateway, ledger, operations, returns, shares, sync
from payments.calls import CALLS, has_to_wait
from payments.emails import tell_client, tell_not_payable, tell_professional, tell_staff
from payments.errors import NotSure
from payments.models import CheckoutSession, ConnectedAccount, Customer, Hold, Payment, StripeOperation

logger = logging.getLogger(__name__)

Kind = StripeOperation.Kind
State = StripeOperation.State

# Longer than any call with its retries: nobody else takes the row while we are talking.
LEASE = timedelta(minutes=2)
NOT_PAYABLE_DELAY = timedelta(hours=1)
MAX_ATTEMPTS = 20

# Without these rights nothing of ours is done any more, and only the team can mend them.
OURS_TO_MEND = (stripe.AuthenticationError, stripe.PermissionError)

# Read with the row that is said: nearly every call names them.
WHOM_FOR = ("payment__mission__client__customer",)

# Refused for a state of Stripe's that may have changed since.
AFRESH = (*StripeOperation.TO_PROFESSIONAL, Kind.REFUND, Kind.REVERSE)

# Refused for good, these are simply made anew when somebody asks again.
MADE_ON_DEMAND = (Kind.CREATE_CUSTOMER, Kind.CREATE_ACCOUNT, Kind.CREATE_SESSION)


@shared_task
def run_payment(payment_id):
    """Run what is due for a payment, then what its answers made due, until nothing is."""
    due = StripeOperation.objects.filter(payment=payment_id).order_by("pk")
    while operation := due.due(clock.now()).first():
        attempt(operation)


def run(operation):
    """Say one operation to Stripe; a no-op when somebody else is at it. Returns the row read afresh."""
    attempt(operation)
    operation.refresh_from_db()
    return operation


def attempt(operation):
    if is_ready(operation) and claim(operation):
        operation.refresh_from_db(from_queryset=StripeOperation.objects.select_related(*WHOM_FOR))
        try:
            say(operation)
        except Exception as error:
            record_doubt(operation, error)
        if operation.kind == Kind.REFUND:
            end_judged(operation.payment)


@transaction.atomic
def end_judged(payment):
    disputes.end_judged(sync.lock_payment(payment))


def say(operation):
    try:
        answer = CALLS[operation.kind](gateway.client(), operation)
    except NotSure:
        postpone(operation, attempts=0)
    except stripe.StripeError as error:
        record_error(operation, error)
    else:
        record_answer(operation, answer)


def is_ready(operation):
    """Whether it need not wait, or was begun: then Stripe is read first."""
    if operation.attempts or not has_to_wait(operation):
        return True
    postpone(operation)
    if not operation.payment.disputes.open().exists():
        tell_not_payable(operation.payment)
    return False


def postpone(operation, **fields):
    StripeOperation.objects.filter(pk=operation.pk).update(due_at=clock.now() + NOT_PAYABLE_DELAY, **fields)


def claim(operation):
    now = clock.now()
    wait = LEASE * 2 ** min(operation.attempts, 6)
    rows = StripeOperation.objects.due(now).filter(pk=operation.pk)
    return rows.update(attempts=F("attempts") + 1, due_at=now + wait)


@transaction.atomic
def record_answer(operation, answer):
    """Write what Stripe answered and what follows from it, once."""
    if answer is None:
        if finish(operation, State.REFUSED, error=_("N’est plus voulu.")) and operation.kind in REDUCED:
            REDUCED[operation.kind](operation)
    elif finish(operation, State.DONE, stripe_id=getattr(answer, "id", ""), answer=gateway.summary_of(answer)):
        RECORDS[operation.kind](operation, answer)


def record_error(operation, error):
    if gateway.is_definitive(error) and operation.attempts > 1 and operation.kind in AFRESH:
        say_afresh(operation)
    elif gateway.is_definitive(error):
        logger.warning("Stripe refused %s: %s", operation.key, describe(error))
        REFUSALS.get(operation.kind, record_stuck)(operation, error)
    else:
        record_doubt(operation, error)


def say_afresh(operation):
    """The refusal may be an answer we never heard, kept under the key: under another one, what Stripe says now."""
    rows = StripeOperation.objects.filter(pk=operation.pk)
    rows.update(attempts=0, key_round=F("key_round") + 1, due_at=clock.now())


def record_doubt(operation, error):
    """Whether it was done is not known: it is read, then said again later, until somebody must look."""
    log = logger.warning if isinstance(error, stripe.StripeError) else logger.exception
    log("No certain answer to %s: %s", operation.key, describe(error))
    if operation.attempts < MAX_ATTEMPTS:
        key_round = operation.key_round + gateway.is_kept(error)
        StripeOperation.objects.filter(pk=operation.pk).update(error=describe(error), key_round=key_round)
        tell_silence(operation, error)
    else:
        record_stuck(operation, error, answered_at=None)


def tell_silence(operation, error):
    """Tell the team while there is time to mend it, once a day: what stops one call stops many."""
    if operation.attempts >= StripeOperation.MANY_ATTEMPTS or isinstance(error, OURS_TO_MEND):
        tell_staff(f"silence:{clock.now():%Y-%m-%d}", "operation_unanswered", operation)


def finish(operation, state, **fields):
    """Leave the pending state, for good, in the caller's transaction; false when another process did so first."""
    if operation.payment_id:
        operation.payment = sync.lock_payment(operation.payment)
    rows = StripeOperation.objects.filter(pk=operation.pk, state=State.PENDING)
    return rows.update(state=state, **{"answered_at": clock.now(), **fields})


def describe(error):
    """Stripe's own code and request number: its sentences may name the client."""
    parts = (type(error).__name__, getattr(error, "code", None), getattr(error, "request_id", None))
    return " ".join(part for part in parts if part)


# What follows from a refusal


@transaction.atomic
def record_stuck(operation, error, **fields):
    """Nothing more can be done without somebody of the team, who is told."""
    if operation.kind in MADE_ON_DEMAND:
        give_up_demand(operation, error)
    elif finish(operation, State.STUCK, error=describe(error), **fields):
        tell_staff(f"operation:{operation.pk}", "operation_stuck", operation)


def give_up_demand(operation, error):
    if finish(operation, State.REFUSED, error=describe(error)) and gateway.is_definitive(error):
        record_our_refusal(operation, error)


def record_our_refusal(operation, error):
    """No bank refused, so others may be refused as well: tell the team, once a day for each kind of call.

    A client whom Stripe has no more is made again.
    """
    tell_staff(f"refused:{operation.kind}:{clock.now():%Y-%m-%d}", "operation_refused", operation)
    if operation.payment_id and is_customer_gone(error):
        forget_customer(operation.payment.mission.client)


def is_customer_gone(error):
    """Somebody deleted the client's object in Stripe's dashboard."""
    return error.code == "resource_missing" and getattr(error, "param", None) == "customer"


def forget_customer(client):
    """Have another one made at the next payment page; their saved cards went with it."""
    Customer.objects.filter(client=client).delete()
    operations.forget_customer(client)


@transaction.atomic
def record_refused_hold(operation, error):
    if finish(operation, State.REFUSED, error=describe(error)):
        is_banks = isinstance(error, stripe.CardError)
        may_retry = is_banks and error.code != "authentication_required"
        sync.write_refused_hold(operation.payment, may_retry=may_retry)
        if not is_banks:
            record_our_refusal(operation, error)


def record_too_late(operation, error):
    """What we wanted to end had ended by itself: read how, then only give up the call."""
    if operation.kind == Kind.EXPIRE_SESSION:
        sync.sync_session(operation.session.stripe_id)
    else:
        sync.sync_intent(operation.hold.intent_id)
    with transaction.atomic():
        finish(operation, State.REFUSED, error=describe(error))


def record_refused_transfer(operation, error):
    """An account may close before its event reaches us: read it, and wait with the share if that is so."""
    account = sync.sync_account(operation.payment.mission.professional.account.stripe_id)
    if account.is_payable:
        record_stuck(operation, error)
        return
    with transaction.atomic():
        if finish(operation, State.REFUSED, error=describe(error)):
            postpone(operations.AGAIN[operation.kind](operation))
            tell_not_payable(operation.payment)


def record_refused_refund(operation, error):
    """A bank may take the money back before its event reaches us: wait for what it decides, or return what it left."""
    sync.sync_disputes(operation.payment, operation.hold)
    payment = operation.payment
    if not payment.disputes.open().exists() and returns.left_cents(payment) >= 0:
        record_stuck(operation, error)
        return
    with transaction.atomic():
        if finish(operation, State.REFUSED, error=describe(error)):
            postpone(operations.AGAIN[operation.kind](operation))


def record_refused_reversal(operation, error):
    """An account that was paid out may hold too little: what is there comes back, the rest is owed to us."""
    available = gateway.available_cents(operation.source)
    if error.code != "balance_insufficient" or available >= operation.amount_cents:
        record_stuck(operation, error)
        return
    with transaction.atomic():
        if finish(operation, State.REFUSED, error=describe(error)):
            disputes.took_back_less(operation, available)


REFUSALS = {
    Kind.PLACE_HOLD: record_refused_hold,
    Kind.REFUND: record_refused_refund,
    Kind.REVERSE: record_refused_reversal,
    Kind.PAY_AGAIN: record_refused_transfer,
    Kind.EXPIRE_SESSION: record_too_late,
    Kind.CANCEL_HOLD: record_too_late,
    Kind.TRANSFER: record_refused_transfer,
}


def pay_less(operation):
    shares.pay_what_is_left(operation.payment, operation.dispute)


def take_back_for_others(operation):
    disputes.take_back_excess(operation.payment)


# What of a call is still wanted, once it is not as it was prepared.
REDUCED = {
    Kind.TRANSFER: pay_less,
    Kind.PAY_AGAIN: pay_less,
    Kind.REFUND: returns.send_what_is_left,
    Kind.REVERSE: take_back_for_others,
}


# What follows from each answer, under the payment's lock


def customer_created(operation, answer):
    Customer.objects.get_or_create(client=operation.client, defaults={"stripe_id": answer.id})


def session_created(operation, answer):
    """Open the page, unless the client has another one by now, or nothing left to pay."""
    session = CheckoutSession.objects.get(pk=operation.session_id)
    session.stripe_id, session.url = answer.id, answer.url
    wanted = session.status == CheckoutSession.Status.CREATING and not operation.payment.is_closed
    session.status = CheckoutSession.Status.OPEN if wanted else CheckoutSession.Status.EXPIRED
    session.save(update_fields=["stripe_id", "url", "status"])
    if not wanted:
        operations.prepare_session_end(session)


def session_expired(operation, answer):
    CheckoutSession.objects.filter(pk=operation.session_id).update(status=CheckoutSession.Status.EXPIRED)


def hold_placed(operation, answer):
    if answer.status == "requires_capture":
        sync.write_intent(operation.payment, answer)
    else:
        sync.write_refused_hold(operation.payment, may_retry=False)


def captured(operation, answer):
    sync.write_capture(operation, answer)


def hold_cancelled(operation, answer):
    Hold.objects.filter(pk=operation.hold_id).update(status=Hold.Status.CANCELLED)
    if operation.payment.is_closed and operation.payment.status == Payment.Status.HELD:
        closing.set_status(operation.payment, Payment.Status.RETURNED)


def transferred(operation, answer):
    payment, cents = operation.payment, operation.amount_cents
    ledger.book_transfer(operation)
    missions.record(payment.mission, MissionEvent.Kind.PAID, by=None, cents=cents)
    if kept := cents - disputes.take_back_excess(payment):
        tell_professional(payment, "paid", key=str(operation.pk), cents={"amount": kept})


def refunded(operation, answer):
    ledger.book_refund(operation)
    tell_client(operation.payment, "refunded", key=str(operation.pk), cents={"amount": operation.amount_cents})


def transfer_reversed(operation, answer):
    returns.taken_back(operation)
    if operation.dispute and operation.dispute.closed_at:
        shares.pay_what_is_left(operation.payment, operation.dispute)


def account_created(operation, answer):
    """The first one, or another in the place of one that is closed: nothing is known of it yet."""
    afresh = {"stripe_id": answer.id, "transfers": ConnectedAccount.Transfers.RESTRICTED, "checked_at": None}
    ConnectedAccount.objects.update_or_create(professional=operation.professional, defaults=afresh)


RECORDS = {
    Kind.CREATE_CUSTOMER: customer_created,
    Kind.CREATE_SESSION: session_created,
    Kind.EXPIRE_SESSION: session_expired,
    Kind.PLACE_HOLD: hold_placed,
    Kind.CAPTURE: captured,
    Kind.CANCEL_HOLD: hold_cancelled,
    Kind.TRANSFER: transferred,
    Kind.REFUND: refunded,
    Kind.REVERSE: transfer_reversed,
    Kind.PAY_AGAIN: transferred,
    Kind.CREATE_ACCOUNT: account_created,
    Kind.SET_PAYOUTS: lambda operation, answer: None,
}
