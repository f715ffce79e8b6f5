"""What sequences of acts once did wrong, each in its smallest form."""

from contextlib import suppress
from datetime import timedelta

import pytest

from accounts.tests.factories import make_staff
from missions.models import Contest, Mission
from payments import actions, audit, events, gateway, runner, sync, tasks
from payments.errors import PaymentError
from payments.models import ConnectedAccount, Customer, Hold, Payment, StripeOperation
from payments.simulator import accounts
from payments.tests import worlds
from payments.tests.banks import check_at_rest, set_account, sweep_for_hours
from payments.tests.factories import fresh, make_ended_payment, make_held_payment, make_payment, pay, work
from payments.tests.mortal import Death, MortalClient

pytestmark = pytest.mark.django_db


def test_a_page_owed_to_a_client_stripe_does_not_know_yet_is_not_made_and_the_next_click_pays(
    simulator, clock, monkeypatch
):
    payment = make_payment()
    process = MortalClient(simulator)
    monkeypatch.setattr(gateway, "client", lambda: gateway.connect(process, retries=0))
    process.die("after", on="customers.create")
    with suppress(Death):
        actions.start_checkout(payment, by=payment.mission.client.user)
    with suppress(PaymentError):
        actions.start_checkout(payment, by=payment.mission.client.user)

    runner.run_payment(payment.pk)

    assert not Customer.objects.exists()
    assert set(payment.operations.values_list("state", flat=True)) == {StripeOperation.State.REFUSED}
    clock.advance(timedelta(minutes=5))
    assert pay(payment, simulator).holds.live().count() == 1


def exhaust(payment, clock):
    """Let the sweep try until a call ends stuck."""
    for _attempt in range(runner.MAX_ATTEMPTS + 1):
        clock.advance(timedelta(hours=3))
        tasks.sweep_payments()
    return payment.operations.get(state="stuck")


def test_a_call_run_again_after_twenty_silences_is_read_before_it_is_said(simulator, clock):
    """A transfer was made, its answer lost, and Stripe could not be read for two days: it is paid once."""
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("lose_answer", on="transfers.create")
    simulator.faults.add("bad_gateway", on="transfers.list", times=runner.MAX_ATTEMPTS)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    stuck = exhaust(payment, clock)
    simulator.faults.clear()

    actions.run_again(stuck, by=make_staff())
    work(payment)
    stuck.refresh_from_db()
    assert stuck.state == "done"
    assert [transfer["amount"] for transfer in simulator.book.every("transfer")] == [payment.price.professional_cents]


def test_a_hold_placed_again_is_captured_though_nothing_certain_was_heard_of_the_first(simulator, clock):
    """Keeping the first one met a silence, then the bank let it go, and the client paid again."""
    payment = make_held_payment(simulator)
    hold = payment.holds.get()
    hold.capture_before = clock.now() + timedelta(hours=11)
    hold.save()
    simulator.faults.add("bad_gateway", on="payment_intents.capture")
    tasks.sweep_payments()
    gateway.client().v1.payment_intents.cancel(hold.intent_id)
    sync.sync_intent(hold.intent_id)
    payment = pay(fresh(payment), simulator)
    clock.set(payment.mission.ends_at + timedelta(hours=1))
    actions.confirm(payment.mission, by=payment.mission.client.user)

    assert work(payment).status == Payment.Status.RELEASED
    assert audit.differences() == []


def test_of_two_captures_that_wait_for_the_team_one_is_run_again(simulator, clock):
    """Keeping the hold failed, then settling: the hold was dead, and we had not heard of it."""
    payment = make_ended_payment(simulator, clock)
    actions.contest(payment.mission, by=payment.mission.client.user, reason=Contest.Reason.EARLY_DEPARTURE)
    clock.set(payment.holds.get().capture_before + timedelta(minutes=1))
    simulator.tick()
    actions.keep_hold(payment)
    runner.run_payment(payment.pk)
    staff = make_staff()
    actions.settle(fresh(payment).mission.contest, by=staff, performed_basis_points=5000, note="Vu")
    runner.run_payment(payment.pk)
    first, second = payment.operations.filter(kind="capture", state="stuck").order_by("pk")

    actions.run_again(first, by=staff)
    with pytest.raises(PaymentError, match="Un autre appel l’a remplacé"):
        actions.run_again(second, by=staff)
    second.refresh_from_db()
    assert second.state == "stuck"


def test_a_call_that_our_own_mistake_breaks_ends_with_the_team(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    ConnectedAccount.objects.filter(professional=payment.mission.professional).delete()
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)

    stuck = exhaust(payment, clock)
    assert (stuck.kind, stuck.error) == ("transfer", "RelatedObjectDoesNotExist")


def test_an_event_that_our_own_mistake_breaks_ends_with_the_team(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    actions.start_checkout(payment, by=payment.mission.client.user)
    session_id = payment.sessions.get().stripe_id
    simulator.hosted.pay(session_id)
    simulator.book.get("checkout.session", session_id)["setup_intent"] = None
    event = events.receive("evt_1", "checkout.session.completed", session_id)
    for _attempt in range(events.MAX_ATTEMPTS):
        clock.advance(timedelta(hours=1))
        events.process(event.pk)

    event.refresh_from_db()
    assert (event.state, event.error) == ("failed", "AttributeError")


def test_a_professional_payable_again_is_paid_though_no_event_told_it(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    account = simulator.book.get("v2.core.account", payment.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    sync.sync_account(account["id"])
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    assert simulator.book.every("transfer") == []

    accounts.set_status(simulator, account, "active")
    tasks.reconcile()
    tasks.sweep_payments()
    assert [transfer["amount"] for transfer in simulator.book.every("transfer")] == [payment.price.professional_cents]


def test_a_late_hint_keeps_no_hold_that_still_has_days_to_live(simulator):
    payment = make_held_payment(simulator)
    tasks.perform("keep_hold", payment.pk)
    assert fresh(payment).status == Payment.Status.HELD


def test_an_expired_hold_read_twice_stays_expired(simulator, clock):
    payment = make_held_payment(simulator)
    hold = payment.holds.get()
    clock.set(hold.capture_before + timedelta(hours=1))
    simulator.tick()
    for _reading in range(2):
        sync.sync_intent(hold.intent_id)
    hold.refresh_from_db()
    assert hold.status == Hold.Status.EXPIRED


def test_a_capture_of_a_hold_we_never_knew_is_booked(simulator, clock):
    """After a restore: the card was saved, and Stripe has both the hold and its capture."""
    payment = worlds.hold_due(worlds.World.at("empty", simulator), simulator)
    before = Payment.objects.filter(pk=payment.pk).values("status", "hold_due_at").get()
    mission = Mission.objects.filter(pk=payment.mission_id).values("status", "deadline_at").get()
    tasks.sweep_payments()
    intent_id = payment.holds.get().intent_id
    gateway.client().v1.payment_intents.capture(intent_id)
    payment.operations.all().delete()
    payment.holds.all().delete()
    Payment.objects.filter(pk=payment.pk).update(**before)
    Mission.objects.filter(pk=payment.mission_id).update(**mission)

    sync.sync_intent(intent_id)
    assert (fresh(payment).status, payment.holds.get().status) == (Payment.Status.KEPT, Hold.Status.CAPTURED)
    assert list(audit.differences()) == []


def test_a_refusal_we_did_not_hear_is_not_stripes_last_word(simulator, clock):
    """It was kept under the key, and answers it again though the account is open by now."""
    payment = make_ended_payment(simulator, clock)
    set_account(payment, simulator, "restricted")
    simulator.faults.add("lose_answer", on="transfers.create")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    set_account(payment, simulator, "active")
    sweep_for_hours(clock)

    assert payment.operations.get(kind="transfer").state == "done"
    check_at_rest(payment, simulator)


def confirm_before_the_account_closes(simulator, clock, *, fault):
    """A payment whose share met a `fault`, then an account that is closed for hours."""
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add(fault, on="transfers.create")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    set_account(payment, simulator, "restricted")
    sync.sync_account(payment.mission.professional.account.stripe_id)
    sweep_for_hours(clock)
    return payment


def test_a_share_sent_unheard_of_is_found_though_the_account_closed_since(simulator, clock):
    payment = confirm_before_the_account_closes(simulator, clock, fault="lose_answer")

    assert payment.operations.get(kind="transfer").state == "done"
    check_at_rest(payment, simulator)


def test_a_share_that_was_not_sent_waits_for_the_account_that_closed_since(simulator, clock):
    payment = confirm_before_the_account_closes(simulator, clock, fault="refuse_connection")
    assert simulator.book.every("transfer") == []
    assert payment.operations.get(kind="transfer").attempts == 0
    assert payment.mission.professional.user.notifications.filter(template="payments/emails/not_payable_professional")

    set_account(payment, simulator, "active")
    sync.sync_account(payment.mission.professional.account.stripe_id)
    sweep_for_hours(clock)
    assert len(simulator.book.every("transfer")) == 1
    check_at_rest(payment, simulator)
