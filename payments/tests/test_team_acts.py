"""What the team does when something is stuck, here or by hand in Stripe's dashboard, whatever banks do meanwhile."""

import pytest

from accounts.tests.factories import make_staff
from payments import actions, audit, differences, gateway, reconciliation, sync
from payments.errors import PaymentError
from payments.models import Difference, Dispute, Refund
from payments.simulator import refunds
from payments.tests.banks import (
    LOST,
    PART,
    SHARE,
    TOTAL,
    WON,
    check_at_rest,
    exhaust,
    refund_by_hand,
    reverse_by_hand,
    run_stuck_again,
    send_by_hand,
    set_account,
    settle_half,
    share,
    sweep_for_hours,
    write_in_books,
)
from payments.tests.books import books, moved
from payments.tests.factories import make_ended_payment
from payments.tests.webhooks import deliver

pytestmark = pytest.mark.django_db(transaction=True)

HALF = TOTAL // 2
BOTH, PLATFORM = Refund.Bearer.BOTH, Refund.Bearer.PLATFORM
UNKNOWN_REFUND, UNKNOWN_REVERSAL = Difference.Kind.UNKNOWN_REFUND, Difference.Kind.UNKNOWN_REVERSAL


def give_up(payment):
    differences.give_up_call(payment.operations.get(state="stuck"), by=make_staff())


def share_stuck(simulator, clock):
    """A confirmed payment whose share could not be sent."""
    simulator.faults.add("bad_gateway", on="transfers.create", times=20)
    payment = share(simulator, clock)
    exhaust(clock)
    simulator.faults.clear()
    return payment


def fail_refund(payment, simulator, client):
    refunds.fail_refund(simulator, payment.operations.get(kind="refund").stripe_id)
    deliver(client, simulator)


def test_all_that_is_stuck_run_again_pays_once(shared, bank, simulator, clock):
    bank.dispute(shared, amount=PART)
    bank.judge(shared, won=True)
    simulator.faults.add("bad_gateway", on="transfers.reversals.create")
    bank.dispute(shared, amount=3 * PART)
    simulator.faults.add("bad_gateway", on="transfers.reversals.create", times=30)
    simulator.faults.add("bad_gateway", on="transfers.create", times=30)
    bank.judge(shared, won=True)
    exhaust(clock)
    simulator.faults.clear()
    run_stuck_again(shared, clock)

    assert moved(simulator) == (TOTAL, SHARE, 0)
    check_at_rest(shared, simulator)


def test_a_stuck_share_run_again_does_not_leave_once_a_bank_took_it(bank, simulator, clock):
    payment = share_stuck(simulator, clock)
    bank.dispute(payment)
    bank.judge(payment, won=False)
    run_stuck_again(payment, clock)

    assert simulator.book.every("transfer") == []
    check_at_rest(payment, simulator)


def test_a_stuck_share_run_again_leaves_less_what_a_bank_took(bank, simulator, clock):
    payment = share_stuck(simulator, clock)
    bank.dispute(payment, amount=PART)
    bank.judge(payment, won=False)
    run_stuck_again(payment, clock)

    assert [transfer["amount"] for transfer in simulator.book.every("transfer")] == [SHARE - 870]
    check_at_rest(payment, simulator)


def test_a_stuck_refund_run_again_leaves_less_what_a_bank_took(shared, bank, simulator, clock):
    simulator.faults.add("bad_gateway", on="refunds.create", times=20)
    actions.refund(shared, by=make_staff(), cents=10_000, bearer=BOTH, reason="Retard")
    exhaust(clock)
    simulator.faults.clear()
    bank.dispute(shared, amount=20_000)
    bank.judge(shared, won=False)
    run_stuck_again(shared, clock)

    assert moved(simulator)[2] == TOTAL - 20_000
    check_at_rest(shared, simulator)


def test_a_refund_that_stripe_refused_waits_for_the_team_less_what_a_bank_took_since(shared, bank, simulator, client):
    refund_by_hand(shared, PART)  # not heard of
    actions.refund(shared, by=make_staff(), cents=TOTAL - 100, bearer=PLATFORM, reason="Geste")
    assert shared.operations.get(state="stuck").amount_cents == TOTAL - 100
    bank.dispute(shared, amount=2 * PART)
    bank.judge(shared, won=False)

    assert shared.operations.get(state="stuck").amount_cents == TOTAL - 2 * PART
    assert audit.differences() == []


def test_a_refund_in_doubt_given_up_lets_a_chargeback_end(shared, bank, simulator, clock):
    simulator.faults.add("bad_gateway", on="refunds.create", times=20)
    actions.refund(shared, by=make_staff(), cents=10_000, bearer=BOTH, reason="Retard")
    exhaust(clock)
    simulator.faults.clear()
    dispute = bank.dispute(shared, amount=20_000)
    bank.judge(shared, won=False)
    assert Dispute.objects.get(pk=dispute.pk).closed_at is None
    give_up(shared)

    assert Dispute.objects.get(pk=dispute.pk).closed_at


def test_what_the_team_sent_by_hand_takes_the_place_of_what_was_to_be_paid_again(
    shared, bank, simulator, clock, client
):
    bank.dispute(shared, amount=3 * PART)
    set_account(shared, simulator, "restricted")
    deliver(client, simulator)
    bank.judge(shared, won=True)
    set_account(shared, simulator, "active")
    simulator.outbox.clear()
    send_by_hand(shared, PART)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert books(shared) == WON
    check_at_rest(shared, simulator)


@pytest.mark.parametrize(("won", "sent", "owed"), [(True, SHARE, 0), (False, PART, PART)])
def test_what_the_team_sends_by_hand_while_a_bank_judges_is_owed_until_it_is_won(
    shared, bank, simulator, clock, won, sent, owed
):
    bank.dispute(shared)
    send_by_hand(shared, PART)
    assert books(shared)["recoverable"] == PART
    bank.judge(shared, won=won)
    sweep_for_hours(clock)

    assert (moved(simulator), books(shared).get("recoverable", 0)) == ((TOTAL, sent, 0), owed)
    check_at_rest(shared, simulator)


def test_what_a_reversal_given_up_was_to_bring_back_is_owed_and_the_client_has_their_refund(shared, simulator, clock):
    simulator.faults.add("bad_gateway", on="transfers.reversals.create", times=40)
    actions.refund(shared, by=make_staff(), cents=PART, bearer=BOTH, reason="Retard")
    exhaust(clock)
    simulator.faults.clear()
    give_up(shared)
    sweep_for_hours(clock)

    assert (moved(simulator), books(shared)["recoverable"]) == ((TOTAL, SHARE, PART), 870)
    assert shared.mission.professional.user.notifications.filter(
        template="payments/emails/shortfall_professional"
    ).exists()
    check_at_rest(shared, simulator)


def test_a_reversal_given_up_once_its_bank_was_won_is_another_banks_to_take(shared, bank, simulator, clock):
    simulator.faults.add("bad_gateway", on="transfers.reversals.create", times=40)
    bank.dispute(shared)
    exhaust(clock)
    simulator.faults.clear()
    bank.judge(shared, won=True)
    bank.dispute(shared, amount=PART)
    give_up(shared)
    assert (moved(simulator), books(shared).get("recoverable")) == ((TOTAL, SHARE - 870, 0), None)
    bank.judge(shared, won=False)
    check_at_rest(shared, simulator)


def test_a_refund_come_back_is_made_again_for_what_a_bank_left(shared, bank, simulator, clock, client):
    actions.refund(shared, by=make_staff(), cents=10_000, bearer=BOTH, reason="Retard")
    fail_refund(shared, simulator, client)
    bank.dispute(shared, amount=20_000)
    bank.judge(shared, won=False)
    assert shared.operations.get(state="stuck").amount_cents == TOTAL - 20_000
    assert audit.differences() == []
    run_stuck_again(shared, clock)

    assert moved(simulator)[2] == TOTAL - 20_000
    check_at_rest(shared, simulator)


def test_a_refund_come_back_to_a_lost_payment_waits_for_the_next_chargeback_to_be_won(
    shared, bank, simulator, clock, client
):
    actions.refund(shared, by=make_staff(), cents=10_000, bearer=BOTH, reason="Retard")
    bank.dispute(shared)
    bank.judge(shared, won=False)
    fail_refund(shared, simulator, client)
    bank.dispute(shared, told=False)
    run_stuck_again(shared, clock)
    bank.judge(shared, won=True)
    sweep_for_hours(clock)

    assert moved(simulator)[2] == 10_000
    check_at_rest(shared, simulator)


def test_a_refund_come_back_of_what_a_bank_gave_too_is_not_owed_again(shared, bank, simulator):
    actions.refund(shared, by=make_staff(), cents=PART, bearer=BOTH, reason="Retard")
    refunds.fail_refund(simulator, shared.operations.get(kind="refund").stripe_id)
    simulator.outbox.clear()
    bank.dispute(shared)
    bank.judge(shared, won=False)
    assert books(shared)["losses"] == PART

    sync.sync_payment(shared)
    assert (moved(simulator), books(shared)) == ((TOTAL, 0, 0), LOST)
    check_at_rest(shared, simulator)


def test_a_cancelled_refund_made_again_holds_no_other_one_back(shared, simulator, client, clock):
    actions.refund(shared, by=make_staff(), cents=PART, bearer=PLATFORM, reason="Geste")
    first = simulator.book.every("refund")[0]
    refunds.fail_refund(simulator, first["id"])
    first["status"] = "canceled"
    deliver(client, simulator)
    run_stuck_again(shared, clock)
    actions.refund(shared, by=make_staff(), cents=PART, bearer=PLATFORM, reason="Geste")

    assert moved(simulator)[2] == 2 * PART
    check_at_rest(shared, simulator)


def test_a_call_that_stripe_did_unheard_of_is_not_given_up(shared, bank, simulator, clock):
    bank.dispute(shared, amount=PART)
    simulator.faults.add("lose_answer", on="transfers.create")
    simulator.faults.add("bad_gateway", on="transfers.list", times=30)
    bank.judge(shared, won=True)
    exhaust(clock)
    with pytest.raises(PaymentError, match="ne répond pas"):
        give_up(shared)
    simulator.faults.clear()
    with pytest.raises(PaymentError, match="Stripe l’a fait"):
        give_up(shared)
    run_stuck_again(shared, clock)

    assert moved(simulator) == (TOTAL, SHARE, 0)
    check_at_rest(shared, simulator)


def test_what_is_refunded_by_hand_in_the_place_of_a_stuck_refund_is_not_refunded_twice(shared, simulator, clock):
    simulator.faults.add("bad_gateway", on="transfers.reversals.create", times=40)
    actions.refund(shared, by=make_staff(), cents=10_000, bearer=BOTH, reason="Retard")
    exhaust(clock)
    simulator.faults.clear()
    refund_by_hand(shared, 10_000)
    with pytest.raises(PaymentError, match="attend encore la part du professionnel"):
        write_in_books(UNKNOWN_REFUND)
    give_up(shared)
    sweep_for_hours(clock)
    write_in_books(UNKNOWN_REFUND)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE, 10_000)
    assert books(shared)["recoverable"] == 8_696
    check_at_rest(shared, simulator)


def test_a_reversal_of_ours_is_not_written_as_somebody_elses(shared, simulator, clock):
    send_by_hand(shared, PART)  # in error: they owe it
    simulator.faults.add("lose_answer", on="transfers.reversals.create")
    simulator.faults.add("bad_gateway", on="transfers.reversals.list", times=30)
    actions.refund(shared, by=make_staff(), cents=PART, bearer=BOTH, reason="Retard")
    exhaust(clock)
    simulator.faults.clear()
    with pytest.raises(PaymentError, match="à examiner"):
        write_in_books(UNKNOWN_REVERSAL)
    run_stuck_again(shared, clock)

    assert books(shared)["recoverable"] == PART
    check_at_rest(shared, simulator)


def test_a_reversal_made_by_hand_takes_the_place_of_the_one_that_waits(shared, simulator, client, clock):
    simulator.faults.add("bad_gateway", on="transfers.reversals.create", times=40)
    actions.refund(shared, by=make_staff(), cents=PART, bearer=BOTH, reason="Retard")
    exhaust(clock)
    simulator.faults.clear()
    reverse_by_hand(simulator, 870)
    deliver(client, simulator)
    run_stuck_again(shared, clock)
    assert moved(simulator) == (TOTAL, SHARE - 870, 0)
    write_in_books(UNKNOWN_REVERSAL)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE - 870, PART)
    assert "recoverable" not in books(shared)
    check_at_rest(shared, simulator)


def test_what_was_sent_by_hand_while_two_banks_judge_is_not_owed_once_both_are_won(bank, simulator, clock):
    payment = share_stuck(simulator, clock)
    bank.dispute(payment, amount=PART)
    bank.dispute(payment, amount=3 * PART)
    give_up(payment)
    send_by_hand(payment, SHARE)
    for _chargeback in range(2):
        bank.judge(payment, won=True)
        sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE, 0)
    check_at_rest(payment, simulator)


@pytest.mark.parametrize("is_written_first", [True, False])
def test_what_was_refunded_by_hand_costs_as_much_written_before_a_chargeback_or_during_it(
    kept, bank, simulator, clock, is_written_first
):
    refund_by_hand(kept, 5_000)
    simulator.outbox.clear()
    reconciliation.compare_books()
    settle_half(kept)
    if is_written_first:
        write_in_books(UNKNOWN_REFUND)
    bank.dispute(kept, amount=TOTAL - moved(simulator)[2])
    if not is_written_first:
        write_in_books(UNKNOWN_REFUND)
    bank.judge(kept, won=False)
    sweep_for_hours(clock)

    assert moved(simulator)[1] == 0  # the client has it all back
    check_at_rest(kept, simulator)


def test_what_was_to_go_back_and_was_given_up_is_what_a_bank_takes_first(kept, bank, simulator, clock):
    simulator.faults.add("bad_gateway", on="refunds.create", times=20)
    settle_half(kept)
    exhaust(clock)
    simulator.faults.clear()
    give_up(kept)
    bank.dispute(kept, amount=HALF)
    bank.judge(kept, won=False)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE // 2, 0)
    check_at_rest(kept, simulator)


def test_a_capture_made_by_hand_of_less_is_the_one_that_counts(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("refuse_connection", on="payment_intents.capture")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    intent_id = payment.holds.get().intent_id
    gateway.client().v1.payment_intents.capture(intent_id, {"amount_to_capture": 10_000})
    simulator.outbox.clear()
    sweep_for_hours(clock)

    assert moved(simulator) == (10_000, 8_696, 0)
    check_at_rest(payment, simulator)
