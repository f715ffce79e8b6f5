"""How a payment ends: once the part due is decided, the rest never reaches us or goes back."""

from bisect import bisect_left

from django.utils.translation import gettext as _

from marketplace import formatting
from payments import ledger, operations
from payments.emails import tell_receipt
from payments.errors import PaymentError
from payments.models import CheckoutSession, Payment, StripeOperation

# Stripe takes no less from a card: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MINIMUM_CENTS = 50


def close_payment(payment, basis_points):
    """Decide the part of the price that is due, for good; the caller holds the mission's lock.

    Raises PaymentError when a part is due and the hold has been lost, or the part is too small to be captured.
    """
    if basis_points and not payment.is_funded:
        raise unfunded(payment)
    require_capturable(payment, basis_points)
    payment.due_basis_points = basis_points
    payment.save(update_fields=["due_basis_points"])
    operations.give_up(payment.operations.filter(kind=StripeOperation.Kind.PLACE_HOLD))
    end_sessions(payment)
    hold = payment.holds.live().first()
    if hold is not None:
        take_or_free(hold)
    elif payment.status == Payment.Status.KEPT:
        release(payment)
    elif payment.status != Payment.Status.LOST:
        set_status(payment, Payment.Status.RETURNED)


def unfunded(payment):
    if payment.status == Payment.Status.LOST:
        return PaymentError(_("La banque du client a repris ce paiement : il n’y a plus rien à répartir."))
    return PaymentError(_("Le blocage sur la carte a été perdu : le client doit d’abord refaire son paiement."))


def require_capturable(payment, basis_points):
    """Raise PaymentError when Stripe could not take this part of a hold; it says which parts it could."""
    price = payment.price
    if payment.status != Payment.Status.HELD or not is_too_small(price.scaled(basis_points)):
        return
    parts = range(0, 10_001, 10)  # a percentage is written with one decimal
    smallest = parts[bisect_left(parts, MINIMUM_CENTS, key=lambda part: price.scaled(part).total_cents)]
    words = {"minimum": formatting.euros(MINIMUM_CENTS), "percent": formatting.percent(smallest)}
    raise PaymentError(_("Stripe ne débite pas moins de %(minimum)s : retenez 0 %%, ou au moins %(percent)s.") % words)


def is_too_small(price):
    return 0 < price.total_cents < MINIMUM_CENTS


def takeable_fee(payment, basis_points):
    """The fee in basis points, 0 for one too small to be captured: 30 % of an hour at 1,00 €, say."""
    return 0 if is_too_small(payment.price.scaled(basis_points)) else basis_points


def take_or_free(hold):
    """Capture what is due of a live hold, or free it whole; a capture already under way is put right after it."""
    due = hold.payment.due_price.total_cents
    if has_pending_capture(hold):
        return
    if due:
        operations.prepare_capture(hold, due)
    else:
        operations.prepare_cancellation(hold)


def has_pending_capture(hold):
    pending = StripeOperation.State.PENDING
    return hold.operations.filter(kind=StripeOperation.Kind.CAPTURE, state=pending).exists()


def release(payment):
    """Share a captured and decided payment: the professional's part leaves, the rest goes back to the client.

    While a bank holds the money there is nothing to share: its decision calls this again.
    """
    if payment.disputes.open().exists():
        return
    kept = kept_cents(payment)
    due = min(payment.due_price.total_cents, kept)
    if kept > due:
        operations.prepare_refund(payment.holds.get(status="captured"), kept - due)
    if due:
        share(payment, due)
    set_status(payment, Payment.Status.RELEASED if due else Payment.Status.RETURNED)


def share(payment, cents):
    """Share the `cents` due, which a bank may have left short of what was decided."""
    professional, commission, vat = payment.due_price.split(cents)
    ledger.book_release(payment, professional, commission, vat)
    operations.prepare_transfer(payment, professional)
    tell_receipt(payment, cents)


def kept_cents(payment):
    """What a capture left with us: all of it, but what a bank took for good."""
    return sum(hold.captured_cents for hold in payment.holds.all()) - lost_cents(payment)


def unlost_cents(payment):
    """What is left to decide on: the whole price, but what banks took of it for good."""
    return payment.amount_cents - lost_cents(payment)


def lost_cents(payment):
    """What banks took for good."""
    return sum(dispute.withdrawn_cents for dispute in payment.disputes.lost())


def is_gone(payment):
    """Whether banks and refunds took all that was captured."""
    done = payment.operations.filter(kind=StripeOperation.Kind.REFUND, state=StripeOperation.State.DONE)
    return kept_cents(payment) <= sum(refund.amount_cents for refund in done)


def end_sessions(payment):
    """Close the pages where the client could still pay, and those still being made."""
    making = payment.sessions.filter(status=CheckoutSession.Status.CREATING)
    operations.give_up(payment.operations.filter(kind=StripeOperation.Kind.CREATE_SESSION, session__in=making))
    making.update(status=CheckoutSession.Status.EXPIRED)
    for session in payment.sessions.filter(status=CheckoutSession.Status.OPEN):
        session.status = CheckoutSession.Status.EXPIRED
        session.save(update_fields=["status"])
        operations.prepare_session_end(session)


def set_status(payment, status):
    payment.status = status
    payment.save(update_fields=["status"])
