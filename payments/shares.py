"""What the professional has of a payment, and what brings it to what they should have. Under the payment's lock."""

from collections import Counter

from payments import ledger, operations
from payments.models import Dispute, StripeOperation

Kind = StripeOperation.Kind
State = StripeOperation.State


def excess_cents(payment):
    """What the professional has beyond what is theirs at present; negative while they are owed.

    What a bank judges is not theirs, nor what a refund takes back.
    """
    judged = sum(dispute.taken_back_cents for dispute in payment.disputes.open())
    decided = sum(refund.taken_back_cents for refund in payment.refunds.all())
    payable = ledger.payable(payment)
    returning = decided - ledger.moved_cents(payable, payment=payment, kind=ledger.Kind.GIVE_BACK)
    return ledger.balance(payment, payable) + judged + returning


def overpaid_cents(payment):
    """What is too much, and that nothing takes back."""
    coming_back = calls(payment, Kind.REVERSE).exclude(dispute__status__in=Dispute.WINS)
    return max(excess_cents(payment) - cents_of(coming_back), 0)


def unpaid_cents(payment):
    """What is owed, and that nothing is to bring."""
    return max(-excess_cents(payment) - on_its_way_cents(payment), 0)


def is_all_owed(payment):
    """Whether no more is on its way than is owed: a bank may have taken some since the calls were prepared."""
    return on_its_way_cents(payment) <= -excess_cents(payment)


def on_its_way_cents(payment):
    return cents_of(calls(payment, *StripeOperation.TO_PROFESSIONAL))


def calls(payment, *kinds):
    """Those whose end is not known yet."""
    return payment.operations.filter(kind__in=kinds, state__in=StripeOperation.UNDER_WAY)


def cents_of(operations):
    return sum(operation.amount_cents for operation in operations)


def pay_what_is_left(payment, dispute=None):
    """Send what is owed and that nothing is to bring: once as their share, then for a chargeback."""
    cents = unpaid_cents(payment)
    if cents and not has_transfer(payment):
        operations.prepare_transfer(payment, cents)
    elif cents:
        operations.prepare_pay_again(dispute or payment.disputes.latest("pk"), cents)


def has_transfer(payment):
    return payment.operations.filter(kind=Kind.TRANSFER).exclude(state=State.REFUSED).exists()


def take_back(payment, cents, **cause):
    """Owe Stripe the reversals of `cents`, from the latest transfer back: none gives more than it has left."""
    for transfer, left in transfers_left(payment):
        part = min(cents, left)
        if part:
            operations.prepare_reversal(payment, transfer.stripe_id, part, **cause)
            cents -= part


def reversible_cents(payment):
    """What was sent to the professional for this payment, and neither came back since nor is about to."""
    return sum(left for _transfer, left in transfers_left(payment))


def transfers_left(payment):
    """The transfers to the professional, the latest first, with the cents of each that can still be taken back."""
    calls = payment.operations.order_by("-pk")
    taken = Counter()
    for reversal in calls.filter(kind=Kind.REVERSE).exclude(state=State.REFUSED):
        taken[reversal.source] += reversal.amount_cents
    made = calls.filter(kind__in=StripeOperation.TO_PROFESSIONAL, state=State.DONE)
    return [(transfer, transfer.amount_cents - taken[transfer.stripe_id]) for transfer in made]
