"""Payments in any state, made the way people make them: through the actions and the simulator."""

from datetime import timedelta

from marketplace import clock
from missions.tests.factories import make_mission
from payments import actions, gateway, runner, sync
from payments.models import ConnectedAccount, Payment, StripeOperation


def make_payment(**fields):
    """An accepted mission that starts in three days, waiting for its client's card."""
    now = clock.now().replace(second=0, microsecond=0)
    fields.setdefault("starts_at", now + timedelta(days=3))
    mission = make_mission("accepted", **fields)
    return actions.open_payment(mission)


def make_account(professional, simulator):
    """A professional's account that Stripe lets transfers in, and pays out once a week."""
    account = onboard(professional, simulator)
    for operation in StripeOperation.objects.filter(professional=professional, state="pending"):
        runner.run(operation)
    return account


def onboard(professional, simulator):
    """The professional says to Stripe who they are."""
    actions.start_onboarding(professional)
    account = ConnectedAccount.objects.get(professional=professional)
    simulator.hosted.onboard(account.stripe_id)
    return sync.sync_account(account.stripe_id)


def close_account(professional):
    """Closed at Stripe's, for good."""
    params = {"applied_configurations": ["recipient"]}
    gateway.client().v2.core.accounts.close(professional.account.stripe_id, params)


def pay(payment, simulator, card="4242 4242 4242 4242", *, authenticate=True):
    """The client goes to Stripe's page and comes back."""
    actions.start_checkout(payment, by=payment.mission.client.user)
    session = payment.sessions.get(status="open")
    simulator.hosted.pay(session.stripe_id, card, authenticate=authenticate)
    sync.sync_session(session.stripe_id)
    return fresh(payment)


def make_held_payment(simulator, **fields):
    """A secured mission, its professional ready to be paid."""
    payment = make_payment(**fields)
    make_account(payment.mission.professional, simulator)
    return pay(payment, simulator)


def make_ended_payment(simulator, clock, **fields):
    """A secured mission that ended an hour ago, waiting to be confirmed."""
    payment = make_held_payment(simulator, **fields)
    clock.set(payment.mission.ends_at + timedelta(hours=1))
    return payment


def make_booked_payment(simulator, card="4242 4242 4242 4242", **fields):
    """A mission in twenty days, its card saved, its professional ready to be paid."""
    payment = make_payment(starts_at=clock.now().replace(second=0, microsecond=0) + timedelta(days=20), **fields)
    make_account(payment.mission.professional, simulator)
    return pay(payment, simulator, card)


def keep(payment):
    """The bank is about to let go of the hold: it is captured, and kept."""
    payment.holds.live().update(capture_before=clock.now() + timedelta(hours=11))
    actions.keep_hold(payment)
    return work(payment)


def work(payment):
    """Let the worker say to Stripe what is due for this payment."""
    runner.run_payment(payment.pk)
    return fresh(payment)


def fresh(payment):
    return Payment.objects.select_related("mission__agreement", "mission__client__user").get(pk=payment.pk)
