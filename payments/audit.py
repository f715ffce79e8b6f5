"""What must always hold of the money, checked over all rows; each difference is a sentence for `manage.py audit`.

Nothing here asks Stripe: that is the reconciliation. All checks read one snapshot, and may run at any time.
"""

from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, Sum

from accounts.models import Professional
from marketplace import clock
from missions.models import Mission
from payments import ledger
from payments.models import (
    ConnectedAccount,
    Dispute,
    Hold,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    Reconciliation,
    Refund,
    StripeEvent,
    StripeOperation,
)

Kind = LedgerTransaction.Kind
Call = StripeOperation.Kind
State = StripeOperation.State

# Stripe lets money wait 90 days on a balance; what is kept that long was forgotten.
KEPT_AT_MOST = timedelta(days=60)
LATE = timedelta(hours=1)
# Between a bank's verdict and the money that follows it.
VERDICT_AT_MOST = timedelta(days=7)
# A night, and the time to notice: the books are compared every 24 h.
COMPARED_AT_LEAST = timedelta(hours=26)


def differences(without=()):
    """All sentences, but those of some checks."""
    with snapshot():
        return [sentence for check in CHECKS if check not in without for sentence in check()]


@contextmanager
def snapshot():
    """Read everything as of one instant; a transaction already open keeps the isolation it has."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def wrong_payability():
    """Whether each professional is payable, against their Stripe account as we last read it."""
    active = Q(account__transfers=ConnectedAccount.Transfers.ACTIVE)
    wrong = Professional.objects.filter(Q(payable=True) & ~active | Q(payable=False) & active)
    for pk in wrong.order_by("pk").values_list("pk", flat=True):
        yield f"Professional {pk} is not payable as their Stripe account says."


# The ledger


def unbalanced_movements():
    sums = LedgerEntry.objects.values("transaction").annotate(cents=Sum("cents")).exclude(cents=0)
    for pk in sums.order_by("transaction").values_list("transaction", flat=True):
        yield f"Ledger transaction {pk} does not sum to zero."


def wrong_movements():
    """What was captured, transferred, taken back and refunded, against the calls that did it."""
    for name, movement, account, sign, calls in MOVEMENTS:
        booked = entries(Q(transaction__kind=movement, account__startswith=account), sign)
        done = done_calls(calls)
        for pk in differing(booked, done):
            yield f"Payment {pk}: the ledger and the calls differ on what was {name}."


MOVEMENTS = (
    ("captured", Kind.CAPTURE, "client_funds", -1, (Call.CAPTURE,)),
    ("transferred", Kind.TRANSFER, "payable:", 1, (Call.TRANSFER, Call.PAY_AGAIN)),
    ("taken back", Kind.REVERSAL, "payable:", -1, (Call.REVERSE,)),
)


def entries(condition, sign):
    """Cents of each payment on some entries."""
    rows = LedgerEntry.objects.filter(condition).values_list("transaction__payment").annotate(cents=Sum("cents"))
    return {pk: sign * cents for pk, cents in rows if cents}


def done_calls(kinds):
    done = by_payment(StripeOperation.objects.filter(kind__in=kinds, state=State.DONE), "amount_cents")
    return {pk: cents for pk, cents in done.items() if cents}


def differing(some, others):
    return sorted(pk for pk in some.keys() | others.keys() if some.get(pk, 0) != others.get(pk, 0))


def wrong_refunds():
    """A refund that came back is booked twice, once each way, and its call waits for the team or was made again."""
    booked = entries(Q(transaction__kind__in=(Kind.REFUND, Kind.REFUND_FAILED), account="client_funds"), 1)
    for pk in differing(booked, done_calls((Call.REFUND,))):
        yield f"Payment {pk}: the ledger and the calls differ on what was refunded."


def wrong_shares():
    """captured = shared + refunded + taken by a bank + still kept, by payment, and what is kept has a reason."""
    kept = entries(Q(account="client_funds"), -1)
    captured, returning = captured_cents(), returning_cents()
    payments = Payment.objects.filter(Q(pk__in=kept) | Q(status=Payment.Status.KEPT)).order_by("pk")
    for pk, status in payments.values_list("pk", "status"):
        reasons = captured if status == Payment.Status.KEPT else returning
        if kept.get(pk, 0) != reasons.get(pk, 0):
            yield f"Payment {pk}: {kept.get(pk, 0)} cents are kept, not {reasons.get(pk, 0)}."


def captured_cents():
    """What was captured and not shared yet, by payment, but what a bank took for good."""
    rows = Hold.objects.filter(payment__status=Payment.Status.KEPT).values_list("payment")
    captured = Counter(dict(rows.annotate(cents=Sum("captured_cents"))))
    captured.subtract(by_payment(Dispute.objects.lost().filter(payment__in=captured), "withdrawn_cents"))
    return captured


def returning_cents():
    """What is on its way back to a card, by payment."""
    return by_payment(
        StripeOperation.objects.filter(kind=Call.REFUND, state__in=StripeOperation.UNDER_WAY), "amount_cents"
    )


def wrong_debts():
    """What a professional is owed is on its way, and what they have too much is coming back: as `payments.shares`."""
    excess, coming_back, on_its_way = excess_cents(), coming_back_cents(), on_its_way_cents()
    for pk in sorted(pk for pk, cents in excess.items() if cents):
        owed, too_much = -excess[pk] - on_its_way.get(pk, 0), excess[pk] - coming_back.get(pk, 0)
        if owed > 0:
            yield f"Payment {pk}: {owed} cents are owed to the professional, and nothing is on its way."
        if too_much > 0:
            yield f"Payment {pk}: the professional has {too_much} cents too much, and nothing takes them back."


def excess_cents():
    """What the professional has beyond what is theirs, by payment; negative while they are owed."""
    excess = Counter(entries(Q(account__startswith="payable:"), 1))
    excess.update(by_payment(Dispute.objects.open(), "taken_back_cents"))
    excess.update(by_payment(Refund.objects, "taken_back_cents"))
    excess.subtract(entries(Q(account__startswith="payable:", transaction__kind=Kind.GIVE_BACK), 1))
    return excess


def coming_back_cents():
    """What may have come back too, though a bank was won since: until that is known, no other call may take it."""
    reversals = StripeOperation.objects.filter(kind=Call.REVERSE, state__in=StripeOperation.UNDER_WAY)
    return by_payment(reversals, "amount_cents")


def on_its_way_cents():
    transfers = StripeOperation.objects.filter(
        kind__in=StripeOperation.TO_PROFESSIONAL, state__in=StripeOperation.UNDER_WAY
    )
    return by_payment(transfers, "amount_cents")


def by_payment(rows, field):
    return dict(rows.values_list("payment").annotate(cents=Sum(field)))


def wrong_chargebacks():
    booked = entries(Q(account="chargebacks"), 1)
    rows = Dispute.objects.open().values_list("payment").annotate(cents=Sum("withdrawn_cents"))
    for pk in differing(booked, {pk: cents for pk, cents in rows if cents}):
        yield f"Payment {pk}: the ledger and the bank differ on what was charged back."


# Holds


def refunds_above_captures():
    """refunded ≤ captured ≤ held"""
    refunded = entries(Q(transaction__kind__in=(Kind.REFUND, Kind.REFUND_FAILED), account="client_funds"), 1)
    captured = entries(Q(transaction__kind=Kind.CAPTURE, account="client_funds"), -1)
    for pk in sorted(pk for pk, cents in refunded.items() if cents > captured.get(pk, 0)):
        yield f"Payment {pk}: more was refunded than captured."
    for hold in Hold.objects.filter(captured_cents__gt=F("amount_cents")):
        yield f"Hold {hold.pk}: more was captured than held."


def holds_of_the_dead():
    """A mission that is over holds nothing on a card, unless the call that ends it is under way."""
    ending = StripeOperation.objects.filter(
        hold=OuterRef("pk"), kind__in=(Call.CAPTURE, Call.CANCEL_HOLD), state__in=StripeOperation.UNDER_WAY
    )
    unwanted = Q(status=Hold.Status.LIVE, payment__mission__status__in=Mission.FINAL) | Q(status=Hold.Status.UNWANTED)
    for hold in Hold.objects.filter(unwanted).exclude(Exists(ending)).order_by("pk"):
        yield f"Hold {hold.pk} is live, its mission is not, and nothing ends it."


def kept_too_long():
    """Captured, neither shared nor returned, for longer than money may wait."""
    before = clock.now() - KEPT_AT_MOST
    captures = LedgerTransaction.objects.filter(payment=OuterRef("pk"), kind=Kind.CAPTURE, happened_at__lte=before)
    for payment in Payment.objects.filter(Exists(captures), status=Payment.Status.KEPT).order_by("pk"):
        yield f"Payment {payment.pk} has been kept for more than {KEPT_AT_MOST.days} days."


def unpaid_too_long():
    """Shared, and not sent to the professional, for longer than money may wait; what a bank judges is not with us."""
    before = clock.now() - KEPT_AT_MOST
    to_send = StripeOperation.objects.filter(
        payment=OuterRef("pk"), kind__in=StripeOperation.TO_PROFESSIONAL, state__in=StripeOperation.UNDER_WAY
    )
    since = LedgerTransaction.objects.filter(payment=OuterRef("pk"), kind__in=ledger.SHARED, happened_at__gt=before)
    waiting = Payment.objects.filter(Exists(to_send)).exclude(Exists(since))
    for payment in waiting.exclude(disputes__in=Dispute.objects.open()).order_by("pk"):
        yield f"Payment {payment.pk}: the professional's share has waited for more than {KEPT_AT_MOST.days} days."


# What waits


def forgotten_holds():
    """A saved card has an instant at which the amount is asked for, or a call that asks for it."""
    asking = StripeOperation.objects.filter(
        payment=OuterRef("pk"), kind=Call.PLACE_HOLD, state__in=StripeOperation.UNDER_WAY
    )
    saved = Payment.objects.filter(status=Payment.Status.CARD_SAVED, hold_due_at=None, due_basis_points=None)
    for pk in saved.exclude(Exists(asking)).order_by("pk").values_list("pk", flat=True):
        yield f"Payment {pk} waits for a hold that nothing will place."


def undone_work():
    """Rows whose time is long past: the sweep does not run, or cannot do them."""
    before = clock.now() - LATE
    for name, rows in (
        ("Call", StripeOperation.objects.due(before)),
        ("Event", StripeEvent.objects.due(before)),
        ("Hold to place for payment", Payment.objects.hold_due(before)),
    ):
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            yield f"{name} {pk} has been due for more than an hour."


def unanswered_calls():
    """Calls that Stripe does not answer for half an hour: a hold, or one about to die, has less than a day."""
    rows = StripeOperation.objects.filter(state=State.PENDING, attempts__gte=StripeOperation.MANY_ATTEMPTS)
    for pk, attempts in rows.order_by("pk").values_list("pk", "attempts"):
        yield f"Call {pk} was said {attempts} times, and is not answered."


def unfinished_disputes():
    """A bank has judged, and the money is not where its verdict says: somebody must ask Stripe why."""
    before = clock.now() - VERDICT_AT_MOST
    judged = Dispute.objects.open().exclude(status__in=Dispute.OPEN)
    for dispute in judged.filter(checked_at__lte=before).order_by("pk"):
        yield f"Dispute {dispute.stripe_id} is {dispute.status}, and its money is not where that verdict says."


def late_comparison():
    """Whether the books are still compared with Stripe's, once they ever were."""
    before = clock.now() - COMPARED_AT_LEAST
    runs = Reconciliation.objects.filter(scope=Reconciliation.Scope.BOOKS)
    if runs.filter(started_at__lte=before).exists() and not runs.filter(ended_at__gt=before).exists():
        yield f"No comparison with Stripe's books has ended for {COMPARED_AT_LEAST // timedelta(hours=1)} hours."


CHECKS = (
    wrong_payability,
    unbalanced_movements,
    wrong_movements,
    wrong_refunds,
    wrong_shares,
    wrong_debts,
    wrong_chargebacks,
    refunds_above_captures,
    holds_of_the_dead,
    kept_too_long,
    unpaid_too_long,
    forgotten_holds,
    undone_work,
    unanswered_calls,
    unfinished_disputes,
    late_comparison,
)
