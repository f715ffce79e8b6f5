"""Make our rows say what Stripe says. The page a client comes back to, the webhook and the worker all
read the object again and end here, so their order, their delay and their number do not matter.
"""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from accounts.models import Professional
from marketplace import clock
from missions import actions as missions
from missions.locking import lock_mission, lock_professional
from missions.models import Mission, MissionEvent
from missions.policy import HOLD_BEFORE_START
from payments import closing, gateway, ledger, operations
from payments.emails import tell_both, tell_client
from payments.models import CheckoutSession, ConnectedAccount, Hold, Payment

RETRY_DELAY = timedelta(hours=6)


# Reading Stripe


def sync_session(stripe_id):
    """Read a Checkout session again; raises CheckoutSession.DoesNotExist when it is not (yet) ours."""
    session = CheckoutSession.objects.select_related("payment__mission").get(stripe_id=stripe_id)
    expand = {"expand": ["payment_intent.latest_charge", "setup_intent"]}
    apply_session(session, gateway.client().v1.checkout.sessions.retrieve(stripe_id, expand))
    return session


def sync_intent(intent_id):
    """Read a payment intent again; raises Payment.DoesNotExist when it is not (yet) ours."""
    expand = {"expand": ["latest_charge.balance_transaction"]}
    intent = gateway.client().v1.payment_intents.retrieve(intent_id, expand)
    apply_intent(Payment.objects.select_related("mission").get(pk=intent.metadata["payment_id"]), intent)


def sync_account(stripe_id):
    """Read a professional's account again; raises ConnectedAccount.DoesNotExist when it is not (yet) ours."""
    account = ConnectedAccount.objects.get(stripe_id=stripe_id)
    include = {"include": ["configuration.recipient", "requirements"]}
    apply_account(account, gateway.client().v2.core.accounts.retrieve(stripe_id, include))
    return account


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
def apply_account(account, found):
    """Payable means that Stripe lets transfers in: nothing else, and certainly not the return page."""
    professional = lock_professional(account.professional_id)
    account.transfers = found.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status
    account.checked_at = clock.now()
    account.save(update_fields=["transfers", "checked_at"])
    Professional.objects.filter(pk=professional.pk).update(payable=account.is_payable)


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
    elif intent.status == "canceled":
        payment.holds.filter(intent_id=intent.id, status=Hold.Status.LIVE).update(status=Hold.Status.EXPIRED)
        payment.holds.filter(intent_id=intent.id, status=Hold.Status.UNWANTED).update(status=Hold.Status.CANCELLED)


def write_hold(payment, intent):
    """A new live hold secures the mission, unless the mission died meanwhile or is held already."""
    if payment.holds.filter(intent_id=intent.id).exists():
        return
    charge = intent.latest_charge
    hold = Hold(
        payment=payment,
        intent_id=intent.id,
        charge_id=charge.id,
        amount_cents=intent.amount,
        capture_before=datetime.fromtimestamp(charge.payment_method_details.card.capture_before, UTC),
    )
    if payment.is_closed or payment.mission.status not in (Mission.Status.ACCEPTED, Mission.Status.BOOKED):
        hold.status = Hold.Status.UNWANTED
        hold.save()
        operations.prepare_cancellation(hold)
        return
    hold.save()
    closing.set_status(payment, Payment.Status.HELD)
    missions.secure_mission(payment.mission, by=payment.mission.client.user)
    tell_both(payment, "secured")


def write_capture(operation, intent):
    """The hold became money on our balance: share it at once if the part due is decided, else keep it."""
    payment = operation.payment
    hold = operation.hold
    hold.status, hold.captured_cents = Hold.Status.CAPTURED, intent.amount_received
    hold.save(update_fields=["status", "captured_cents"])
    ledger.book_capture(operation, intent.amount_received, fee_cents(intent))
    closing.set_status(payment, Payment.Status.KEPT)
    if payment.is_closed:
        closing.release(payment)


def fee_cents(intent):
    movement = intent.latest_charge.balance_transaction
    return movement.fee if movement else 0


def write_refused_hold(payment, error):
    """The bank said no to a hold without the client: once more in 6 h, or the client must come back."""
    refused = payment.operations.filter(kind="place_hold", state="refused").count()
    if error.code != "authentication_required" and refused < 2:
        payment.hold_due_at = clock.now() + RETRY_DELAY
        payment.save(update_fields=["hold_due_at"])
        return
    closing.set_status(payment, Payment.Status.CARD_REFUSED)
    missions.record(payment.mission, MissionEvent.Kind.CARD_REFUSED, by=None)
    tell_client(payment, "card_refused")
