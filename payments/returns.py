"""Taking back what was shared: the professional's part first, then the client's refund. Under the payment's lock."""

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
        operations.prepare_reversal(payment, refund.taken_back_cents, refund=refund)
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
    if bearer == Refund.Bearer.BOTH and paid_out(payment) is None:
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


def paid_out(payment):
    """The last transfer made to the professional for this payment, or None."""
    made = payment.operations.filter(kind__in=(Kind.TRANSFER, Kind.PAY_AGAIN), state=State.DONE)
    return made.order_by("-pk").first()


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
        source = {"refund": operation.refund, "dispute": operation.dispute}
        operations.prepare_reversal(operation.payment, partial, **source)
    else:
        after_taking_back(operation)


def after_taking_back(operation):
    if operation.refund_id:
        give_back(operation.refund)


def write_off(payment, *, cents):
    """Stop expecting `cents` from the professional. Raises PaymentError when they owe less."""
    if not 0 < cents <= owed_cents(payment):
        raise PaymentError(_("Le professionnel ne nous doit pas tant pour ce paiement."))
    ledger.book_write_off(payment, cents)


def owed_cents(payment):
    return ledger.balance(payment, ledger.recoverable(payment))
