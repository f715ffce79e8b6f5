"""Our books compared with Stripe's, both ways. What differs is a row with what to do about it; nothing is moved here.

Missed events are read every ten minutes, open payments every hour, the books of the last days every night; the sweep
asks each minute which of them is due, so a night without it only delays them.
"""

import logging
from contextlib import contextmanager
from datetime import timedelta

import stripe
from django.conf import settings
from django.db.models import Sum

from marketplace import clock
from payments import audit, events, gateway, subscriptions, sync
from payments.emails import tell_staff
from payments.models import Difference, Dispute, Hold, Payment, Reconciliation, StripeEvent, StripeOperation
from payments.runner import run_payment

logger = logging.getLogger(__name__)

Act = Difference.Act
Kind = Difference.Kind
Scope = Reconciliation.Scope
State = StripeOperation.State

EVERY = {Scope.EVENTS: timedelta(minutes=10), Scope.OPEN: timedelta(hours=1), Scope.BOOKS: timedelta(hours=24)}
# A comparison still not ended after that was killed: the next one takes its place.
LONGEST = timedelta(minutes=30)
# An event may enter Stripe's list later than its date says; ours are kept once, so reading some twice costs nothing.
EVENTS_OVERLAP = timedelta(hours=1)
EVENTS_KEPT = timedelta(days=30)  # https://docs.stripe.com/api/events
TYPES_PER_LIST = 20  # https://docs.stripe.com/api/events/list
BOOKS_WINDOW = timedelta(days=3)

HOLD_STATES = {
    Hold.Status.LIVE: {"requires_capture"},
    Hold.Status.UNWANTED: {"requires_capture", "canceled"},
    Hold.Status.CAPTURED: {"succeeded"},
    Hold.Status.CANCELLED: {"canceled"},
    Hold.Status.EXPIRED: {"canceled"},
}
TAKEN = {"requires_capture", "succeeded"}


# When


def is_due(scope, now):
    last = Reconciliation.objects.filter(scope=scope).order_by("-started_at").first()
    if last is None or last.started_at + EVERY[scope] <= now:
        return True
    return last.ended_at is None and last.started_at + LONGEST <= now


@contextmanager
def recorded(scope):
    """A row for this comparison, ended only if nothing interrupted it."""
    run = Reconciliation.objects.create(scope=scope, started_at=clock.now())
    yield run
    run.ended_at = clock.now()
    run.save(update_fields=["ended_at", "found"])


# Events that never reached us


def read_missed_events():
    """Ask Stripe for the events since the last time: a webhook may be lost, its event is not."""
    since = events_since(clock.now())
    with recorded(Scope.EVENTS) as run:
        types = sorted(events.SNAPSHOT_HANDLERS)
        for start in range(0, len(types), TYPES_PER_LIST):
            wanted = {"types": types[start : start + TYPES_PER_LIST], "created": {"gte": since}, "limit": 100}
            for event in gateway.client().v1.events.list(wanted).auto_paging_iter():
                run.found += keep_missed(event)


def events_since(now):
    last = Reconciliation.objects.filter(scope=Scope.EVENTS).exclude(ended_at=None).order_by("-started_at").first()
    oldest = now - EVENTS_KEPT
    return int((max(last.started_at - EVENTS_OVERLAP, oldest) if last else oldest).timestamp())


def keep_missed(event):
    """Whether this event was new to us."""
    if StripeEvent.objects.filter(event_id=event.id).exists():
        return False
    row = events.receive(event.id, event.type, event.data.object.id, StripeEvent.Source.LIST)
    events.process(row.pk)
    return True


# Payments that are not over


def read_open_payments(read=None):
    """Read again at Stripe's every payment whose end is not written: what an event did not tell is found here.

    `read` takes a payment's number; another one than `read_payment` may leave it to a worker.
    """
    with recorded(Scope.OPEN) as run:
        for pk in Payment.objects.open().order_by("pk").values_list("pk", flat=True):
            run.found += (read or read_payment)(pk) is True


def read_payment(pk):
    """Whether Stripe told something of this payment that we did not know."""
    payment = Payment.objects.select_related("mission").get(pk=pk)
    before = state_of(payment)
    try:
        sync.sync_payment(payment)
    except stripe.InvalidRequestError as error:
        logger.warning("Payment %s cannot be read at Stripe's: %s", pk, error.code)
    run_payment(pk)
    return before != state_of(payment)


def state_of(payment):
    payment.refresh_from_db(fields=["status"])
    return payment.status, *payment.holds.order_by("pk").values_list("status", flat=True)


# The books, both ways


def compare_books(window=BOOKS_WINDOW):
    """Compare what Stripe and we wrote in the last days, and keep each difference until it is gone."""
    with recorded(Scope.BOOKS) as run:
        now = clock.now()
        seen = [keep_difference(finding, now) for finding in find_differences(now - window)]
        close_gone(Difference.objects.open().exclude(pk__in=seen), now)
        run.found = Difference.objects.open().count()
        tell_new(now)


def compare_subscriptions():
    """See that Stripe sends us every type of event that we handle."""
    now = clock.now()
    seen = [keep_difference(found, now) for found in types_not_received()]
    close_gone(Difference.objects.open().filter(kind=Kind.NOT_SUBSCRIBED).exclude(pk__in=seen), now)
    tell_new(now)


def find_differences(since):
    """Differences as dicts of fields. A thing that seems to differ is read afresh before it is believed."""
    listed = set()
    for name, thing in things_since(since):
        listed.add(thing.id)
        if list(COMPARE[name](thing)):
            yield from look_again(name, thing.id)
    for name, stripe_id in ours_since(since):
        if stripe_id not in listed:
            yield from look_again(name, stripe_id)
    yield from stuck_calls()
    yield from types_not_received()
    for sentence in audit.differences():
        yield finding(Kind.BOOKS, sentence[:120], Act.LOOK)


def finding(kind, subject, act, *, ours="", theirs="", payment=None):
    return {"kind": kind, "subject": subject, "act": act, "ours": ours, "theirs": theirs, "payment": payment}


def things_since(since):
    """What Stripe made since an instant, with the name of its kind."""
    for name in COMPARE:
        found = resource(name).list({"created": {"gte": int(since.timestamp())}, "limit": 100})
        for thing in found.auto_paging_iter():
            yield name, thing


def look_again(name, stripe_id):
    """What differs in one of Stripe's objects, both sides read at this moment."""
    try:
        thing = resource(name).retrieve(stripe_id)
    except stripe.InvalidRequestError:
        yield finding(Kind.MISSING_AT_STRIPE, f"{name}:{stripe_id}", Act.LOOK)
    else:
        yield from COMPARE[name](thing)


def resource(name):
    return getattr(gateway.client().v1, f"{name}s")


def compare_intent(intent):
    """A hold, against Stripe's payment intent."""
    subject = f"payment_intent:{intent.id}"
    traces = gateway.metadata_of(intent)
    if traces.get("env") != settings.STRIPE_ENV:
        return
    hold = Hold.objects.filter(intent_id=intent.id).select_related("payment").first()
    if hold is None:
        payment = Payment.objects.filter(pk=traces.get("payment_id")).first()
        if intent.status in TAKEN and not is_under_way(payment, StripeOperation.Kind.PLACE_HOLD):
            yield finding(Kind.UNKNOWN_HOLD, subject, Act.READ_AGAIN, theirs=intent.status, payment=payment)
    elif intent.status not in HOLD_STATES[hold.status]:
        if not is_under_way(hold.payment, StripeOperation.Kind.CAPTURE, StripeOperation.Kind.CANCEL_HOLD):
            words = {"ours": hold.get_status_display(), "theirs": intent.status}
            yield finding(Kind.HOLD_STATE, subject, Act.READ_AGAIN, **words, payment=hold.payment)
    elif (hold.amount_cents, hold.captured_cents) != (intent.amount, intent.amount_received):
        words = {
            "ours": f"{hold.amount_cents} / {hold.captured_cents}",
            "theirs": f"{intent.amount} / {intent.amount_received}",
        }
        yield finding(Kind.HOLD_AMOUNT, subject, Act.LOOK, **words, payment=hold.payment)


def compare_transfer(transfer):
    """What was sent to a professional and taken back, against our calls."""
    if gateway.metadata_of(transfer).get("env") != settings.STRIPE_ENV:
        return
    subject = f"transfer:{transfer.id}"
    operation = made_by_us(transfer)
    if operation is None:
        payment = Payment.objects.filter(pk=gateway.metadata_of(transfer).get("payment_id")).first()
        if not is_under_way(payment, *TRANSFERS):
            yield finding(Kind.UNKNOWN_TRANSFER, subject, Act.LOOK, theirs=str(transfer.amount), payment=payment)
        return
    payment = operation.payment
    if operation.amount_cents != transfer.amount:
        words = {"ours": str(operation.amount_cents), "theirs": str(transfer.amount)}
        yield finding(Kind.TRANSFER_AMOUNT, subject, Act.LOOK, **words, payment=payment)
    taken_back = reversed_cents(operation)
    if taken_back != transfer.amount_reversed and not is_under_way(payment, StripeOperation.Kind.REVERSE):
        words = {"ours": str(taken_back), "theirs": str(transfer.amount_reversed)}
        yield finding(Kind.UNKNOWN_REVERSAL, subject, Act.LOOK, **words, payment=payment)


def compare_refund(refund):
    """What went back to a card, against our calls. What a cancelled hold "refunds" moved no money."""
    hold = Hold.objects.filter(intent_id=refund.payment_intent).select_related("payment").first()
    if hold is None or refund.balance_transaction is None:
        return
    subject = f"refund:{refund.id}"
    operation = made_by_us(refund)
    if operation is None:
        # One that came back is ours no more once it was made again, and moved nothing in the end.
        if refund.status != "failed" and not is_under_way(hold.payment, StripeOperation.Kind.REFUND):
            yield finding(Kind.UNKNOWN_REFUND, subject, Act.LOOK, theirs=str(refund.amount), payment=hold.payment)
    elif operation.amount_cents != refund.amount:
        words = {"ours": str(operation.amount_cents), "theirs": str(refund.amount)}
        yield finding(Kind.REFUND_AMOUNT, subject, Act.LOOK, **words, payment=hold.payment)
    elif refund.status == "failed" and operation.state == State.DONE:
        yield finding(Kind.REFUND_AMOUNT, subject, Act.READ_AGAIN, theirs=refund.status, payment=hold.payment)


def compare_dispute(found):
    """A chargeback, against our row."""
    hold = Hold.objects.filter(intent_id=found.payment_intent).select_related("payment").first()
    if hold is None:
        return
    withdrawn = -sum(movement.amount for movement in found.balance_transactions)
    dispute = Dispute.objects.filter(stripe_id=found.id).first()
    ours = (dispute.status, dispute.withdrawn_cents) if dispute else None
    if ours != (found.status, withdrawn):
        words = {"ours": f"{ours}" if ours else "", "theirs": f"{(found.status, withdrawn)}"}
        yield finding(Kind.UNKNOWN_DISPUTE, f"dispute:{found.id}", Act.READ_AGAIN, **words, payment=hold.payment)


COMPARE = {
    "payment_intent": compare_intent,
    "transfer": compare_transfer,
    "refund": compare_refund,
    "dispute": compare_dispute,
}
TRANSFERS = (StripeOperation.Kind.TRANSFER, StripeOperation.Kind.PAY_AGAIN)


def made_by_us(thing):
    made = StripeOperation.objects.filter(stripe_id=thing.id).exclude(state=State.REFUSED)
    return made.select_related("payment").first()


def is_under_way(payment, *kinds):
    """Whether a call of these kinds was begun and its answer is not written yet: there is nothing to compare so far."""
    begun = StripeOperation.objects.filter(payment=payment, kind__in=kinds, state=State.PENDING, attempts__gt=0)
    return payment is not None and begun.exists()


def reversed_cents(operation):
    """What was taken back of a transfer: reversals name the last one made before them."""
    later = operation.payment.operations.filter(kind__in=TRANSFERS, state=State.DONE, pk__gt=operation.pk).first()
    taken = operation.payment.operations.filter(
        kind=StripeOperation.Kind.REVERSE, state=State.DONE, pk__gt=operation.pk
    )
    if later:
        taken = taken.filter(pk__lt=later.pk)
    return taken.aggregate(cents=Sum("amount_cents"))["cents"] or 0


def ours_since(since):
    """What we know of Stripe's since an instant, older holds that may still live included: (name, Stripe's id)."""
    for intent_id in Hold.objects.filter(capture_before__gte=since).values_list("intent_id", flat=True):
        yield "payment_intent", intent_id
    names = dict.fromkeys(TRANSFERS, "transfer") | {StripeOperation.Kind.REFUND: "refund"}
    done = StripeOperation.objects.filter(state=State.DONE, kind__in=names, answered_at__gte=since)
    for kind, stripe_id in done.values_list("kind", "stripe_id"):
        yield names[kind], stripe_id


def stuck_calls():
    for operation in StripeOperation.objects.filter(state=State.STUCK).select_related("payment"):
        words = {"ours": operation.get_kind_display(), "theirs": operation.error[:200]}
        yield finding(Kind.STUCK_CALL, f"operation:{operation.pk}", Act.RUN_AGAIN, **words, payment=operation.payment)


def types_not_received():
    for type in subscriptions.missing_types():
        yield finding(Kind.NOT_SUBSCRIBED, type, Act.SUBSCRIBE)


# Their rows


def keep_difference(found, now):
    """Write a difference, or that it is still there; returns its number."""
    same = {"kind": found["kind"], "subject": found["subject"], "closed_at": None}
    details = {name: found[name] for name in ("act", "ours", "theirs", "payment")} | {"seen_at": now}
    row, _is_new = Difference.objects.update_or_create(
        **same, defaults=details, create_defaults={**details, "found_at": now}
    )
    return row.pk


def close_gone(unseen, now):
    """Close what is no longer true. What is older than the window compared was not looked at: it is, now."""
    for difference in unseen:
        name, _colon, stripe_id = difference.subject.partition(":")
        if name in COMPARE and any(found["kind"] == difference.kind for found in look_again(name, stripe_id)):
            continue
        difference.closed_at = now
        difference.save(update_fields=["closed_at"])


def tell_new(now):
    for difference in Difference.objects.open().filter(found_at=now):
        tell_staff(f"difference:{difference.pk}", "differences", difference)
