"""What breaks around the payments: clocks, webhooks, the database, the broker, the sweep."""

from datetime import timedelta
from functools import partial

import pytest
import stripe
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.actions import suspend_professional
from accounts.models import Notification
from marketplace.tests.races import race
from missions.locking import lock_professional
from missions.models import Mission, MissionEvent
from payments import actions, events, reconciliation, runner, sync, tasks
from payments.models import Difference, Hold, Payment
from payments.simulator import accounts, disputes
from payments.tests import invariants, worlds
from payments.tests.books import moved
from payments.tests.factories import fresh, make_account, make_ended_payment, make_payment, pay
from payments.tests.webhooks import deliver, post, signed

pytestmark = pytest.mark.django_db(transaction=True)

Kind = Difference.Kind
Status = Payment.Status

SAVED_THEN_FINE = "4000 0025 0000 3155"
SAVED_THEN_DECLINED = "4000 0000 0000 0341"


def to_pay(simulator, **fields):
    payment = make_payment(**fields)
    make_account(payment.mission.professional, simulator)
    return payment


def open_page(payment):
    actions.start_checkout(payment, by=payment.mission.client.user)
    return payment.sessions.get(status="open")


# Clocks that do not agree


@pytest.fixture(params=[-10, 10], ids=["behind", "ahead"])
def skew(request, simulator, clock):
    """By how much Stripe's clock is ahead of ours."""
    skew = timedelta(minutes=request.param)
    simulator.now = lambda: clock.now() + skew
    return skew


def first_page(simulator, clock):
    return to_pay(simulator)


def link_after_a_refusal(simulator, clock):
    payment = to_pay(simulator, starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    payment = pay(payment, simulator, SAVED_THEN_DECLINED)
    for _attempt in range(2):
        clock.set(fresh(payment).hold_due_at + timedelta(minutes=1))
        tasks.sweep_payments()
    return fresh(payment)


def test_a_mission_that_starts_soon_can_be_paid(simulator, clock, skew):
    now = clock.now().replace(microsecond=0)
    payment = to_pay(simulator, starts_at=now + timedelta(minutes=90), deadline_at=now + timedelta(minutes=30))
    assert open_page(payment).url


@pytest.mark.parametrize("prepare", [first_page, link_after_a_refusal])
def test_a_client_who_pays_in_the_last_minute_of_stripes_page_keeps_the_booking(simulator, clock, skew, prepare):
    payment = prepare(simulator, clock)
    clock.set(payment.mission.deadline_at - timedelta(hours=2))
    page = open_page(payment)
    clock.set(page.expires_at - skew - timedelta(minutes=1))
    tasks.sweep_payments()
    simulator.hosted.pay(page.stripe_id)
    clock.set(payment.mission.deadline_at + timedelta(minutes=16))
    tasks.sweep_payments()

    payment = fresh(payment)
    assert (payment.status, payment.mission.status) == (Status.HELD, Mission.Status.SECURED)


def test_a_dying_hold_is_captured_before_stripes_clock_ends_it(simulator, clock, skew):
    payment = make_ended_payment(simulator, clock)
    clock.set(payment.holds.get().capture_before - timedelta(hours=13))
    for _hour in range(14):
        clock.advance(timedelta(hours=1))
        tasks.sweep_payments()
        simulator.tick()

    assert (fresh(payment).status, moved(simulator)) == (Status.KEPT, (payment.amount_cents, 0, 0))


def test_a_webhook_signed_by_a_clock_that_is_behind_is_refused_then_read_from_the_list(client, simulator, clock, skew):
    payment = to_pay(simulator)
    reconciliation.read_missed_events()
    clock.advance(timedelta(minutes=1))
    simulator.hosted.pay(open_page(payment).stripe_id)
    kind, body, headers = signed(simulator, "checkout.session.completed")
    signed_at = int(headers["Stripe-Signature"].split(",")[0].removeprefix("t=")) + int(skew.total_seconds())
    mark = stripe.WebhookSignature._compute_signature(f"{signed_at}.{body}", simulator.webhooks.secrets[kind])
    answer = post(client, kind, body, {"Stripe-Signature": f"t={signed_at},v1={mark}"})
    assert answer.status_code == (200 if skew > timedelta() else 400)

    clock.advance(timedelta(minutes=10))
    reconciliation.read_missed_events()
    tasks.sweep_payments()
    assert fresh(payment).mission.status == Mission.Status.SECURED


# Webhooks late, or lost


def hear_late(simulator):
    """The webhooks of three days ago."""
    for delivery in simulator.outbox:
        delivery["due"] = max(delivery["due"], delivery["queued"] + timedelta(days=3).total_seconds())
    deliver(Client(), simulator)


def hear_nothing(simulator):
    """No webhook at all: Stripe is read."""
    simulator.outbox.clear()
    tasks.reconcile()


@pytest.fixture(params=[hear_late, hear_nothing], ids=["three_days_late", "never"])
def live(request, simulator, clock):
    """Let so many days pass, one at a time."""

    def live(days):
        for _day in range(days):
            clock.advance(timedelta(days=1))
            simulator.tick()
            request.param(simulator)
            tasks.sweep_payments()

    return live


def test_a_mission_ends_right_whatever_becomes_of_its_webhooks(simulator, clock, live):
    """The client never comes back to the site either, and their bank judges."""
    payment = to_pay(simulator, starts_at=clock.now().replace(microsecond=0) + timedelta(days=6))
    simulator.hosted.pay(open_page(payment).stripe_id, SAVED_THEN_FINE)
    live(2)
    assert fresh(payment).mission.status == Mission.Status.BOOKED
    live(3)
    assert fresh(payment).mission.status == Mission.Status.SECURED

    clock.set(payment.mission.ends_at)
    actions.confirm(fresh(payment).mission, by=payment.mission.client.user)
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id)
    live(4)
    assert moved(simulator) == (payment.amount_cents, 0, 0)
    disputes.close_dispute(simulator, found["id"], won=True)
    live(4)

    assert moved(simulator) == (payment.amount_cents, payment.price.professional_cents, 0)
    assert invariants.found_wrong(simulator) == []


# The database goes away

LOCKED = {
    "before_anything_is_written": lambda payment: sync.lock_payment(payment),
    "between_two_writes": lambda payment: Hold.objects.select_for_update().get(payment=payment),
}


def terminate_blocked():
    """End the sessions that wait for us, and wait until they are gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        assert cursor.fetchall() == [(True,)]


@pytest.mark.parametrize("moment", LOCKED)
def test_an_answer_whose_connection_dies_while_it_is_written_is_finished_by_the_sweep(simulator, clock, moment):
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("refuse_connection", on="payment_intents.capture")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    clock.advance(timedelta(minutes=5))
    race(partial(LOCKED[moment], payment), partial(runner.run_payment, payment.pk), once_all_wait=terminate_blocked)

    capture = payment.operations.get(kind="capture")
    assert (capture.state, fresh(payment).status) == ("pending", Status.HELD)
    assert moved(simulator) == (payment.price.total_cents, 0, 0)
    clock.advance(timedelta(minutes=5))
    tasks.sweep_payments()
    assert moved(simulator) == (payment.price.total_cents, payment.price.professional_cents, 0)
    assert invariants.found_wrong(simulator) == []


# The sweep stops, then comes twice


def leave_overdue(world, simulator, clock):
    """A payment for each duty, a call that was interrupted and an event not answered, all due within six hours."""
    kept = worlds.kept(world, simulator)
    ended = pay(world.agree(2, minutes=120), simulator)
    clock.set(ended.mission.ends_at)
    simulator.faults.add("refuse_connection", on="payment_intents.capture")
    actions.confirm(ended.mission, by=world.client.user)
    soon = clock.now() + timedelta(hours=1)
    payments = {
        "expire_unpaid": worlds.accepted(world, simulator),
        "cancel_unheld": pay(world.agree(480), simulator),
        "place_hold": pay(world.agree(480), simulator),
        "check_papers": pay(world.agree(50, franchise=True), simulator),
        "contest_by_silence": pay(world.agree(2, minutes=120), simulator),
        "remind_staff": kept,
        "keep_hold": worlds.held(world, simulator),
    }
    for duty in ("expire_unpaid", "cancel_unheld", "contest_by_silence", "remind_staff"):
        Mission.objects.filter(payment=payments[duty]).update(deadline_at=soon)
    Payment.objects.filter(pk=payments["place_hold"].pk).update(hold_due_at=soon)
    payments["keep_hold"].holds.update(capture_before=soon + timedelta(hours=12))
    suspend_professional(world.professionals[1], by=world.staff, reason="Absences")
    paid = world.agree(50)
    page = open_page(paid)
    simulator.hosted.pay(page.stripe_id)
    events.receive("evt_left", "checkout.session.completed", page.stripe_id)
    return payments | {"interrupted": ended, "event": paid}


ONCE_SWEPT = {
    "expire_unpaid": (Status.RETURNED, Mission.Status.EXPIRED),
    "cancel_unheld": (Status.RETURNED, Mission.Status.CANCELLED),
    "place_hold": (Status.HELD, Mission.Status.SECURED),
    "check_papers": (Status.HELD, Mission.Status.SECURED),
    "contest_by_silence": (Status.HELD, Mission.Status.CONTESTED),
    "remind_staff": (Status.KEPT, Mission.Status.CONTESTED),
    "keep_hold": (Status.KEPT, Mission.Status.SECURED),
    "interrupted": (Status.RELEASED, Mission.Status.CONFIRMED),
    "event": (Status.HELD, Mission.Status.SECURED),
}


def test_after_six_hours_without_a_sweep_two_at_once_do_each_thing_once(simulator, clock, caplog):
    world = worlds.World.at("empty", simulator)
    payments = leave_overdue(world, simulator, clock)
    clock.advance(timedelta(hours=6))
    assert {arguments[0] for task, arguments in tasks.due(clock.now()) if task == tasks.perform} == set(tasks.DUTIES)
    caplog.clear()
    lock = partial(lock_professional, world.professionals[0].pk)
    race(lock, tasks.do_what_is_due, tasks.do_what_is_due)

    ends = {name: (fresh(payment).status, fresh(payment).mission.status) for name, payment in payments.items()}
    assert ends == ONCE_SWEPT
    once = ("expired", "cancelled", "secured", "contested", "paid")
    told = MissionEvent.objects.filter(kind__in=once).values_list("mission", "kind")
    assert len(told) == len(set(told))
    assert len(mail.outbox) == Notification.objects.exclude(sent_at=None).count()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    assert invariants.found_wrong(simulator) == []


# The professional is suspended


def wait_for_the_hold(payment, simulator, clock):
    """Nothing is asked of the client's bank, and 24 h before the start the mission is cancelled."""
    for instant in (payment.hold_due_at, payment.hold_due_at + timedelta(hours=7), payment.mission.deadline_at):
        clock.set(instant + timedelta(minutes=16))
        tasks.sweep_payments()


def confirm(payment, simulator, clock):
    clock.set(max(clock.now(), payment.mission.ends_at))
    actions.confirm(payment.mission, by=payment.mission.client.user)


def become_payable(payment, simulator, clock):
    account = simulator.get("v2.core.account", payment.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "active")
    sync.sync_account(account["id"])
    tasks.sweep_payments()


def wait_for_the_day_before(payment, simulator, clock):
    clock.set(payment.mission.starts_at - timedelta(hours=24) + timedelta(minutes=16))
    tasks.sweep_payments()


SUSPENDED = {
    "held_to_come": (wait_for_the_day_before, Status.RETURNED, False),
    "card_saved": (wait_for_the_hold, Status.RETURNED, False),
    "held": (confirm, Status.RELEASED, True),
    "unpaid": (become_payable, Status.RELEASED, True),
}


@pytest.mark.parametrize("stage", SUSPENDED)
def test_a_professional_suspended_meanwhile_leaves_no_money_behind(simulator, clock, stage):
    """Whoever worked is paid; whoever may not work any more costs the client nothing."""
    follow, status, is_paid = SUSPENDED[stage]
    world = worlds.World.at("empty", simulator)
    payment = worlds.STAGES[stage.removesuffix("_to_come")](world, simulator)
    suspend_professional(payment.mission.professional, by=world.staff, reason="Absences")
    follow(fresh(payment), simulator, clock)

    due = (payment.price.total_cents, payment.price.professional_cents, 0)
    assert (fresh(payment).status, moved(simulator)) == (status, due if is_paid else (0, 0, 0))
    assert invariants.found_wrong(simulator) == []
