"""Make our rows say what Stripe says. The page a client comes back to, the webhook and the worker all
read the object again and end here, so their order, their delay and their number do not matter.
"""

from datetime import UTC, datetime, timedelta

import stripe
from django.conf import settings
from django.db import transaction

from accounts.models import Professional
from marketplace import clock
from missions import actions as missions
from missions.locking import lock_mission, lock_professional
from missions.models import Mission, MissionEvent
from missions.policy import HOLD_BEFORE_START
from payments import closing, comparisons, disputes, gateway, ledger, operations, returns
from payments.emails import tell_both, tell_staff, tell_to_pay_again
from payments.errors import NotOurs
from payments.models import CheckoutSession, ConnectedAccount, Hold, Payment, StripeOperation

RETRY_DELAY = timedelta(hours=6)
State = StripeOperation.State


# Reading Stripe


def sync_session(stripe_id):
    """Read a Checkout session again; raises CheckoutSession.DoesNotExist when it is not (yet) ours."""
    session = CheckoutSession.objects.select_related("payment__mission").get(stripe_id=stripe_id)
    expand = {"expand": ["payment_intent.latest_charge.balance_transaction", "setup_intent"]}
    apply_session(session, gateway.client().v1.checkout.sessions.retrieve(stripe_id, expand))
    return session.payment


def sync_intent(intent_id):
    """Read a payment intent again; raises NotOurs, or Payment.DoesNotExist when it is not in our database yet."""
    expand = {"expand": ["latest_charge.balance_transaction"]}
    intent = gateway.client().v1.payment_intents.retrieve(intent_id, expand)
    traces = gateway.metadata_of(intent)
    if traces.get("env") != settings.STRIPE_ENV or "payment_id" not in traces:
        raise NotOurs(intent_id)
    payment = Payment.objects.select_related("mission").get(pk=traces["payment_id"])
    apply_intent(payment, intent)
    return payment


def sync_setup(setup_id):
    """Read again the Checkout session that saves a card."""
    setup = gateway.client().v1.setup_intents.retrieve(setup_id)
    traces = gateway.metadata_of(setup)
    if traces.get("env") != settings.STRIPE_ENV:
        raise NotOurs(setup_id)
    return sync_session(StripeOperation.objects.get(key=traces["operation"]).session.stripe_id)


def sync_charge(charge_id):
    """Read again the payment intent of a charge: what a cancelled hold "refunds" was never taken."""
    return sync_intent(gateway.client().v1.charges.retrieve(charge_id).payment_intent)


def sync_refund(refund_id):
    """Read a refund again; raises StripeOperation.DoesNotExist when we did not make it.

    One we did not make, without a balance movement, is a hold let go: no money was taken, none goes back. One of ours
    has none either while Stripe waits for our balance to cover it.
    """
    refund = gateway.client().v1.refunds.retrieve(refund_id)
    try:
        operation = StripeOperation.objects.select_related("payment__mission").get(stripe_id=refund_id)
    except StripeOperation.DoesNotExist:
        if refund.balance_transaction:
            raise
        return None
    apply_refund(operation, refund)
    return operation.payment


def sync_transfer(transfer_id):
    """Read a transfer again; raises StripeOperation.DoesNotExist when we did not make it.

    One that was changed without us is a difference, however old it is.
    """
    operation = StripeOperation.objects.select_related("payment__mission").get(stripe_id=transfer_id)
    comparisons.keep_what_differs("transfer", gateway.client().v1.transfers.retrieve(transfer_id))
    return operation.payment


def sync_dispute(dispute_id):
    """Read a chargeback again; raises Hold.DoesNotExist when its capture is not ours, or not booked yet."""
    asked_at = clock.now()
    found = gateway.client().v1.disputes.retrieve(dispute_id)
    holds = Hold.objects.filter(status=Hold.Status.CAPTURED).select_related("payment__mission")
    payment = holds.get(intent_id=found.payment_intent).payment
    apply_dispute(payment, found, asked_at)
    return payment


def sync_account(stripe_id):
    """Read a professional's account again; raises ConnectedAccount.DoesNotExist when it is not (yet) ours."""
    account = ConnectedAccount.objects.get(stripe_id=stripe_id)
    asked_at = clock.now()
    return apply_account(account, read_account(stripe_id), asked_at)


def read_account(stripe_id):
    """An account as Stripe shows it; None when it does not show it to us."""
    include = {"include": ["configuration.recipient", "requirements"]}
    try:
        return gateway.client().v2.core.accounts.retrieve(stripe_id, include)
    except stripe.PermissionError:
        return None


def is_account_closed(account):
    """Whether Stripe says now that an account is closed, for good; what it says is written."""
    asked_at = clock.now()
    found = read_account(account.stripe_id)
    return is_closed(found) and apply_account(account, found, asked_at).stripe_id == found.id


def sync_payment(payment):
    """Read again all that Stripe knows of a payment: its pages, holds, refunds, chargebacks, and whom to pay."""
    for session in payment.sessions.exclude(stripe_id=None):
        sync_session(session.stripe_id)
    for hold in payment.holds.all():
        sync_intent(hold.intent_id)
        sync_disputes(payment, hold)
    for account in ConnectedAccount.objects.filter(professional=payment.mission.professional_id):
        sync_account(account.stripe_id)
    for refund in payment.operations.filter(kind=StripeOperation.Kind.REFUND, state=State.DONE):
        sync_refund(refund.stripe_id)


def sync_disputes(payment, hold):
    """Read the chargebacks of a hold again, once its capture is booked: a bank takes back nothing else."""
    if not Hold.objects.filter(pk=hold.pk, status=Hold.Status.CAPTURED).exists():
        return
    asked_at = clock.now()
    for found in gateway.client().v1.disputes.list({"payment_intent": hold.intent_id, "limit": 100}).data:
        apply_dispute(payment, found, asked_at)


# Writing what was read


@transaction.atomic
def apply_session(session, found):
    payment = lock_payment(session.payment)
    if found.status == "open":
        return
    complete = found.status == "complete"
    session.status = CheckoutSession.Status.COMPLETE if complete else CheckoutSession.Status.EXPIRED
    session.save(update_fields=["status"])
    if complete and session.mode == CheckoutSession.Mode.SETUP:
        save_card(payment, found.setup_intent.payment_method)
    elif found.payment_intent is not None:
        write_intent(payment, found.payment_intent)


@transaction.atomic
def apply_intent(payment, intent):
    write_intent(lock_payment(payment), intent)


@transaction.atomic
def apply_dispute(payment, found, asked_at):
    disputes.write_dispute(lock_payment(payment), found, asked_at)


@transaction.atomic
def apply_refund(operation, refund):
    """A refund may fail days after Stripe took it: the money came back to us, and is the client's."""
    operation.payment = lock_payment(operation.payment)
    operation.refresh_from_db(fields=["state"])
    if refund.status in gateway.NOT_REFUNDED and operation.state == State.DONE:
        operation.state, operation.error = State.STUCK, refund.failure_reason or refund.status
        operation.save(update_fields=["state", "error"])
        returns.came_back(operation)
        tell_staff(f"refund_failed:{operation.pk}", "refund_failed", operation)


@transaction.atomic
def apply_account(account, found, asked_at):
    """Payable means that Stripe lets transfers in: nothing else, and certainly not the return page.

    An answer asked for before the one we know, or about an account replaced since, is left aside.
    """
    lock_professional(account.professional_id)
    asked_of = account.stripe_id
    account.refresh_from_db(from_queryset=ConnectedAccount.objects.select_for_update())
    if account.stripe_id == asked_of and (account.checked_at is None or account.checked_at <= asked_at):
        was_payable = account.is_payable
        account.transfers, account.checked_at = transfers_status(found), asked_at
        account.save(update_fields=["transfers", "checked_at"])
        Professional.objects.filter(pk=account.professional_id).update(payable=account.is_payable)
        if account.is_payable:
            hasten_transfers(account)
        if account.is_payable and not was_payable:
            operations.prepare_payouts(account)
    return account


def hasten_transfers(account):
    """What waited for a professional Stripe could not pay leaves now."""
    waiting = StripeOperation.objects.filter(kind__in=StripeOperation.TO_PROFESSIONAL, state=State.PENDING, attempts=0)
    waiting.filter(payment__mission__professional=account.professional_id).update(due_at=clock.now())


def transfers_status(found):
    """The capability's status; an account that is closed, or not a recipient, cannot be paid.

    Stripe may leave any part out: https://docs.stripe.com/api/v2/core/accounts/object
    """
    part = None if is_closed(found) else found
    for name in ("configuration", "recipient", "capabilities", "stripe_balance", "stripe_transfers"):
        part = getattr(part, name, None)
    return part.status if part else ConnectedAccount.Transfers.UNSUPPORTED


def is_closed(found):
    """Whether Stripe says so; it does not of an account that it will not show us."""
    return bool(getattr(found, "closed", None))


def lock_payment(payment):
    """The payment and its mission, read afresh under the locks every action takes in this order."""
    mission = lock_mission(payment.mission)
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    payment.mission = mission
    return payment


def save_card(payment, payment_method):
    """The card is kept for a hold 48 h before the start."""
    if payment.is_closed or payment.mission.status != Mission.Status.ACCEPTED:
        return
    payment.payment_method, payment.status = payment_method, Payment.Status.CARD_SAVED
    payment.hold_due_at = payment.mission.starts_at - HOLD_BEFORE_START
    payment.save(update_fields=["payment_method", "status", "hold_due_at"])
    missions.book_mission(payment.mission)
    tell_both(payment, "card_saved")


def write_intent(payment, intent):
    if intent.status == "requires_capture":
        write_hold(payment, intent)
    elif intent.status == "succeeded":
        adopt_capture(payment, intent)
    elif intent.status == "canceled":
        for hold in payment.holds.filter(intent_id=intent.id):
            write_end(payment, hold)


def adopt_capture(payment, intent):
    """A capture we have no trace of (our database is older than Stripe's, after a restore): the money is booked."""
    if is_awaited(payment, intent):
        write_hold(payment, intent)
    hold = payment.holds.live().filter(intent_id=intent.id).first()
    if hold is not None and not operations.has_capture(hold):
        write_capture(operations.adopt_capture(hold, intent.amount_received), intent)


def write_end(payment, hold):
    """A hold is no more. Lost on a mission still to be paid, everybody hears of it and the client pays again."""
    if hold.status not in (Hold.Status.LIVE, Hold.Status.UNWANTED):
        return
    lost = hold.status == Hold.Status.LIVE
    hold.status = Hold.Status.EXPIRED if lost else Hold.Status.CANCELLED
    hold.save(update_fields=["status"])
    operations.forget_captures(hold)
    if lost and payment.is_closed:
        write_loss(payment, hold)
    elif lost:
        closing.set_status(payment, Payment.Status.CARD_REFUSED)
        missions.record(payment.mission, MissionEvent.Kind.CARD_REFUSED, by=None)
        missions.forget_reminders(payment.mission)
        tell_to_pay_again(payment, "hold_lost", key=str(hold.pk))
        tell_staff(f"hold:{hold.pk}", "hold_lost", payment)


def write_loss(payment, hold):
    """A hold ended after the mission was decided: nothing was due, or it was not captured in time."""
    is_due = payment.due_basis_points > 0
    closing.set_status(payment, Payment.Status.LOST if is_due else Payment.Status.RETURNED)
    if is_due:
        tell_staff(f"hold:{hold.pk}", "hold_missed", payment)


def write_hold(payment, intent):
    """A new live hold secures the mission, unless the mission died meanwhile or is held already."""
    if payment.holds.filter(intent_id=intent.id).exists():
        return
    charge = intent.latest_charge
    # Stripe no longer says it of a hold that was captured meanwhile.
    capture_before = getattr(charge.payment_method_details.card, "capture_before", None) or charge.created
    hold = Hold(
        payment=payment,
        intent_id=intent.id,
        charge_id=charge.id,
        amount_cents=intent.amount,
        capture_before=datetime.fromtimestamp(capture_before, UTC),
    )
    if not is_awaited(payment, intent):
        hold.status = Hold.Status.UNWANTED
        hold.save()
        operations.prepare_cancellation(hold)
        return
    hold.save()
    by = None if payment.status == Payment.Status.CARD_SAVED else payment.mission.client.user
    closing.set_status(payment, Payment.Status.HELD)
    if payment.mission.status in (Mission.Status.ACCEPTED, Mission.Status.BOOKED):
        missions.secure_mission(payment.mission, by=by)
    elif payment.mission.status == Mission.Status.SECURED:
        missions.remind_to_confirm(payment.mission, again=f"{hold.pk}:")
    contested = payment.mission.status == Mission.Status.CONTESTED
    tell_both(payment, "secured", key=str(hold.pk), contested=contested)


def is_awaited(payment, intent):
    """Whether this is the amount we wait for, on a mission that still lives and is not held already."""
    waiting = (Payment.Status.PENDING, Payment.Status.CARD_SAVED, Payment.Status.CARD_REFUSED)
    return (
        not payment.is_closed
        and not payment.mission.is_final
        and payment.status in waiting
        and intent.amount == payment.amount_cents
    )


def write_capture(operation, intent):
    """The hold became money on our balance: share it at once if the part due is decided, else keep it."""
    payment = operation.payment
    hold = operation.hold
    hold.status, hold.captured_cents = Hold.Status.CAPTURED, intent.amount_received
    hold.save(update_fields=["status", "captured_cents"])
    if operation.amount_cents != intent.amount_received:  # somebody captured it otherwise, by hand
        operation.amount_cents = intent.amount_received
        operation.save(update_fields=["amount_cents"])
    ledger.book_capture(operation, intent.amount_received, fee_cents(intent))
    closing.set_status(payment, Payment.Status.KEPT)
    if payment.is_closed:
        closing.release(payment)
    else:
        tell_both(payment, "kept")


def fee_cents(intent):
    movement = intent.latest_charge.balance_transaction
    return movement.fee if movement else 0


def write_refused_hold(payment, *, may_retry):
    """Said no to a hold without the client: once more in 6 h, or the client must come back.

    Close to the deadline they are asked at once: a second refusal would leave them less than 6 h.
    """
    if payment.is_closed:
        return
    retry_at = clock.now() + RETRY_DELAY
    is_first = payment.operations.filter(kind="place_hold", state="refused").count() < 2
    if may_retry and is_first and retry_at + RETRY_DELAY <= payment.mission.deadline_at:
        payment.hold_due_at = retry_at
        payment.save(update_fields=["hold_due_at"])
        return
    closing.set_status(payment, Payment.Status.CARD_REFUSED)
    missions.record(payment.mission, MissionEvent.Kind.CARD_REFUSED, by=None)
    tell_to_pay_again(payment, "card_refused")
