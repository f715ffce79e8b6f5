"""What staff give back of a payment already shared, to the cent, in our books and in the simulator's."""

from datetime import timedelta

import pytest

from accounts.tests.factories import make_staff
from missions.errors import MissionError
from payments import actions, tasks
from payments.errors import PaymentError
from payments.models import Payment, Refund
from payments.simulator import accounts, disputes, refunds
from payments.simulator.balance import card_fee
from payments.staff_forms import RefundForm
from payments.tests.books import books, check_books, moved
from payments.tests.factories import fresh, make_ended_payment, make_held_payment
from payments.tests.webhooks import deliver

pytestmark = pytest.mark.django_db(transaction=True)

BOTH, PLATFORM = Refund.Bearer.BOTH, Refund.Bearer.PLATFORM

# 8 h at 25,00 €: 240,00 € for the professional, 30,00 € of commission and 6,00 € of its VAT.
TOTAL, SHARE = 27_600, 24_000
FEE = card_fee(TOTAL)


@pytest.fixture
def staff():
    return make_staff()


@pytest.fixture
def shared(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return fresh(payment)


def refund(payment, staff, cents, bearer=BOTH):
    return actions.refund(fresh(payment), by=staff, cents=cents, bearer=bearer, reason="Retard de deux heures")


@pytest.mark.parametrize(
    ("bearer", "taken", "end"),
    [
        (BOTH, 8_696, {"commission": -1_913, "vat": -383, "stripe": 2_296 - FEE}),
        (PLATFORM, 0, {"commission": -3_000, "vat": -600, "losses": 10_000, "stripe": 3_600 - 10_000 - FEE}),
    ],
)
def test_each_bearer_bears_their_part_to_the_cent(shared, staff, simulator, bearer, taken, end):
    decision = refund(shared, staff, 10_000, bearer)

    assert decision.taken_back_cents == taken
    assert moved(simulator) == (TOTAL, SHARE - taken, 10_000)
    assert books(shared) == end | {"stripe_fees": FEE}
    check_books(simulator)


def test_both_sides_are_told_of_a_refund(shared, staff):
    refund(shared, staff, 10_000)
    client, professional = shared.mission.client.user, shared.mission.professional.user

    assert client.notifications.filter(template="payments/emails/refunded_client").count() == 1
    assert professional.notifications.filter(template="payments/emails/taken_back_professional").count() == 1


def test_a_whole_refund_leaves_nobody_anything_but_the_fee(shared, staff, simulator):
    refund(shared, staff, TOTAL)

    assert moved(simulator) == (TOTAL, 0, TOTAL)
    assert books(shared) == {"stripe": -FEE, "stripe_fees": FEE}
    check_books(simulator)


@pytest.mark.parametrize("parts", [(9_200, 9_200, 9_200), (1, 3, 7, 27_589), (13_799, 13_801), (9_999,) * 2 + (7_602,)])
def test_a_refund_in_parts_ends_as_one_refund_of_the_whole(shared, staff, simulator, parts):
    for cents in parts:
        refund(shared, staff, cents)

    assert moved(simulator) == (TOTAL, 0, TOTAL)
    assert books(shared) == {"stripe": -FEE, "stripe_fees": FEE}
    check_books(simulator)


def test_what_the_team_is_shown_of_a_refund_is_what_is_booked_after_others(shared, staff):
    for cents in (1, 3, 7, 9_999):
        form = RefundForm({"cents": f"{cents / 100}", "bearer": BOTH, "reason": "Retard"}, subject=fresh(shared))
        assert form.is_valid()
        shown, before = form.borne(cents), books(shared)
        refund(shared, staff, cents)
        after = books(shared)
        booked = [after[name] - before[name] for name in ("commission", "vat")]
        assert (*booked,) == shown[1:]


def test_no_more_is_ever_returned_than_was_shared(shared, staff, simulator):
    refund(shared, staff, 20_000)
    refund(shared, staff, 7_000, PLATFORM)
    for bearer in (BOTH, PLATFORM):
        with pytest.raises(PaymentError, match="dépasse ce qui reste"):
            refund(shared, staff, 601, bearer)
    refund(shared, staff, 600)

    assert moved(simulator)[2] == TOTAL
    check_books(simulator)


@pytest.mark.parametrize("cents", [0, -1, TOTAL + 1])
def test_a_refund_is_a_positive_part_of_what_was_shared(shared, staff, cents):
    with pytest.raises(PaymentError):
        refund(shared, staff, cents)
    assert not Refund.objects.exists()


def test_only_staff_refund(shared):
    for user in (shared.mission.client.user, shared.mission.professional.user):
        with pytest.raises(MissionError, match="Seule notre équipe"):
            refund(shared, user, 100)


def test_what_is_only_held_is_decided_by_the_mission(staff, simulator):
    payment = make_held_payment(simulator)
    with pytest.raises(PaymentError, match="Seul un paiement réparti"):
        refund(payment, staff, 100)
    assert simulator.book.every("refund") == []


def test_the_client_waits_for_the_professionals_part(shared, staff, simulator, clock):
    simulator.faults.add("refuse_connection", on="transfers.reversals.create")
    refund(shared, staff, 10_000)
    assert moved(simulator) == (TOTAL, SHARE, 0)

    clock.advance(timedelta(minutes=5))
    tasks.sweep_payments()
    assert moved(simulator) == (TOTAL, SHARE - 8_696, 10_000)
    check_books(simulator)


@pytest.mark.parametrize("fault", ["lose_answer", "server_error", "half_answer"])
@pytest.mark.parametrize("route", ["transfers.reversals.create", "refunds.create"])
def test_a_refund_interrupted_is_finished_and_never_doubled(shared, staff, simulator, clock, route, fault):
    simulator.faults.add(fault, on=route)
    refund(shared, staff, 10_000)
    clock.advance(timedelta(minutes=5))
    tasks.sweep_payments()

    assert moved(simulator) == (TOTAL, SHARE - 8_696, 10_000)
    check_books(simulator)


def test_a_professional_paid_out_already_owes_us_their_part_and_the_client_does_not_wait(
    shared, staff, simulator, clock
):
    clock.advance(timedelta(days=8))
    simulator.tick()
    accounts.pay_out(simulator, shared.mission.professional.account.stripe_id)
    refund(shared, staff, 10_000)

    assert moved(simulator) == (TOTAL, SHARE, 10_000)
    assert books(shared)["recoverable"] == 8_696
    assert "payable" not in books(shared)
    check_books(simulator)


def test_a_professional_not_paid_yet_bears_nothing(client, staff, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    account = simulator.book.get("v2.core.account", payment.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    deliver(client, simulator)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    with pytest.raises(PaymentError, match="pas encore payé"):
        refund(payment, staff, 10_000)
    refund(payment, staff, 10_000, PLATFORM)
    assert moved(simulator) == (TOTAL, 0, 10_000)

    accounts.set_status(simulator, account, "active")
    deliver(client, simulator)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()
    assert moved(simulator) == (TOTAL, SHARE, 10_000)
    assert "payable" not in books(payment)
    check_books(simulator)


def test_no_refund_while_a_bank_holds_the_money_nor_once_it_kept_it(shared, staff, client, simulator):
    found = disputes.open_dispute(simulator, shared.holds.get().charge_id)
    deliver(client, simulator)
    with pytest.raises(PaymentError, match="La banque du client a déjà repris ce paiement"):
        refund(shared, staff, 100)

    disputes.close_dispute(simulator, found["id"], won=False)
    deliver(client, simulator)
    with pytest.raises(PaymentError):
        refund(shared, staff, 100)
    assert not Refund.objects.exists()


def test_a_refund_is_possible_again_once_the_chargeback_is_won(shared, staff, client, simulator):
    found = disputes.open_dispute(simulator, shared.holds.get().charge_id)
    disputes.close_dispute(simulator, found["id"], won=True)
    deliver(client, simulator)
    refund(shared, staff, 10_000)

    assert moved(simulator) == (TOTAL, SHARE - 8_696, 10_000)
    check_books(simulator)


@pytest.mark.parametrize("bearer", [BOTH, PLATFORM])
@pytest.mark.parametrize("won", [True, False])
def test_a_refund_decided_before_we_hear_of_a_chargeback_never_pays_twice(
    shared, staff, client, simulator, clock, bearer, won
):
    found = disputes.open_dispute(simulator, shared.holds.get().charge_id)
    refund(shared, staff, 10_000, bearer)
    deliver(client, simulator)
    disputes.close_dispute(simulator, found["id"], won=won)
    deliver(client, simulator)
    for _hour in range(3):
        clock.advance(timedelta(hours=1, minutes=1))
        tasks.sweep_payments()

    returned = 10_000 if won else 0
    assert moved(simulator)[2] == returned
    assert not {"client_funds", "payable", "chargebacks"} & books(shared).keys()
    assert not shared.operations.filter(state__in=["pending", "stuck"]).exists()
    check_books(simulator)


def test_a_refund_the_bank_sends_back_is_kept_for_the_client_and_made_again(shared, staff, client, simulator):
    refund(shared, staff, 10_000)
    end = books(shared)
    (made,) = simulator.book.every("refund")
    refunds.fail_refund(simulator, made["id"])
    deliver(client, simulator)
    deliver(client, simulator)
    stuck = shared.operations.get(kind="refund")
    assert (stuck.state, books(shared)["client_funds"]) == ("stuck", -10_000)
    assert staff.notifications.filter(template="payments/emails/refund_failed_staff").count() == 1
    check_books(simulator)

    actions.run_again(stuck, by=staff)
    tasks.sweep_payments()
    assert moved(simulator) == (TOTAL, SHARE - 8_696, 10_000)
    assert books(shared) == end
    assert fresh(shared).status == Payment.Status.RELEASED
    check_books(simulator)


def test_what_was_returned_at_a_settlement_is_not_returned_again(staff, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    clock.set(payment.holds.get().capture_before - timedelta(hours=11))
    tasks.sweep_payments()
    actions.contest(fresh(payment).mission, by=payment.mission.professional.user, reason="client_absent")
    actions.settle(fresh(payment).mission.contest, by=staff, performed_basis_points=5000, note="La moitié")
    with pytest.raises(PaymentError, match="dépasse ce qui reste"):
        refund(payment, staff, TOTAL // 2 + 1)
    refund(payment, staff, TOTAL // 2)

    assert moved(simulator) == (TOTAL, 0, TOTAL)
    assert books(payment) == {"stripe": -FEE, "stripe_fees": FEE}
    check_books(simulator)
