"""Stripe says no, or nothing, for reasons that are not the bank's: who is told, and what is left to do."""

from datetime import timedelta

import pytest

from accounts.tests.factories import make_staff
from payments import actions, audit, tasks
from payments.errors import PaymentError
from payments.models import Payment
from payments.tests.factories import (
    fresh,
    make_account,
    make_booked_payment,
    make_ended_payment,
    make_held_payment,
    make_payment,
    pay,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)

SAVED_THEN_DECLINED = "4000 0000 0000 0341"
Status = Payment.Status


@pytest.fixture
def staff():
    return make_staff()


def told(user):
    """The names of the e-mails owed to somebody, in order."""
    names = user.notifications.order_by("pk").values_list("template", flat=True)
    return [name.rpartition("/")[2] for name in names]


def forget_customer(simulator, client):
    """Somebody deletes the client's object in Stripe's dashboard."""
    simulator.book.table("customer").pop(client.customer.stripe_id)


# Nothing


def test_a_silence_of_half_an_hour_is_told_to_the_team_before_it_costs_a_mission(simulator, clock, staff):
    payment = make_booked_payment(simulator)
    clock.set(payment.hold_due_at)
    simulator.faults.add("refuse_connection", on="payment_intents.create", times=40)
    for _minute in range(40):
        tasks.sweep_payments()
        clock.advance(timedelta(minutes=1))

    attempts = payment.operations.get(kind="place_hold").attempts
    assert (attempts, told(staff)) == (5, ["operation_unanswered_staff"])
    assert len(list(audit.differences())) == 1


def test_a_silence_is_told_once_a_day_however_many_calls_it_stops(simulator, clock, staff):
    payments = [make_booked_payment(simulator) for _payment in range(2)]
    clock.set(payments[0].hold_due_at + timedelta(hours=1))
    simulator.faults.add("refuse_connection", times=1_000)
    for _sweep in range(6):
        tasks.sweep_payments()
        clock.advance(timedelta(hours=1))
    assert told(staff) == ["operation_unanswered_staff"]


def test_a_key_that_expired_is_told_at_once(simulator, clock, staff):
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("expire_key", on="payment_intents.capture")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)

    assert (fresh(payment).status, told(staff)) == (Status.HELD, ["operation_unanswered_staff"])
    clock.advance(timedelta(minutes=5))
    tasks.sweep_payments()
    assert fresh(payment).status == Status.RELEASED


# No


def test_a_hold_refused_by_no_bank_is_told_to_the_team_and_the_client_may_pay(simulator, clock, staff):
    payment = make_booked_payment(simulator)
    clock.set(payment.hold_due_at)
    simulator.faults.add("forbid", on="payment_intents.create")
    tasks.sweep_payments()

    assert (fresh(payment).status, told(staff)) == (Status.CARD_REFUSED, ["operation_refused_staff"])
    assert pay(fresh(payment), simulator).status == Status.HELD


def test_a_hold_refused_by_the_bank_is_not_the_teams(simulator, clock, staff):
    payment = make_booked_payment(simulator, SAVED_THEN_DECLINED)
    clock.set(payment.hold_due_at)
    tasks.sweep_payments()
    assert told(staff) == []


@pytest.mark.parametrize("route", ["customers.create", "checkout.sessions.create"])
def test_a_page_that_stripe_refuses_is_not_a_silence(simulator, staff, route):
    payment = make_payment()
    make_account(payment.mission.professional, simulator)
    simulator.faults.add("forbid", on=route)
    with pytest.raises(PaymentError, match="refusé cette demande"):
        actions.start_checkout(payment, by=payment.mission.client.user)

    assert told(staff) == ["operation_refused_staff"]
    assert pay(payment, simulator).status == Status.HELD


def test_an_account_that_stripe_refuses_to_make_is_told_to_the_team(simulator, staff):
    professional = make_payment().mission.professional
    simulator.faults.add("forbid", on="core.accounts.create")
    with pytest.raises(PaymentError, match="refusé cette demande"):
        actions.start_onboarding(professional)

    assert told(staff) == ["operation_refused_staff"]
    make_account(professional, simulator)
    professional.refresh_from_db()
    assert professional.payable


def test_a_client_deleted_at_stripe_pays_at_the_next_click(simulator, clock):
    client = make_held_payment(simulator).mission.client
    forget_customer(simulator, client)
    payment = make_payment(client=client)
    make_account(payment.mission.professional, simulator)
    with pytest.raises(PaymentError):
        actions.start_checkout(payment, by=client.user)
    assert pay(payment, simulator).status == Status.HELD


def test_cards_deleted_at_stripe_with_their_client_are_asked_for_again(simulator, clock):
    first = make_booked_payment(simulator)
    client = first.mission.client
    second = make_booked_payment(simulator, client=client)
    forget_customer(simulator, client)
    clock.set(second.hold_due_at)
    for _sweep in range(2):
        tasks.sweep_payments()

    for payment in (first, second):
        assert fresh(payment).status == Status.CARD_REFUSED
        assert pay(fresh(payment), simulator).status == Status.HELD


# Too late for another try


def test_a_bank_that_says_no_close_to_the_deadline_is_not_asked_again(simulator, clock):
    """The client would have less than six hours left, or none."""
    payment = make_booked_payment(simulator, SAVED_THEN_DECLINED)
    clock.set(payment.mission.deadline_at - timedelta(hours=11))
    tasks.sweep_payments()

    assert fresh(payment).status == Status.CARD_REFUSED
    assert "card_refused_client" in told(payment.mission.client.user)
    assert pay(fresh(payment), simulator).status == Status.HELD
