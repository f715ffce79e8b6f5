"""Taking back what was shared: the professional's part first, then the client's refund. Under the payment's lock."""

from django.db.models import F, Q
from django.utils.translation import gettext as _

from marketplace import clock
from payments import closing, ledger, operations, shares
from payments.emails import tell_professional, tell_shortfall, tell_staff
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
        shares.take_back(payment, refund.taken_back_cents, refund=refund)
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
    if bearer == Refund.Bearer.BOTH and shares.reversible_cents(payment) < part_taken_back(payment, cents):
        raise PaymentError(_("Le professionnel n’est pas encore payé : attendez, ou remboursez à notre seule charge."))


def refundable_cents(payment, *, before=None):
    """What was shared of this payment and not returned since, or not `before` a chargeback."""
    returned = sum(refund.amount_cents for refund in payment.refunds.all())
    judged = sum(dispute.withdrawn_cents for dispute in payment.disputes.open() if dispute != before)
    return max(ledger.shared_cents(payment) - returned - judged - ledger.lost_cents(payment), 0)


def part_taken_back(payment, cents):
    """The professional's part of `cents`."""
    professional, _commission, _vat = ledger.parts(payment, cents, after=ledger.returned_by_both(payment))
    return professional


def give_back(refund):
    """The money is ours again, or never will be: the client's refund leaves, but what a bank gave them meanwhile."""
    payment = refund.payment
    ledger.book_give_back(refund)
    cents = max(min(refund.amount_cents, left_cents(payment)), 0)
    if cents:
        operations.prepare_refund(payment.holds.get(status="captured"), cents, refund=refund)
    not_sent = refund.amount_cents - cents
    ledger.book_returned_twice(payment, -min(not_sent, ledger.returned_twice_cents(payment)))


def left_cents(payment):
    """What the client's card can still be given back."""
    refunds = payment.operations.filter(kind=Kind.REFUND).exclude(state=State.REFUSED)
    return closing.kept_cents(payment) - sum(refund.amount_cents for refund in refunds)


def send_what_is_left(refund):
    """A refund, given up because a bank took some of it, leaves for what the client does not have yet."""
    cents = min(refund.amount_cents, left_cents(refund.payment))
    if cents > 0:
        operations.prepare_refund(refund.hold, cents, refund=refund.refund)


def send_less(payment, cents):
    """The client has `cents`, of their bank or by hand, that our refunds were about to give them."""
    for refund in not_sent(payment).order_by(F("refund").asc(nulls_first=True)):
        part = min(cents, refund.amount_cents)
        if part:
            operations.forget(refund)
            cents -= part
        if 0 < part < refund.amount_cents:
            left = operations.prepare_refund(refund.hold, refund.amount_cents - part, refund=refund.refund)
            operations.keep_as(left, refund)


def came_back(refund):
    """We keep it for the client again, but what their bank gave them too."""
    payment = refund.payment
    ledger.book_refund_failed(refund)
    twice = min(refund.amount_cents, ledger.returned_twice_cents(payment))
    ledger.book_returned_twice(payment, -twice)
    send_less(payment, twice)


def rest_waiting_cents(payment):
    """What a settlement left for the client, that they do not have yet, and that no call may have given them."""
    refunds = payment.operations.filter(kind=Kind.REFUND, state__in=StripeOperation.UNDER_WAY)
    others = refunds.filter(StripeOperation.IN_DOUBT | ~Q(refund=None))
    return max(-ledger.balance(payment, "client_funds") - sum(other.amount_cents for other in others), 0)


def not_sent(payment):
    """The refunds that were never begun, those that Stripe refused, and those that came back."""
    under_way = payment.operations.filter(kind=Kind.REFUND, state__in=StripeOperation.UNDER_WAY)
    return under_way.exclude(StripeOperation.IN_DOUBT)


def taken_back(operation):
    """A part was taken back from the professional's account."""
    ledger.book_reversal(operation)
    if operation.refund_id:
        amount = {"amount": operation.amount_cents}
        tell_professional(operation.payment, "taken_back", key=str(operation.pk), cents=amount)
    after_taking_back(operation)


def took_back_less(operation, available_cents):
    """Their account held less than was to be taken back: take that, and let them owe the rest of what is still wanted.

    The call itself is given up by now.
    """
    payment = operation.payment
    wanted = min(operation.amount_cents, shares.overpaid_cents(payment))
    partial = min(available_cents, wanted)
    owe(payment, wanted - partial, operation)
    if partial:
        cause = {"refund": operation.refund, "dispute": operation.dispute}
        operations.prepare_reversal(payment, operation.source, partial, **cause)
    else:
        after_taking_back(operation)


def owe(payment, cents, operation):
    if cents:
        ledger.book_shortfall(payment, cents, operation)
        tell_shortfall(operation, cents)
        tell_staff(f"shortfall:{operation.pk}", "shortfall", payment)


def after_taking_back(operation):
    """The client's refund leaves with the last of its reversals."""
    if operation.refund_id and not is_taking_back(operation.refund):
        give_back(operation.refund)


def is_taking_back(refund):
    return refund.operations.filter(kind=Kind.REVERSE, state__in=StripeOperation.UNDER_WAY).exists()


def write_off(payment, *, cents):
    """Stop expecting `cents` from the professional. Raises PaymentError when they owe less."""
    if not 0 < cents <= owed_cents(payment):
        raise PaymentError(_("Le professionnel ne nous doit pas tant pour ce paiement."))
    ledger.book_write_off(payment, cents)


def owed_cents(payment):
    return ledger.balance(payment, ledger.recoverable(payment))
