"""Taking back what was shared: the professional's part first, then the client's refund. Under the payment's lock."""

from collections import Counter

from django.utils.translation import gettext as _

from marketplace import clock
from payments import ledger, operations
from payments.emails import tell_professional, tell_staff
from payments.errors import PaymentError
from payments.models import Payment, Refund, StripeOperation

Kind = StripeOperation.Kind
State = StripeOperation.State


def decide_refund(payment, *, by, cents, bearer, reason):
    """Return `cents` of a shared payment. Raises PaymentError when that much is not there to return."""
    require_refundable(payment, cents, bearer)
    refund = Refund.objects.create(
        payment=payment,
        amount_cents=cents,
        taken_back_cents=part_taken_back(payment, cents) if bearer == Refund.Bearer.BOTH else 0,
        bearer=bearer,
        reason=reason,
        by=by,
        decided_at=clock.now(),
    )
    if refund.taken_back_cents:
        take_back(payment, refund.taken_back_cents, refund=refund)
    else:
        give_back(refund)
    return refund


def require_refundable(payment, cents, bearer):
    if payment.status != Payment.Status.RELEASED:
        raise PaymentError(_("Seul un paiement réparti se rembourse ainsi : les autres se décident par la mission."))
    if payment.disputes.open().exists():
        raise PaymentError(_("La banque du client a déjà repris ce paiement : attendez sa décision."))
    if not 0 < cents <= refundable_cents(payment):
        raise PaymentError(_("Le montant dépasse ce qui reste à rembourser de ce paiement."))
    if bearer == Refund.Bearer.BOTH and reversible_cents(payment) < part_taken_back(payment, cents):
        raise PaymentError(_("Le professionnel n’est pas encore payé : attendez, ou remboursez à notre seule charge."))


def refundable_cents(payment, *, before=None):
    """What was shared of this payment and not returned since, or not `before` a chargeback."""
    returned = sum(refund.amount_cents for refund in payment.refunds.all())
    lost = sum(dispute.withdrawn_cents for dispute in payment.disputes.all() if dispute != before)
    return max(payment.due_price.total_cents - returned - lost, 0)


def part_taken_back(payment, cents):
    """The professional's part of `cents`."""
    professional, _commission, _vat = ledger.parts(payment, cents, after=ledger.returned_by_both(payment))
    return professional


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


def give_back(refund):
    """The money is ours again, or never will be: the client's refund leaves."""
    ledger.book_give_back(refund)
    hold = refund.payment.holds.get(status="captured")
    operations.prepare_refund(hold, refund.amount_cents, refund=refund)


def taken_back(operation):
    """A part was taken back from the professional's account."""
    ledger.book_reversal(operation)
    tell_professional(operation.payment, "taken_back", key=str(operation.pk))
    after_taking_back(operation)


def took_back_less(operation, available_cents):
    """Their account held less than was to be taken back: take that, and let them owe the rest, if still wanted."""
    if operation.dispute and operation.dispute.is_won:
        return
    partial = min(available_cents, operation.amount_cents)
    ledger.book_shortfall(operation.payment, operation.amount_cents - partial, operation)
    tell_staff(f"shortfall:{operation.pk}", "shortfall", operation.payment)
    if partial:
        cause = {"refund": operation.refund, "dispute": operation.dispute}
        operations.prepare_reversal(operation.payment, operation.source, partial, **cause)
    else:
        after_taking_back(operation)


def after_taking_back(operation):
    """The client's refund leaves with the last of its reversals."""
    if operation.refund_id and not is_taking_back(operation.refund):
        give_back(operation.refund)


def is_taking_back(refund):
    return refund.operations.filter(kind=Kind.REVERSE, state__in=(State.PENDING, State.STUCK)).exists()


def write_off(payment, *, cents):
    """Stop expecting `cents` from the professional. Raises PaymentError when they owe less."""
    if not 0 < cents <= owed_cents(payment):
        raise PaymentError(_("Le professionnel ne nous doit pas tant pour ce paiement."))
    ledger.book_write_off(payment, cents)


def owed_cents(payment):
    return ledger.balance(payment, ledger.recoverable(payment))
