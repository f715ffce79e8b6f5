"""Chargebacks: a bank takes the client's money back from us, then judges. Under the payment's lock.

Stripe's balance movements decide what is booked, its status what follows: whatever the order of events, the same rows.
"""

from datetime import UTC, datetime

from marketplace import clock
from payments import closing, ledger, operations, returns
from payments.emails import tell_professional, tell_staff
from payments.models import Dispute, Payment, StripeOperation

Kind = StripeOperation.Kind
State = StripeOperation.State
Status = Dispute.Status

# The professional bears their part: until the bank has judged, and for good when it was lost.
BORNE = (*Dispute.OPEN, Status.LOST)
JUDGED = (*Dispute.WINS, Status.LOST)


def write_dispute(payment, found, asked_at):
    """Make our rows say what Stripe's dispute said when it was `asked_at`; an answer older than ours is left aside."""
    dispute = known_dispute(payment, found)
    if is_stale(dispute, found, asked_at):
        return
    read_dispute(dispute, found, asked_at)
    book_movements(dispute, found)
    if dispute.closed_at is None:
        follow(dispute)


def follow(dispute):
    """What its status asks for; one that was judged ends once Stripe's balance has moved accordingly."""
    if dispute.status in BORNE:
        take_back(dispute)
    if dispute.status in ENDS and has_moved(dispute):
        end(dispute)


def has_moved(dispute):
    """Whether the money is where the bank says: back with us when we won, taken when we lost."""
    if dispute.status in JUDGED:
        return dispute.is_won == (dispute.withdrawn_cents <= 0)
    return True


def is_stale(dispute, found, asked_at):
    """Two readers may write in the other order, and a bank that has judged never judges again."""
    is_older = dispute.checked_at and asked_at < dispute.checked_at
    return is_older or dispute.status in JUDGED and found.status in Dispute.OPEN


def known_dispute(payment, found):
    dispute, is_new = Dispute.objects.get_or_create(
        stripe_id=found.id,
        defaults={
            "payment": payment,
            "status": found.status,
            "reason": found.reason,
            "amount_cents": found.amount,
            "opened_at": datetime.fromtimestamp(found.created, UTC),
        },
    )
    dispute.payment = payment
    if is_new:
        tell_staff(f"dispute:{dispute.pk}", "dispute", dispute)
    return dispute


def read_dispute(dispute, found, asked_at):
    due_by = found.evidence_details.due_by
    dispute.status, dispute.checked_at = found.status, asked_at
    dispute.evidence_due_at = due_by and datetime.fromtimestamp(due_by, UTC)
    dispute.save(update_fields=["status", "evidence_due_at", "checked_at"])


def book_movements(dispute, found):
    """Book what Stripe's balance says was taken or given back since we last looked."""
    withdrawn = -sum(movement.amount for movement in found.balance_transactions)
    fee = sum(movement.fee for movement in found.balance_transactions)
    ledger.book_chargeback(dispute, withdrawn - dispute.withdrawn_cents)
    ledger.book_chargeback_fee(dispute, fee - dispute.fee_cents)
    dispute.withdrawn_cents, dispute.fee_cents = withdrawn, fee
    dispute.save(update_fields=["withdrawn_cents", "fee_cents"])


def take_back(dispute):
    """The professional's part waits with us while the bank judges: it is taken back once they have it."""
    payment = dispute.payment
    if payment.status != Payment.Status.RELEASED or not dispute.withdrawn_cents:
        return
    if not dispute.taken_back_cents:
        part = returns.part_taken_back(payment, shared_cents(dispute))
        # Each part is rounded on its own: together they take no more than the share.
        dispute.taken_back_cents = min(part, share_left_cents(payment))
        dispute.save(update_fields=["taken_back_cents"])
    is_there = returns.reversible_cents(payment) >= dispute.taken_back_cents
    if dispute.taken_back_cents and is_there and not dispute.operations.exists():
        returns.take_back(payment, dispute.taken_back_cents, dispute=dispute)
        amount = {"amount": dispute.taken_back_cents}
        tell_professional(payment, "chargeback", key=str(dispute.pk), cents=amount)


def share_left_cents(payment):
    """What nothing takes back yet of the professional's share."""
    refunded = sum(refund.taken_back_cents for refund in payment.refunds.all())
    borne = sum(dispute.taken_back_cents for dispute in payment.disputes.filter(status__in=BORNE))
    return ledger.share_cents(payment) - refunded - borne


def take_back_late(payment):
    """The professional was just paid, and a bank took a part of it meanwhile: what is too much comes back."""
    too_much = returns.overpaid_cents(payment)
    borne = payment.disputes.filter(status__in=BORNE).exclude(taken_back_cents=0)
    for dispute in borne.filter(operations=None).order_by("pk"):
        part = min(dispute.taken_back_cents, too_much)
        if part > 0:
            returns.take_back(payment, part, dispute=dispute)
            too_much -= part


def end(dispute):
    dispute.closed_at = clock.now()
    dispute.save(update_fields=["closed_at"])
    ENDS[dispute.status](dispute)
    tell_staff(f"dispute_end:{dispute.pk}", "dispute_end", dispute)


def lose(dispute):
    payment = dispute.payment
    shared = bear(dispute)
    ledger.book_chargeback_lost(dispute, shared)
    returns.send_less(payment, dispute.withdrawn_cents - shared)
    operations.give_up(payment.operations.filter(kind=Kind.TRANSFER))
    returns.pay_what_is_left(payment)
    pay_again(dispute)
    if closing.is_gone(payment):
        closing.set_status(payment, Payment.Status.LOST)
        tell_professional(payment, "chargeback_lost", key=str(dispute.pk))
        return
    if payment.status == Payment.Status.KEPT and payment.is_closed:
        closing.release(payment)
    tell_professional(payment, "chargeback_lost_part", key=str(dispute.pk), cents={"amount": dispute.withdrawn_cents})


def bear(dispute):
    """What was lost of the share; the professional bears less than was taken back when a refund was still to leave."""
    shared = shared_cents(dispute)
    if dispute.taken_back_cents:
        part = returns.part_taken_back(dispute.payment, shared)
        dispute.taken_back_cents = min(dispute.taken_back_cents, part)
        dispute.save(update_fields=["taken_back_cents"])
    return shared


def win(dispute):
    """The bank gave the money back: so do we, and what waited goes on."""
    payment = dispute.payment
    operations.give_up(dispute.operations.filter(kind=Kind.REVERSE))
    if payment.status == Payment.Status.KEPT and payment.is_closed:
        closing.release(payment)
    ledger.book_chargeback_won(payment, shortfall_cents(dispute))
    pay_again(dispute)


def pay_again(dispute):
    """Send back what was taken from the professional and that they do not bear: all of it when we won."""
    borne = 0 if dispute.is_won else dispute.taken_back_cents
    owed = cents_of(dispute, Kind.REVERSE) - borne - cents_of(dispute, Kind.PAY_AGAIN)
    if dispute.closed_at and owed > 0:
        operations.prepare_pay_again(dispute, owed)
        if dispute.is_won:
            tell_professional(dispute.payment, "chargeback_won", key=str(dispute.pk))


def shared_cents(dispute):
    """How much of what the bank took had been shared; the rest was the client's still, with us.

    It takes what a settlement left for the client first: they would have had it anyway.
    """
    payment = dispute.payment
    if payment.status != Payment.Status.RELEASED:
        return 0
    beyond_the_rest = max(dispute.withdrawn_cents - returns.rest_waiting_cents(payment), 0)
    return min(beyond_the_rest, returns.refundable_cents(payment, before=dispute))


def cents_of(dispute, kind):
    """What was moved for this chargeback, or is about to be when we pay."""
    states = (State.DONE,) if kind == Kind.REVERSE else (State.DONE, State.PENDING)
    return sum(operation.amount_cents for operation in dispute.operations.filter(kind=kind, state__in=states))


def shortfall_cents(dispute):
    """What the professional's account did not hold when we took their part back."""
    movements = ledger.LedgerEntry.objects.filter(
        transaction__operation__dispute=dispute,
        transaction__kind=ledger.Kind.SHORTFALL,
        account=ledger.recoverable(dispute.payment),
    )
    return sum(entry.cents for entry in movements)


ENDS = {
    Status.LOST: lose,
    Status.WON: win,
    Status.PREVENTED: win,
    Status.WARNING_CLOSED: lambda dispute: None,
}
