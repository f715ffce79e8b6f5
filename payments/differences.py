"""What the team does about a difference that no reconciliation will mend."""

import stripe
from django.db import transaction
from django.utils.translation import gettext as _

from marketplace import clock
from marketplace.queue import after_commit
from missions.actions import require_staff
from payments import actions, events, gateway, returns, sync
from payments.errors import NotOurs, PaymentError
from payments.models import Difference, StripeOperation
from payments.runner import run_payment

READ = {"payment_intent": sync.sync_intent, "refund": sync.sync_refund, "dispute": sync.sync_dispute}
FETCH = {
    "refund": lambda client, stripe_id: client.refunds.retrieve(stripe_id),
    "transfer": lambda client, stripe_id: client.transfers.retrieve(stripe_id),
}


def read_again(difference, *, by):
    """Read the object of a difference at Stripe's, known to us or not, then all of its payment; returns the payment.

    Raises PaymentError when there is none, or when Stripe does not answer.
    """
    require_staff(by)
    payment = read_subject(difference) or difference.payment
    if payment is None:
        raise nothing_to_read()
    actions.read_again(payment, by=by)
    return payment


def write_in_books(difference, *, by, reason):
    """Staff book what somebody did at Stripe's without us, then close the difference: what is still owed can leave.

    Raises PaymentError when it is not there, is known by now, or cannot be booked yet.
    """
    require_staff(by)
    name, _colon, stripe_id = difference.subject.partition(":")
    if name not in FETCH or difference.payment is None:
        raise nothing_to_read()
    found = fetch(name, stripe_id)
    with transaction.atomic():
        payment = sync.lock_payment(difference.payment)
        if StripeOperation.objects.filter(stripe_id=stripe_id).exists():
            raise PaymentError(_("Nos livres le connaissent déjà."))
        if name == "refund":
            returns.adopt_refund(payment, found, by=by, reason=reason)
        else:
            returns.adopt_transfer(payment, found)
        close_difference(difference, by=by, note=reason)
        after_commit(run_payment, payment.pk)
    return payment


def fetch(name, stripe_id):
    try:
        return FETCH[name](gateway.client().v1, stripe_id)
    except stripe.InvalidRequestError as error:
        raise nothing_to_read() from error
    except stripe.StripeError as error:
        raise actions.stripe_is_silent() from error


def read_subject(difference):
    name, _colon, stripe_id = difference.subject.partition(":")
    try:
        return READ[name](stripe_id) if name in READ else None
    except (NotOurs, *events.UNKNOWN) as error:
        raise nothing_to_read() from error
    except stripe.StripeError as error:
        raise actions.stripe_is_silent() from error


def nothing_to_read():
    return PaymentError(_("Cet écart ne tient à aucun de nos paiements : il n’y a rien à relire."))


@transaction.atomic
def give_up_call(operation, *, by):
    """Staff give up a call that can never be done; what it was for stays as the books say. Raises PaymentError."""
    require_staff(by)
    if operation.payment_id:
        sync.lock_payment(operation.payment)
    stuck = StripeOperation.objects.filter(pk=operation.pk, state=StripeOperation.State.STUCK)
    if not stuck.update(state=StripeOperation.State.REFUSED):
        raise PaymentError(_("Cet appel n’est pas à examiner."))


@transaction.atomic
def close_difference(difference, *, by, note):
    """Staff put right by hand, or accept, what a difference says. Raises PaymentError when it is closed already."""
    require_staff(by)
    difference = Difference.objects.select_for_update().get(pk=difference.pk)
    if difference.closed_at:
        raise PaymentError(_("Cet écart est déjà clos."))
    difference.closed_at, difference.closed_by, difference.note = clock.now(), by, note
    difference.save(update_fields=["closed_at", "closed_by", "note"])
    return difference
