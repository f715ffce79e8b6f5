"""What our rows and the simulator's book must say together; what our rows must say alone is `payments.audit`.

Each function yields sentences: none when all is well.
"""

from collections import Counter

from django.db import connection

from payments import audit
from payments.models import CheckoutSession, Hold, LedgerEntry, Payment, StripeOperation
from payments.tests.readings import read_now

Kind = StripeOperation.Kind
State = StripeOperation.State

MONEY = ("transfer", "refund", "transfer_reversal")
HELD = ("requires_capture", "succeeded")
HOLDS = {
    "requires_capture": {Hold.Status.LIVE},
    "succeeded": {Hold.Status.CAPTURED},
    "canceled": {Hold.Status.CANCELLED, Hold.Status.EXPIRED},
}
# About how late we are, not about what we did: the clock of a sequence jumps.
OF_TIME = (
    "undone_work",
    "unanswered_calls",
    "kept_too_long",
    "unpaid_too_long",
    "unfinished_disputes",
    "late_comparison",
)
# Only people can tell what follows: the bank has the money already, the hold died first, the client's card is no more.
FOR_THE_TEAM = ("charge_disputed", "payment_intent_unexpected_state", "expired_or_canceled_card")


def always(simulator, read=read_now):
    """Whatever is under way. `read` is what returns the lists that functions of our rows give."""
    check_deferred_constraints()
    checks = [*(check for check in audit.CHECKS if check.__name__ not in OF_TIME), promised_without_money]
    found = read([*checks, payments])
    for check in checks:
        yield from found[check]
    yield from done_twice(simulator)
    for payment in found[payments]:
        yield from too_much(payment, simulator)


def settled(simulator):
    """Once every fault is gone, every webhook heard and every call answered."""
    yield from audit.undone_work()
    yield from idle_calls()
    yield from surprising_refusals()
    for payment in payments():
        yield from differing_holds(payment, simulator)
        yield from differing_movements(payment, simulator)
        yield from differing_disputes(payment, simulator)
        yield from differing_pages(payment, simulator)
    yield from differing_balance(simulator)


def found_wrong(simulator):
    """All of it, and what the audit says besides: for once everything is calm, and on time."""
    return [*audit.differences(), *always(simulator), *settled(simulator)]


def check_deferred_constraints():
    """Let the database say what it keeps for the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def payments():
    return Payment.objects.select_related("mission__agreement").order_by("pk")


# Always


def done_twice(simulator):
    """One operation has one effect, however often it was said."""
    for kind in MONEY:
        yield from repeated(kind, simulator.book.every(kind))
    intents = simulator.book.every("payment_intent")
    yield from repeated("hold", [intent for intent in intents if intent["status"] in HELD])


def repeated(kind, things):
    made = Counter(thing["metadata"].get("operation") for thing in things)
    for operation, times in made.items():
        if operation and times > 1:
            yield f"Operation {operation} made {times} times a {kind}."


def too_much(payment, simulator):
    """Nothing leaves before it is decided, nor more than what was."""
    intents = intents_of(payment, simulator)
    captured = sum(intent["amount_received"] for intent in intents)
    due = payment.due_price if payment.is_closed else None
    sent = sum(thing["amount"] - thing["amount_reversed"] for thing in transfers_of(payment, simulator))
    returned = sum(thing["amount"] for thing in refunds_of(payment, simulator, "succeeded"))
    if sum(intent["status"] == "succeeded" for intent in intents) > 1:
        yield f"Payment {payment.pk} was captured twice."
    if captured > payment.amount_cents:
        yield f"Payment {payment.pk}: {captured} cents captured of {payment.amount_cents}."
    if sent > (due.professional_cents if due else 0):
        yield f"Payment {payment.pk}: {sent} cents sent to the professional, more than their share."
    if returned > captured:
        yield f"Payment {payment.pk}: {returned} cents refunded of {captured} captured."


def promised_without_money():
    """A guaranteed payment has a hold, a kept one a capture."""
    for promised, status in ((Payment.Status.HELD, Hold.Status.LIVE), (Payment.Status.KEPT, Hold.Status.CAPTURED)):
        for payment in Payment.objects.filter(status=promised).exclude(holds__status=status).order_by("pk"):
            yield f"Payment {payment.pk} is {promised}, and no hold of it is {status}."


# Settled


def idle_calls():
    """Only sharing may wait: for a bank, and for a professional's account."""
    for operation in StripeOperation.objects.filter(state=State.PENDING).select_related("payment__mission"):
        if not may_wait(operation):
            yield f"{operation.key} is still to be said, after {operation.attempts} attempts: {operation.error}."


def may_wait(operation):
    if operation.kind not in (Kind.TRANSFER, Kind.PAY_AGAIN, Kind.REFUND):
        return False
    if operation.payment.disputes.open().exists():
        return True
    return operation.kind != Kind.REFUND and not operation.payment.mission.professional.payable


def surprising_refusals():
    for operation in StripeOperation.objects.filter(state=State.STUCK):
        if not any(code in operation.error for code in FOR_THE_TEAM):
            yield f"{operation.key} was refused: {operation.error}."


def differing_holds(payment, simulator):
    theirs = {intent["id"]: intent for intent in intents_of(payment, simulator)}
    ours = {hold.intent_id: hold for hold in payment.holds.all()}
    for unknown in [key for key, intent in theirs.items() if intent["status"] in HELD and key not in ours]:
        yield f"Payment {payment.pk}: the hold {unknown} is unknown to us."
    for key, hold in ours.items():
        intent = theirs[key]
        if hold.status not in HOLDS[intent["status"]] or hold.captured_cents != intent["amount_received"]:
            yield f"Payment {payment.pk}: {key} is {intent['status']}, and {hold.status} for us."
        if hold.status == Hold.Status.LIVE and payment.is_closed and not payment.operations.filter(state=State.STUCK):
            yield f"Payment {payment.pk} is decided, and {key} still held."


def differing_movements(payment, simulator):
    transfers = transfers_of(payment, simulator)
    reversals = [
        found for thing in transfers for found in simulator.book.every("transfer_reversal", transfer=thing["id"])
    ]
    for kinds, theirs in (
        ((Kind.TRANSFER, Kind.PAY_AGAIN), transfers),
        ((Kind.REVERSE,), reversals),
        ((Kind.REFUND,), refunds_of(payment, simulator, "succeeded")),
    ):
        done = payment.operations.filter(kind__in=kinds, state=State.DONE)
        ours = sorted(done.values_list("stripe_id", "amount_cents"))
        if ours != sorted((thing["id"], thing["amount"]) for thing in theirs):
            yield f"Payment {payment.pk}: {kinds} made {theirs} at Stripe's, {ours} here."


def differing_disputes(payment, simulator):
    theirs = sorted(
        (found["id"], found["status"], -sum(line["amount"] for line in found["balance_transactions"]))
        for intent in intents_of(payment, simulator)
        for found in simulator.book.every("dispute", payment_intent=intent["id"])
    )
    ours = sorted(payment.disputes.values_list("stripe_id", "status", "withdrawn_cents"))
    if ours != theirs:
        yield f"Payment {payment.pk}: the chargebacks are {theirs}, and {ours} here."


def differing_pages(payment, simulator):
    for session in payment.sessions.exclude(stripe_id=None):
        theirs = simulator.book.get("checkout.session", session.stripe_id)["status"]
        if theirs != session.status:
            yield f"Payment {payment.pk}: the page {session.stripe_id} is {theirs}, and {session.status} here."
    if payment.is_closed and payment.sessions.filter(status=CheckoutSession.Status.OPEN):
        yield f"Payment {payment.pk} is decided, and can still be paid."


def differing_balance(simulator):
    theirs = sum(line["net"] for line in simulator.book.every("balance_transaction"))
    ours = sum(LedgerEntry.objects.filter(account="stripe").values_list("cents", flat=True))
    if ours != theirs:
        yield f"Our Stripe balance is {theirs} cents, and {ours} in our books."


# The simulator's book


def intents_of(payment, simulator):
    return [i for i in simulator.book.every("payment_intent") if i["metadata"].get("payment_id") == str(payment.pk)]


def transfers_of(payment, simulator):
    return simulator.book.every("transfer", transfer_group=payment.transfer_group)


def refunds_of(payment, simulator, status):
    """Those that moved money: a hold let go is one too, for Stripe."""
    found = [r for i in intents_of(payment, simulator) for r in simulator.book.every("refund", payment_intent=i["id"])]
    return [refund for refund in found if refund["status"] == status and refund["balance_transaction"]]
