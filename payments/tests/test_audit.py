"""Each thing that must always hold of the money, seen broken."""

import inspect
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from payments import actions, audit, ledger
from payments.models import Dispute, Hold, LedgerTransaction, Payment, Reconciliation, StripeEvent, StripeOperation
from payments.simulator import disputes
from payments.sync import sync_dispute
from payments.tests.factories import make_account, make_ended_payment, make_held_payment, make_payment, pay, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def released(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return work(payment)


def post(payment, kind, lines):
    movement = LedgerTransaction.objects.create(payment=payment, kind=kind, happened_at=actions.clock.now())
    for account, cents in lines.items():
        movement.entries.create(account=account, cents=cents)


def test_a_payment_that_went_well_breaks_nothing(released):
    assert list(audit.differences()) == []


def test_a_movement_that_does_not_sum_to_zero(released):
    post(released, "write_off", {"losses": 5})
    movement = LedgerTransaction.objects.last()
    assert list(audit.unbalanced_movements()) == [f"Ledger transaction {movement.pk} does not sum to zero."]
    transaction.set_rollback(True)  # the database would refuse it


@pytest.mark.parametrize(("kind", "name"), [("capture", "captured"), ("transfer", "transferred")])
def test_a_call_for_another_amount_than_was_booked(released, kind, name):
    released.operations.filter(kind=kind).update(amount_cents=F("amount_cents") + 1)
    assert list(audit.wrong_movements()) == [
        f"Payment {released.pk}: the ledger and the calls differ on what was {name}."
    ]


def test_a_refund_that_was_not_booked(released):
    hold = released.holds.get()
    StripeOperation.objects.create(
        kind="refund", key="r", state="done", payment=released, hold=hold, amount_cents=5, due_at=actions.clock.now()
    )
    assert list(audit.wrong_refunds()) == [
        f"Payment {released.pk}: the ledger and the calls differ on what was refunded."
    ]


def test_money_said_to_be_kept_that_is_not_there(released):
    Payment.objects.filter(pk=released.pk).update(status=Payment.Status.KEPT)
    cents = released.holds.get().captured_cents
    assert list(audit.wrong_shares()) == [f"Payment {released.pk}: 0 cents are kept, not {cents}."]


def test_money_left_with_us_that_nobody_decided_to_keep(released):
    post(released, "refund_failed", {"stripe": 300, "client_funds": -300})
    assert list(audit.wrong_shares()) == [f"Payment {released.pk}: 300 cents are kept, not 0."]


def test_a_professional_whose_share_was_forgotten(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    type(payment.mission.professional).objects.update(payable=False)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    work(payment)
    assert list(audit.wrong_debts()) == []
    payment.operations.filter(kind="transfer").update(state="refused")
    share = payment.price.professional_cents
    assert list(audit.wrong_debts()) == [
        f"Payment {payment.pk}: {share} cents are owed to the professional, and nothing is on its way."
    ]


def test_a_professional_paid_too_much(released):
    post(released, "transfer", {ledger.payable(released): 300, "stripe": -300})
    assert list(audit.wrong_debts()) == [
        f"Payment {released.pk}: the professional has 300 cents too much, and nothing takes them back."
    ]


def test_a_chargeback_of_another_amount(released, simulator):
    sync_dispute(disputes.open_dispute(simulator, released.holds.get().charge_id)["id"])
    assert list(audit.wrong_chargebacks()) == []
    Dispute.objects.update(withdrawn_cents=1)
    assert list(audit.wrong_chargebacks()) == [
        f"Payment {released.pk}: the ledger and the bank differ on what was charged back."
    ]


def test_more_refunded_than_captured(released):
    cents = released.holds.get().captured_cents + 1
    post(released, "refund", {"client_funds": cents, "stripe": -cents})
    assert list(audit.refunds_above_captures()) == [f"Payment {released.pk}: more was refunded than captured."]


def test_a_hold_left_on_a_mission_that_is_over(simulator):
    payment = make_held_payment(simulator)
    hold = payment.holds.get()
    actions.cancel(payment.mission, by=payment.mission.client.user)
    assert list(audit.holds_of_the_dead()) == []
    StripeOperation.objects.filter(kind="cancel_hold").update(state="refused")
    assert list(audit.holds_of_the_dead()) == [f"Hold {hold.pk} is live, its mission is not, and nothing ends it."]


def test_money_kept_for_more_than_sixty_days(simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.holds.get().capture_before - timedelta(hours=1))
    actions.keep_hold(payment)
    work(payment)
    clock.advance(timedelta(days=59))
    assert list(audit.kept_too_long()) == []
    clock.advance(timedelta(days=1, minutes=1))
    assert list(audit.kept_too_long()) == [f"Payment {payment.pk} has been kept for more than 60 days."]


def test_a_saved_card_that_nothing_will_ask(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator)
    assert list(audit.forgotten_holds()) == []
    Payment.objects.update(hold_due_at=None)
    assert list(audit.forgotten_holds()) == [f"Payment {payment.pk} waits for a hold that nothing will place."]


def test_work_that_waits_for_more_than_an_hour(simulator, clock):
    payment = make_held_payment(simulator)
    actions.cancel(payment.mission, by=payment.mission.client.user)
    event = StripeEvent.objects.create(event_id="evt_1", type="charge.expired", object_id="ch_1", due_at=clock.now())
    clock.advance(timedelta(minutes=59))
    assert list(audit.undone_work()) == []
    clock.advance(timedelta(minutes=2))
    call = payment.operations.get(kind="cancel_hold")
    assert list(audit.undone_work()) == [
        f"Call {call.pk} has been due for more than an hour.",
        f"Event {event.pk} has been due for more than an hour.",
    ]


def test_books_no_longer_compared_with_stripes(clock):
    assert list(audit.late_comparison()) == []
    run = Reconciliation.objects.create(scope="books", started_at=clock.now())
    clock.advance(timedelta(hours=25, minutes=59))
    assert list(audit.late_comparison()) == []
    clock.advance(timedelta(minutes=2))
    assert list(audit.late_comparison()) == ["No comparison with Stripe's books has ended for 26 hours."]
    run.ended_at = clock.now()
    run.save()
    assert list(audit.late_comparison()) == []


def test_a_verdict_that_its_money_does_not_follow(released, simulator, clock):
    found = disputes.open_dispute(simulator, released.holds.get().charge_id)
    found["status"] = "prevented"
    sync_dispute(found["id"])
    clock.advance(timedelta(days=6))
    assert list(audit.unfinished_disputes()) == []
    clock.advance(timedelta(days=2))
    assert list(audit.unfinished_disputes()) == [
        f"Dispute {found['id']} is prevented, and its money is not where that verdict says."
    ]


def isolation():
    """A check that says how it is read."""
    with connection.cursor() as cursor:
        for name in ("transaction_isolation", "transaction_read_only"):
            cursor.execute(f"SHOW {name}")
            yield cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_all_checks_read_one_snapshot(monkeypatch):
    monkeypatch.setattr(audit, "CHECKS", [isolation])
    assert audit.differences() == ["repeatable read", "on"]
    with transaction.atomic():
        assert audit.differences() == ["read committed", "off"]


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_kept_is_checked_in_as_many_queries_for_three_as_for_one(
    simulator, clock, count, django_assert_num_queries
):
    for _number in range(count):
        payment = make_ended_payment(simulator, clock)
        actions.confirm(payment.mission, by=payment.mission.client.user)
        post(work(payment), "refund_failed", {"stripe": 300, "client_funds": -300})
    with django_assert_num_queries(4):
        assert len(list(audit.wrong_shares())) == count


def test_every_check_is_made():
    checks = {thing for thing in vars(audit).values() if inspect.isgeneratorfunction(thing)}
    assert checks == set(audit.CHECKS)


def test_the_books_of_one_payment_are_read_by_account(released):
    assert ledger.balance(released, "stripe") == released.price.platform_cents - ledger.balance(released, "stripe_fees")
    assert Hold.objects.get().captured_cents == released.price.total_cents
