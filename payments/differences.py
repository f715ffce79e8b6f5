"""What the team does about a difference that no reconciliation will mend."""

import stripe
from django.db import transaction
from django.utils.translation import gettext as _

from marketplace import clock
from marketplace.queue import after_commit
from missions.actions import require_staff
from payments import actions, adoption, calls, disputes, events, gateway, sync
from payments.errors import NotOurs, PaymentError
from payments.models import Difference, StripeOperation
from payments.runner import run_payment

Kind = Difference.Kind

READ = {"payment_intent": sync.sync_intent, "refund": sync.sync_refund, "dispute": sync.sync_dispute}
# What somebody may have done at Stripe's, from the object that the difference is about.
FETCH = {
    Kind.UNKNOWN_REFUND: lambda client, stripe_id: [client.refunds.retrieve(stripe_id)],
    Kind.UNKNOWN_TRANSFER: lambda client, stripe_id: [client.transfers.retrieve(stripe_id)],
    Kind.UNKNOWN_REVERSAL: lambda client, stripe_id: [*client.transfers.reversals.list(stripe_id).auto_paging_iter()],
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
    if difference.kind not in FETCH or difference.payment is None:
        raise nothing_to_read()
    things = fetch(difference)
    with transaction.atomic():
        payment = sync.lock_payment(difference.payment)
        known = set(StripeOperation.objects.filter(payment=payment).values_list("stripe_id", flat=True))
        unknown = [thing for thing in things if thing.id not in known]
        if not unknown:
            raise PaymentError(_("Nos livres le connaissent déjà."))
        for thing in unknown:
            adopt(payment, difference.kind, thing, by=by, reason=reason)
        close_difference(difference, by=by, note=reason)
        after_commit(run_payment, payment.pk)
    return payment


def fetch(difference):
    _name, _colon, stripe_id = difference.subject.partition(":")
    try:
        return FETCH[difference.kind](gateway.client().v1, stripe_id)
    except stripe.InvalidRequestError as error:
        raise nothing_to_read() from error
    except stripe.StripeError as error:
        raise actions.stripe_is_silent() from error


def adopt(payment, kind, thing, *, by, reason):
    if kind == Kind.UNKNOWN_REFUND:
        adoption.adopt_refund(payment, thing, by=by, reason=reason)
    elif kind == Kind.UNKNOWN_TRANSFER:
        adoption.adopt_transfer(payment, thing)
    else:
        adoption.adopt_reversal(payment, thing)


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


def give_up_call(operation, *, by):
    """Staff give up a call that can never be done; what it was for stays as the books say.

    What a reversal was still to bring back is owed to us. Raises PaymentError when Stripe did it, or is silent.
    """
    require_staff(by)
    require_unmade(operation)
    end_call(operation)


def require_unmade(operation):
    try:
        found = operation.kind in calls.LISTS and calls.made(gateway.client(), operation)
    except stripe.StripeError as error:
        raise actions.stripe_is_silent() from error
    if found and not operation.stripe_id:
        raise PaymentError(_("Stripe l’a fait, sans que nous l’ayons su : relancez cet appel, qui le lira."))


@transaction.atomic
def end_call(operation):
    if operation.payment_id:
        operation.payment = sync.lock_payment(operation.payment)
    stuck = StripeOperation.objects.filter(pk=operation.pk, state=StripeOperation.State.STUCK)
    if not stuck.update(state=StripeOperation.State.REFUSED):
        raise PaymentError(_("Cet appel n’est pas à examiner."))
    if operation.kind == StripeOperation.Kind.REVERSE:
        disputes.took_back_less(operation)
    if operation.kind == StripeOperation.Kind.REFUND:
        disputes.end_judged(operation.payment)
    if operation.payment_id:
        after_commit(run_payment, operation.payment_id)


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
