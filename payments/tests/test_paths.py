"""The ways a payment goes, from the card to its end, against the simulator's own book."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from accounts.tests.factories import make_professional, make_staff
from missions.errors import MissionError
from missions.models import Contest, Mission, SeatReservation
from payments import actions, tasks
from payments.errors import PaymentError
from payments.models import Hold, LedgerEntry, LedgerTransaction, Payment
from payments.tests.factories import fresh, make_account, make_ended_payment, make_held_payment, make_payment, pay, work
from payments.views.paying import policy_steps

pytestmark = pytest.mark.django_db

NEEDS_THE_CLIENT = "4000 0027 6000 3184"
SAVED_THEN_FINE = "4000 0025 0000 3155"
SAVED_THEN_DECLINED = "4000 0000 0000 0341"


def balance(payment, account):
    return LedgerEntry.objects.filter(transaction__payment=payment, account=account).aggregate(sum=Sum("cents"))["sum"]


def captured_and_transferred(simulator):
    charges = [charge["amount_captured"] for charge in simulator.book.every("charge")]
    return sum(charges), sum(transfer["amount"] for transfer in simulator.book.every("transfer"))


def test_a_near_mission_is_secured_by_a_hold_at_once(simulator):
    payment = make_held_payment(simulator)

    assert payment.status == Payment.Status.HELD
    assert payment.mission.status == Mission.Status.SECURED
    hold = payment.holds.get()
    assert (hold.status, hold.amount_cents) == (Hold.Status.LIVE, payment.amount_cents)
    assert simulator.book.get("payment_intent", hold.intent_id)["status"] == "requires_capture"


def test_three_d_secure_refused_leaves_the_mission_to_pay(simulator):
    payment = make_payment()
    actions.start_checkout(payment, by=payment.mission.client.user)
    session = payment.sessions.get()
    simulator.hosted.pay(session.stripe_id, NEEDS_THE_CLIENT, authenticate=False)
    actions.sync.sync_session(session.stripe_id)

    assert fresh(payment).mission.status == Mission.Status.ACCEPTED


def test_confirming_captures_pays_the_professional_and_keeps_the_commission(simulator, clock):
    payment = make_ended_payment(simulator, clock, hourly_cents=2600, agents=2)
    price = payment.price

    actions.confirm(payment.mission, by=payment.mission.client.user)
    payment = work(payment)

    assert (payment.mission.status, payment.status) == (Mission.Status.CONFIRMED, Payment.Status.RELEASED)
    assert captured_and_transferred(simulator) == (57408, 49920) == (price.total_cents, price.professional_cents)
    assert balance(payment, "commission") == -6240
    assert balance(payment, "vat") == -1248
    assert balance(payment, "client_funds") == 0
    assert balance(payment, f"payable:{payment.mission.professional_id}") == 0
    assert LedgerEntry.objects.aggregate(sum=Sum("cents"))["sum"] == 0


def test_confirming_twice_pays_once(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)

    with pytest.raises(MissionError):
        actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    work(payment)

    assert captured_and_transferred(simulator) == (payment.price.total_cents, payment.price.professional_cents)


def test_nobody_confirms_before_the_end(simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.mission.ends_at - timedelta(minutes=1))

    with pytest.raises(MissionError):
        actions.confirm(payment.mission, by=payment.mission.client.user)


def test_a_distant_mission_saves_the_card_then_the_worker_places_the_hold(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator, SAVED_THEN_FINE)
    assert (payment.status, payment.mission.status) == (Payment.Status.CARD_SAVED, Mission.Status.BOOKED)
    assert payment.hold_due_at == payment.mission.starts_at - timedelta(hours=48)

    clock.set(payment.hold_due_at + timedelta(minutes=1))
    tasks.sweep_payments()

    payment = fresh(payment)
    assert (payment.status, payment.mission.status) == (Payment.Status.HELD, Mission.Status.SECURED)
    assert payment.holds.get().amount_cents == payment.amount_cents


def test_a_bank_that_says_no_is_asked_once_more_then_the_client_comes_back(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator, SAVED_THEN_DECLINED)
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    tasks.sweep_payments()
    assert fresh(payment).status == Payment.Status.CARD_SAVED

    clock.advance(timedelta(hours=6, minutes=1))
    tasks.sweep_payments()
    assert fresh(payment).status == Payment.Status.CARD_REFUSED

    payment = pay(fresh(payment), simulator)
    assert (payment.status, payment.mission.status) == (Payment.Status.HELD, Mission.Status.SECURED)


def test_nobody_travels_for_a_mission_that_is_not_held_a_day_before(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator, SAVED_THEN_DECLINED)
    for instant in (payment.hold_due_at, payment.hold_due_at + timedelta(hours=7), payment.mission.deadline_at):
        clock.set(instant + timedelta(minutes=16))
        tasks.sweep_payments()

    payment = fresh(payment)
    assert (payment.mission.status, payment.status) == (Mission.Status.CANCELLED, Payment.Status.RETURNED)
    assert payment.mission.cancellation.fee_basis_points == 0
    assert not SeatReservation.objects.live().filter(mission=payment.mission).exists()


def test_a_hold_waits_for_papers_to_be_in_order(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator)
    payment.mission.professional.documents.filter(kind="insurance").update(status="pending")
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    tasks.sweep_payments()
    assert not payment.holds.exists()

    payment.mission.professional.documents.update(status="approved")
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()
    assert fresh(payment).status == Payment.Status.HELD


def test_a_mission_that_ends_at_midnight_needs_no_title_for_the_next_day(simulator, clock):
    evening = clock.now().astimezone(ZoneInfo("Europe/Paris")) + timedelta(days=20)
    payment = make_payment(starts_at=evening.replace(hour=16, minute=0, second=0, microsecond=0), minutes=480)
    make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator)
    payment.mission.professional.documents.filter(kind="agd").update(expires_on=evening.date())
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    tasks.sweep_payments()

    assert fresh(payment).status == Payment.Status.HELD


def test_an_unpaid_mission_frees_its_agents_and_closes_the_page(simulator, clock):
    payment = make_payment()
    actions.start_checkout(payment, by=payment.mission.client.user)
    clock.set(payment.mission.deadline_at + timedelta(minutes=16))
    tasks.sweep_payments()

    assert fresh(payment).mission.status == Mission.Status.EXPIRED
    assert not SeatReservation.objects.live().filter(mission=payment.mission).exists()
    assert simulator.book.every("checkout.session")[0]["status"] == "expired"


def test_a_page_already_open_is_shown_again(simulator):
    payment = make_payment()
    first = actions.start_checkout(payment, by=payment.mission.client.user)

    assert actions.start_checkout(payment, by=payment.mission.client.user) == first
    assert len(simulator.book.every("checkout.session")) == 1


def test_a_fee_too_small_to_be_captured_is_not_taken(simulator, clock):
    """The least a mission may cost: an hour at 1,00 € without VAT."""
    professional = make_professional(vat_regime="franchise")
    payment = make_held_payment(simulator, professional=professional, hourly_cents=100, minutes=60)
    user = payment.mission.client.user
    assert payment.amount_cents == 118
    assert [(step["fee"], step["cents"]) for step in policy_steps(payment)] == [(0, 0), (0, 0), (5000, 60)]
    clock.set(payment.mission.starts_at - timedelta(hours=23))
    assert actions.cancellation_fee(payment, user) == 5000

    clock.set(payment.mission.starts_at - timedelta(hours=30))
    actions.cancel(payment.mission, by=user)
    assert fresh(payment).mission.cancellation.fee_basis_points == 0
    assert work(payment).status == Payment.Status.RETURNED


def test_an_early_start_is_kept_whichever_page_is_then_paid_and_dated_once(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=14, hours=1))
    user = payment.mission.client.user
    page = actions.start_checkout(payment, by=user)
    clock.advance(timedelta(hours=2))
    assert actions.start_checkout(fresh(payment), by=user, early_start=True) == page
    asked_at = fresh(payment).early_start_requested_at
    assert asked_at is not None

    clock.advance(timedelta(hours=2))
    assert actions.start_checkout(fresh(payment), by=user, early_start=True) == page
    assert fresh(payment).early_start_requested_at == asked_at


def test_what_is_paid_cannot_be_paid_again(simulator):
    payment = make_held_payment(simulator)

    with pytest.raises(PaymentError):
        actions.start_checkout(payment, by=payment.mission.client.user)


@pytest.mark.parametrize(
    ("hours", "taken"), [(49, (0, 0)), (47, (0.3, 0.3)), (25, (0.3, 0.3)), (23, (0.5, 0.5)), (1, (0.5, 0.5))]
)
def test_a_client_who_cancels_owes_what_the_frozen_policy_says(simulator, clock, hours, taken):
    payment = make_held_payment(simulator, hourly_cents=2500)
    clock.set(payment.mission.starts_at - timedelta(hours=hours))
    actions.cancel(payment.mission, by=payment.mission.client.user, reason="Pluie")
    payment = work(payment)

    price = payment.price
    assert captured_and_transferred(simulator) == (
        int(price.total_cents * taken[0]),
        int(price.professional_cents * taken[1]),
    )
    assert payment.holds.get().status == (Hold.Status.CAPTURED if taken[0] else Hold.Status.CANCELLED)
    assert not SeatReservation.objects.live().filter(mission=payment.mission).exists()


def test_a_professional_who_cancels_costs_the_client_nothing(simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.mission.starts_at - timedelta(hours=1))
    actions.cancel(payment.mission, by=payment.mission.professional.user)
    payment = work(payment)

    assert captured_and_transferred(simulator) == (0, 0)
    assert payment.status == Payment.Status.RETURNED


def test_nobody_cancels_a_mission_that_has_started(simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.mission.starts_at)

    with pytest.raises(MissionError):
        actions.cancel(payment.mission, by=payment.mission.client.user)


def test_a_dying_hold_is_captured_and_kept_then_shared_when_staff_settle(simulator, clock):
    payment = make_ended_payment(simulator, clock, hourly_cents=2500)
    actions.contest(
        payment.mission, by=payment.mission.client.user, reason=Contest.Reason.EARLY_DEPARTURE, text="Parti"
    )
    clock.set(payment.holds.get().capture_before - timedelta(hours=11))
    tasks.sweep_payments()
    payment = fresh(payment)
    assert (payment.status, captured_and_transferred(simulator)) == (
        Payment.Status.KEPT,
        (payment.price.total_cents, 0),
    )

    actions.settle(payment.mission.contest, by=make_staff(), performed_basis_points=6000, note="6 h sur 10")
    payment = work(payment)
    scaled = payment.price.scaled(6000)
    refunds = [refund["amount"] for refund in simulator.book.every("refund") if refund["status"] == "succeeded"]
    assert refunds == [payment.price.total_cents - scaled.total_cents]
    assert captured_and_transferred(simulator)[1] == scaled.professional_cents
    assert balance(payment, "client_funds") == 0
    assert payment.mission.status == Mission.Status.SETTLED


def test_settling_a_live_hold_captures_only_the_part_performed(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.contest(payment.mission, by=payment.mission.professional.user, reason=Contest.Reason.CLIENT_ABSENT)
    actions.settle(fresh(payment).mission.contest, by=make_staff(), performed_basis_points=2500, note="Un quart")
    payment = work(payment)

    scaled = payment.price.scaled(2500)
    assert captured_and_transferred(simulator) == (scaled.total_cents, scaled.professional_cents)


def test_a_week_of_silence_goes_to_staff_and_moves_no_money(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    clock.set(payment.mission.ends_at + timedelta(days=7, minutes=1))
    tasks.sweep_payments()

    mission = fresh(payment).mission
    assert (mission.status, mission.contest.reason, mission.contest.by) == (Mission.Status.CONTESTED, "silence", None)
    assert captured_and_transferred(simulator)[1] == 0


@pytest.mark.parametrize("route", ["payment_intents.capture", "transfers.create"])
def test_an_answer_lost_is_read_again_and_never_doubled(simulator, clock, route):
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("lose_answer", on=route)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    clock.advance(timedelta(minutes=5))
    tasks.sweep_payments()

    assert captured_and_transferred(simulator) == (payment.price.total_cents, payment.price.professional_cents)


def test_an_unfinished_onboarding_does_not_make_payable(simulator):
    payment = make_payment()
    professional = payment.mission.professional
    actions.start_onboarding(professional)
    account = professional.account
    simulator.hosted.onboard(account.stripe_id, complete=False)
    actions.sync.sync_account(account.stripe_id)

    professional.refresh_from_db()
    assert professional.payable is False


def test_the_database_refuses_to_change_the_ledger(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)

    for change in (LedgerEntry.objects.all().delete, lambda: LedgerEntry.objects.update(cents=1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_a_movement_that_does_not_sum_to_zero(simulator):
    payment = make_payment()

    @transaction.atomic
    def book_one_line():
        movement = LedgerTransaction.objects.create(payment=payment, kind="capture", happened_at=actions.clock.now())
        LedgerEntry.objects.create(transaction=movement, account="stripe", cents=100)

    with pytest.raises(IntegrityError):
        book_one_line()


@pytest.mark.django_db(transaction=True)
def test_a_page_paid_at_the_last_second_is_read_before_the_deadline_acts(simulator, clock):
    payment = make_payment()
    make_account(payment.mission.professional, simulator)
    actions.start_checkout(payment, by=payment.mission.client.user)
    simulator.hosted.pay(payment.sessions.get().stripe_id)
    clock.set(payment.mission.deadline_at + timedelta(minutes=16))
    tasks.sweep_payments()

    assert fresh(payment).mission.status == Mission.Status.SECURED
    assert payment.holds.get().status == Hold.Status.LIVE


@pytest.mark.django_db(transaction=True)
def test_what_stripe_refuses_for_good_waits_for_the_team_and_runs_again(simulator, clock):
    staff = make_staff()
    payment = make_ended_payment(simulator, clock)
    Hold.objects.update(intent_id="pi_unknown")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    stuck = payment.operations.get(kind="capture")
    assert (stuck.state, staff.notifications.get().template) == ("stuck", "payments/emails/operation_stuck_staff")

    Hold.objects.update(intent_id=simulator.book.every("payment_intent")[0]["id"])
    actions.run_again(stuck, by=staff)
    work(payment)
    assert captured_and_transferred(simulator) == (payment.price.total_cents, payment.price.professional_cents)


def test_a_500_kept_under_the_key_is_read_then_asked_again_under_another(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("server_error", on="payment_intents.capture")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    assert captured_and_transferred(simulator) == (0, 0)

    clock.advance(timedelta(minutes=5))
    tasks.sweep_payments()
    assert captured_and_transferred(simulator) == (payment.price.total_cents, payment.price.professional_cents)


@pytest.mark.parametrize("route", ["customers.create", "checkout.sessions.create"])
def test_a_silent_stripe_is_said_so_and_the_next_click_pays(simulator, clock, route):
    payment = make_payment()
    make_account(payment.mission.professional, simulator)
    simulator.faults.add("refuse_connection", on=route)
    with pytest.raises(PaymentError):
        actions.start_checkout(payment, by=payment.mission.client.user)

    clock.advance(timedelta(minutes=5))
    assert pay(payment, simulator).status == Payment.Status.HELD
    tasks.sweep_payments()
    assert payment.sessions.filter(status="open").count() == 0


def test_an_intent_of_another_amount_is_freed(simulator):
    payment = make_payment()
    Payment.objects.filter(pk=payment.pk).update(amount_cents=100)
    actions.start_checkout(fresh(payment), by=payment.mission.client.user)
    session = payment.sessions.get()
    simulator.hosted.pay(session.stripe_id)
    Payment.objects.filter(pk=payment.pk).update(amount_cents=payment.amount_cents)
    actions.sync.sync_session(session.stripe_id)
    work(payment)

    assert fresh(payment).mission.status == Mission.Status.ACCEPTED
    assert payment.holds.get().status == Hold.Status.CANCELLED


def test_a_hold_not_yet_asked_for_is_never_placed_on_a_cancelled_mission(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator)
    clock.set(payment.hold_due_at)
    actions.place_hold(payment)
    actions.cancel(payment.mission, by=payment.mission.client.user)
    work(payment)

    assert simulator.book.every("payment_intent") == []
