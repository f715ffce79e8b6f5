"""Booking what somebody did in Stripe's dashboard, in the place of what was still to do. Under the payment's lock."""

from django.utils.translation import gettext as _

from marketplace import clock
from payments import gateway, ledger, operations, returns, shares
from payments.emails import tell_professional
from payments.errors import PaymentError
from payments.models import Payment, Refund, StripeOperation

Kind = StripeOperation.Kind
State = StripeOperation.State


def adopt_refund(payment, found, *, by, reason):
    """Book a refund somebody made at Stripe's: out of what we keep for the client, and beyond that as our loss.

    Raises PaymentError when it cannot be booked now, or when that much was not shared.
    """
    waiting = calls_waiting(payment, Kind.REFUND)
    if found.status in gateway.NOT_REFUNDED:
        raise PaymentError(_("Ce remboursement n’a pas abouti : il n’y a rien à écrire."))
    if shares.calls(payment, Kind.REVERSE).exclude(refund=None).exists():
        raise PaymentError(_("Un remboursement décidé ici attend encore la part du professionnel : attendez sa fin."))
    due = min(found.amount, -ledger.balance(payment, "client_funds"))
    returns.send_less(payment, due)
    refund = next((operation.refund for operation in waiting if operation.refund), None)
    if found.amount > due:
        refund = give_beyond(payment, found.amount - due, by, reason)
    hold = payment.holds.get(status="captured")
    ledger.book_refund(operations.adopt_made(Kind.REFUND, payment, found, hold=hold, refund=refund))


def give_beyond(payment, cents, by, reason):
    """What nobody had decided to return, and nothing took back from the professional."""
    returns.require_refundable(payment, cents, Refund.Bearer.PLATFORM)
    refund = Refund.objects.create(
        payment=payment,
        amount_cents=cents,
        taken_back_cents=0,
        bearer=Refund.Bearer.PLATFORM,
        reason=reason,
        by=by,
        decided_at=clock.now(),
    )
    ledger.book_give_back(refund)
    return refund


def adopt_transfer(payment, found):
    """Book a transfer somebody made at Stripe's: in the place of the one still to leave, and what lacks is sent.

    What was not owed to the professional, they owe us. Raises PaymentError when it cannot be booked now.
    """
    waiting = calls_waiting(payment, *StripeOperation.TO_PROFESSIONAL)
    if found.amount_reversed or not operations.has_had(payment.mission.professional, found.destination):
        raise PaymentError(
            _("Ce versement a été repris, ou est allé à un autre compte : il ne paie pas cette mission.")
        )
    operations.give_up(payment.operations.filter(kind__in=StripeOperation.TO_PROFESSIONAL))
    is_whole = found.amount >= shares.unpaid_cents(payment)
    kind = Kind.TRANSFER if is_whole and not shares.has_transfer(payment) else Kind.PAY_AGAIN
    again = next((call.dispute for call in waiting if call.dispute), None)
    dispute = again or payment.disputes.open().last()
    operation = operations.adopt_made(kind, payment, found, dispute=dispute)
    ledger.book_transfer(operation)
    if owed := shares.overpaid_cents(payment):
        ledger.book_shortfall(payment, owed, operation)
        tell_professional(payment, "shortfall", key=str(operation.pk), cents={"amount": owed})
    shares.pay_what_is_left(payment, dispute)


def adopt_reversal(payment, found):
    """Book what somebody took back at Stripe's: the professional owes us that much less.

    It takes the place of our own reversals of this transfer that wait. Raises PaymentError when they do not owe it, or
    while a bank may still say that they never did.
    """
    if payment.disputes.open().exists():
        raise PaymentError(_("La banque du client n’a pas encore jugé : attendez sa décision."))
    take_the_place(calls_waiting(payment, Kind.REVERSE), found)
    if found.amount > returns.owed_cents(payment):
        raise PaymentError(
            _(
                "Le professionnel ne nous doit pas tant pour ce paiement : renvoyez-lui d’abord chez Stripe ce qui "
                "lui a été repris de trop, et écrivez ce versement."
            )
        )
    operation = operations.adopt_made(Kind.REVERSE, payment, found, source=found.transfer)
    ledger.book_reversal(operation)
    ledger.book_shortfall(payment, -found.amount, operation)


def take_the_place(waiting, found):
    """What our own reversals of this transfer were to bring back, the professional owes: this one brings it."""
    for call in waiting:
        if call.source == found.transfer:
            operations.forget(call)
            returns.took_back_less(call, 0)


def calls_waiting(payment, *kinds):
    """The calls of these kinds still to leave, which no worker can take any more. Raises PaymentError while one may."""
    if not payment.is_closed:
        raise PaymentError(_("Ce paiement n’est pas encore réparti : la mission se décide d’abord."))
    if payment.status not in Payment.OVER:
        raise PaymentError(_("Ce paiement n’est pas encore réparti : attendez que Stripe et la banque aient répondu."))
    calls = payment.operations.select_for_update().filter(kind__in=kinds, state__in=StripeOperation.UNDER_WAY)
    waiting = list(calls.order_by("pk"))
    if any(call.state == State.STUCK for call in waiting):
        raise PaymentError(_("Un appel de ce paiement est à examiner : abandonnez-le d’abord."))
    if any(call.attempts for call in waiting):
        raise PaymentError(_("Un appel est en route pour ce paiement : attendez sa réponse."))
    return waiting
