"""Chargebacks: a bank takes the client's money back from us, then judges. Under the payment's lock.

Stripe's balance movements decide what is booked, its status what follows: whatever the order of events, the same rows.
"""

from datetime import UTC, datetime

from marketplace import clock
from payments import closing, ledger, operations, returns, shares
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
    verdict = dispute.status
    read_dispute(dispute, found, asked_at)
    book_movements(dispute, found)
    if dispute.closed_at is None:
        follow(dispute)
    elif dispute.status != verdict:
        tell_staff(f"dispute_again:{dispute.pk}:{dispute.status}", "dispute_end", dispute)


def follow(dispute):
    """What its status asks for; one that was judged ends once the money is where the bank says."""
    if dispute.status in BORNE:
        take_back(dispute)
    if dispute.status in ENDS and has_moved(dispute) and not is_in_doubt(dispute):
        end(dispute)


def has_moved(dispute):
    """Whether the money is where the bank says: back with us when we won, taken when we lost."""
    if dispute.status in JUDGED:
        return dispute.is_won == (dispute.withdrawn_cents <= 0)
    return True


def is_in_doubt(dispute):
    """Whether a refund may have left or not: who bears what the bank took depends on it."""
    refunds = dispute.payment.operations.filter(StripeOperation.IN_DOUBT, kind=Kind.REFUND)
    return dispute.status == Status.LOST and refunds.exists()


def end_judged(payment):
    """End what waited for the answer of a refund."""
    for dispute in payment.disputes.filter(status=Status.LOST, closed_at=None):
        dispute.payment = payment
        follow(dispute)


def is_stale(dispute, found, asked_at):
    """Two readers may write in the other order, and a bank that has judged never judges again."""
    is_older = dispute.checked_at and asked_at < dispute.checked_at
    return is_older or dispute.status in JUDGED and found.status in Dispute.OPEN


def known_dispute(payment, found):
    dispute, is_new = Dispute.objects.get_or_create(
        stripe_id=found.id,
        defaults={
            "payment": payment,
            "status": Dispute.read_status(found.status),
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
    status = Dispute.read_status(found.status)
    if dispute.status == Status.WARNING_CLOSED != status:
        dispute.closed_at = None  # a question that was closed may still become a chargeback
    dispute.status, dispute.checked_at = status, asked_at
    dispute.evidence_due_at = due_by and datetime.fromtimestamp(due_by, UTC)
    dispute.save(update_fields=["status", "evidence_due_at", "closed_at", "checked_at"])


def book_movements(dispute, found):
    """Book what Stripe's balance says was taken or given back since we last looked."""
    withdrawn = -sum(movement.amount for movement in found.balance_transactions)
    fee = sum(movement.fee for movement in found.balance_transactions)
    ledger.book_chargeback(dispute, withdrawn - dispute.withdrawn_cents)
    ledger.book_chargeback_fee(dispute, fee - dispute.fee_cents)
    dispute.withdrawn_cents, dispute.fee_cents = withdrawn, fee
    dispute.save(update_fields=["withdrawn_cents", "fee_cents"])


def take_back(dispute):
    """The professional's part waits with us while the bank judges: as much of it as they have."""
    payment = dispute.payment
    if payment.status != Payment.Status.RELEASED or not dispute.withdrawn_cents:
        return
    # Each part is rounded on its own: together they take no more than the share.
    part = min(returns.part_taken_back(payment, shared_cents(dispute)), share_left_cents(dispute))
    if part > dispute.taken_back_cents:
        dispute.taken_back_cents = part
        dispute.save(update_fields=["taken_back_cents"])
    take_back_excess(payment)


def share_left_cents(dispute):
    """What nothing else takes back of the professional's share."""
    payment = dispute.payment
    refunded = sum(refund.taken_back_cents for refund in payment.refunds.all())
    others = payment.disputes.filter(status__in=BORNE).exclude(pk=dispute.pk)
    return ledger.share_cents(payment) - refunded - sum(other.taken_back_cents for other in others)


def take_back_excess(payment):
    """Take back, for each chargeback they bear, what the professional has too much; returns how much that is."""
    too_much = left = shares.overpaid_cents(payment)
    for dispute in payment.disputes.filter(status__in=BORNE).order_by("pk"):
        part = min(dispute.taken_back_cents - cents_of(dispute) - shortfall_cents(dispute), left)
        if part > 0:
            shares.take_back(payment, part, dispute=dispute)
            left -= part
            tell_taken_back(payment, dispute)
    return too_much - left


def took_back_less(operation, available_cents=0):
    """A reversal is given up, the account holding less: unless its chargeback was won, the rest is owed to us.

    What it was to take of a transfer, another chargeback may take.
    """
    payment = operation.payment
    if not payment.disputes.filter(pk=operation.dispute_id, status__in=Dispute.WINS).exists():
        returns.took_back_less(operation, available_cents)
    take_back_excess(payment)


def cents_of(dispute):
    """What is taken back for this chargeback, or about to be."""
    return shares.cents_of(dispute.operations.filter(kind=Kind.REVERSE).exclude(state=State.REFUSED))


def tell_taken_back(payment, dispute):
    """Once, while the bank judges; what was lost is told as such."""
    if dispute.is_open:
        tell_professional(payment, "chargeback", key=str(dispute.pk), cents={"amount": dispute.taken_back_cents})


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
    operations.give_up(payment.operations.filter(kind__in=StripeOperation.TO_PROFESSIONAL))
    settle_share(dispute)
    if closing.is_gone(payment):
        closing.set_status(payment, Payment.Status.LOST)
        tell_lost(dispute, "chargeback_lost")
    else:
        release_kept(payment)
        tell_lost(dispute, "chargeback_lost_part")


def tell_lost(dispute, template):
    """Say so to the professional, unless nothing was due to them anyway."""
    if dispute.payment.due_basis_points != 0:
        amount = {"amount": dispute.withdrawn_cents}
        tell_professional(dispute.payment, template, key=str(dispute.pk), cents=amount)


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
    payment, reversals = dispute.payment, dispute.operations.filter(kind=Kind.REVERSE)
    was_told = reversals.exists()
    operations.give_up(reversals)
    settle_share(dispute)
    release_kept(payment)
    if was_told:
        tell_professional(payment, "chargeback_won", key=str(dispute.pk))


def settle_share(dispute):
    """Bring the professional what the verdict left them: they owe us less first, then it is sent, or comes back."""
    payment = dispute.payment
    ledger.book_chargeback_won(payment, min(shares.unpaid_cents(payment), debt_cents(payment)))
    shares.pay_what_is_left(payment, dispute)
    take_back_excess(payment)


def release_kept(payment):
    """What was decided while the bank judged."""
    if payment.status == Payment.Status.KEPT and payment.is_closed:
        closing.release(payment)


def shared_cents(dispute):
    """How much of what the bank took had been shared; the rest was the client's still, with us.

    It takes what a settlement left for the client first: they would have had it anyway.
    """
    payment = dispute.payment
    if payment.status != Payment.Status.RELEASED:
        return 0
    beyond_the_rest = max(dispute.withdrawn_cents - returns.rest_waiting_cents(payment), 0)
    return min(beyond_the_rest, returns.refundable_cents(payment, before=dispute))


def debt_cents(payment):
    """What the professional owes for chargebacks and need not pay, unless it is still judged."""
    forgiven = ledger.moved_cents(ledger.payable(payment), payment=payment, kind=ledger.Kind.CHARGEBACK_WON)
    return sum(shortfall_cents(dispute) - debt_borne_cents(dispute) for dispute in payment.disputes.all()) - forgiven


def debt_borne_cents(dispute):
    """What they owe for good, of a chargeback that was lost."""
    if dispute.status != Status.LOST:
        return 0
    return min(max(dispute.taken_back_cents - cents_of(dispute), 0), shortfall_cents(dispute))


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
