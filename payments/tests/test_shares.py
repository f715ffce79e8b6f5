"""What the professional has in the end, whatever banks, refunds, silences and the team do to their share."""

from datetime import timedelta

import pytest

from accounts.tests.factories import make_staff
from payments import actions, audit, earnings, tasks
from payments.models import Payment, Refund
from payments.simulator import accounts, disputes, refunds
from payments.simulator.balance import DISPUTE_FEE
from payments.tests.banks import (
    COMMISSION,
    FEES,
    LEFT,
    LOST,
    PART,
    SHARE,
    TOTAL,
    VAT,
    check_at_rest,
    exhaust,
    pay_out,
    refund_by_hand,
    run_stuck_again,
    set_account,
    settle_half,
    share,
    sweep_for_hours,
    told,
)
from payments.tests.books import books, moved
from payments.tests.factories import fresh, make_ended_payment
from payments.tests.webhooks import deliver

pytestmark = pytest.mark.django_db(transaction=True)

HALF = TOTAL // 2
BOTH, PLATFORM = Refund.Bearer.BOTH, Refund.Bearer.PLATFORM


# Several chargebacks of one charge


# What is lost in all, with what it was made of: the professional's share, commission, VAT.
LOST_OF_TWO = {(False, False): (3_478, 435, 87), (True, False): (2_609, 326, 65), (False, True): (870, 108, 22)}
LOST_OF_TWO[True, True] = (0, 0, 0)


@pytest.mark.parametrize(("verdicts", "lost"), LOST_OF_TWO.items())
def test_two_chargebacks_at_once_are_each_borne_or_paid_again(shared, bank, simulator, clock, verdicts, lost):
    bank.dispute(shared, amount=PART)
    bank.dispute(shared, amount=3 * PART)
    for won in verdicts:
        bank.judge(shared, won=won)
    clock.advance(timedelta(hours=2))  # what was won waited for the other one
    tasks.sweep_payments()

    share, commission, vat = lost
    fees = FEES + DISPUTE_FEE
    earned = {"commission": commission - COMMISSION, "vat": vat - VAT}
    assert moved(simulator) == (TOTAL, SHARE - share, 0)
    assert books(shared) == earned | {"stripe": -sum(earned.values()) - fees, "stripe_fees": fees}
    check_at_rest(shared, simulator)


def test_a_share_paid_again_once_another_chargeback_was_lost_comes_back_by_that_much(shared, bank, simulator, clock):
    bank.dispute(shared)
    simulator.faults.add("refuse_connection", on="transfers.create")
    bank.judge(shared, won=True)
    bank.dispute(shared, amount=PART)
    bank.judge(shared, won=False)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE - 870, 0)
    assert books(shared) == LEFT | {"stripe": LEFT["stripe"] - DISPUTE_FEE, "stripe_fees": FEES + DISPUTE_FEE}
    check_at_rest(shared, simulator)


def test_a_share_that_left_less_one_chargeback_comes_back_by_the_next_one_only(bank, client, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    account = simulator.book.get("v2.core.account", payment.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    bank.dispute(payment, amount=PART)
    bank.judge(payment, won=False)
    accounts.set_status(simulator, account, "active")
    simulator.faults.add("lose_answer", on="transfers.create")
    clock.advance(timedelta(hours=2))
    deliver(client, simulator)
    tasks.sweep_payments()
    bank.dispute(payment, amount=PART)
    bank.judge(payment, won=False)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE - 1_739, 0)
    check_at_rest(payment, simulator)


def test_parts_rounded_on_their_own_never_take_more_than_the_share(shared, bank, simulator, clock):
    """1,04 € refunded, then two chargebacks of the rest: their parts would be one cent more than there is."""
    actions.refund(shared, by=make_staff(), cents=104, bearer=Refund.Bearer.BOTH, reason="Retard")
    bank.dispute(shared, amount=1_001)
    bank.dispute(shared, amount=26_495)
    for _chargeback in range(2):
        bank.judge(shared, won=False)

    assert fresh(shared).status == Payment.Status.LOST
    assert moved(simulator) == (TOTAL, 0, 104)
    check_at_rest(shared, simulator)


def test_a_professional_paid_out_owes_what_two_chargebacks_cost_them_and_no_cent_more(shared, bank, simulator, clock):
    pay_out(simulator, clock, shared)
    bank.dispute(shared, amount=PART)
    bank.dispute(shared, amount=3 * PART)
    for _chargeback in range(2):
        bank.judge(shared, won=False)

    assert books(shared)["recoverable"] == 3_478
    check_at_rest(shared, simulator)


def test_what_a_professional_paid_out_owes_for_two_chargebacks_they_owe_no_more_once_both_are_won(
    shared, bank, simulator, clock
):
    """Nothing came back of either: nothing is to be paid again."""
    pay_out(simulator, clock, shared)
    for _chargeback in range(2):
        bank.dispute(shared, amount=HALF)
    for _chargeback in range(2):
        bank.judge(shared, won=True)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert not {"payable", "recoverable"} & books(shared).keys()
    check_at_rest(shared, simulator)


def test_a_second_chargeback_of_the_whole_takes_back_what_is_there_and_sends_nothing_that_waited(
    shared, bank, simulator, client, clock
):
    bank.dispute(shared, amount=HALF)
    set_account(shared, simulator, "restricted")
    deliver(client, simulator)
    bank.judge(shared, won=True)
    bank.dispute(shared)
    assert moved(simulator)[1] == 0
    bank.judge(shared, won=False)
    sweep_for_hours(clock)

    assert (fresh(shared).status, moved(simulator)) == (Payment.Status.LOST, (TOTAL, 0, 0))
    assert earnings.awaited_by(shared.mission.professional) == []
    check_at_rest(shared, simulator)


def test_two_reversals_of_one_amount_for_one_chargeback_are_both_paid_again(shared, bank, simulator, clock):
    bank.dispute(shared, amount=HALF)
    bank.judge(shared, won=True)
    simulator.faults.add("refuse_connection", on="transfers.reversals.create")
    bank.dispute(shared)
    bank.judge(shared, won=True)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE, 0)
    check_at_rest(shared, simulator)


def test_a_reversal_refused_once_less_is_borne_leaves_no_cent_owed_either_way(shared, bank, simulator, clock):
    """Each part is rounded on its own: of 8,70 € and 26,09 €, 34,78 € are borne in the end."""
    bank.dispute(shared, amount=PART)
    simulator.faults.add("refuse_connection", on="transfers.reversals.create")
    bank.dispute(shared, amount=3 * PART)
    for _chargeback in range(2):
        bank.judge(shared, won=False)
    pay_out(simulator, clock, shared)
    tasks.sweep_payments()

    assert books(shared)["recoverable"] == 2_608
    check_at_rest(shared, simulator)


def test_a_reversal_not_wanted_any_more_does_not_count_for_the_next_chargeback(shared, bank, simulator, clock):
    simulator.faults.add("refuse_connection", on="transfers.reversals.create")
    bank.dispute(shared, amount=PART)
    bank.judge(shared, won=True)
    bank.dispute(shared, amount=3 * PART)
    assert moved(simulator)[1] == SHARE - 2_609
    bank.judge(shared, won=False)
    sweep_for_hours(clock)

    assert [reversal["amount"] for reversal in simulator.book.every("transfer_reversal")] == [2_609]
    check_at_rest(shared, simulator)


@pytest.mark.parametrize(("fault", "taken_back"), [("lose_answer", [24_000]), ("refuse_connection", [2_609])])
def test_a_second_chargeback_waits_for_the_end_of_a_reversal_in_doubt(
    shared, bank, simulator, clock, fault, taken_back
):
    """The first one, of the whole, was won: its reversal is not wanted any more, and may have been made."""
    simulator.faults.add(fault, on="transfers.reversals.create")
    bank.dispute(shared)
    bank.judge(shared, won=True)
    bank.dispute(shared, amount=3 * PART)
    assert list(audit.differences()) == []
    bank.judge(shared, won=False)
    sweep_for_hours(clock)

    assert [reversal["amount"] for reversal in simulator.book.every("transfer_reversal")] == taken_back
    assert moved(simulator) == (TOTAL, SHARE - 2_609, 0)
    check_at_rest(shared, simulator)


def test_a_question_that_was_closed_may_still_become_a_chargeback(shared, bank, simulator, client):
    dispute = bank.dispute(shared, inquiry=True)
    bank.judge(shared, won=False)
    found = simulator.book.get("dispute", dispute.stripe_id)
    disputes.escalate(simulator, simulator.book.get("charge", found["charge"]), found)
    deliver(client, simulator)

    assert moved(simulator)[1] == 0


def test_a_question_that_was_closed_may_be_lost_before_we_read_it_again(shared, bank, simulator):
    bank.dispute(shared, inquiry=True)
    question = bank.judge(shared, won=False)
    charge = simulator.book.get("charge", shared.holds.get().charge_id)
    disputes.escalate(simulator, charge, simulator.book.get("dispute", question.stripe_id))
    bank.judge(shared, won=False)

    assert (moved(simulator), books(shared)) == ((TOTAL, 0, 0), LOST)
    check_at_rest(shared, simulator)


def test_shares_of_one_amount_paid_again_for_one_chargeback_both_wait_until_they_can_be_paid(
    shared, bank, simulator, clock, client
):
    bank.dispute(shared, amount=HALF)
    bank.judge(shared, won=True)
    simulator.faults.add("lose_answer", on="transfers.reversals.create")
    bank.dispute(shared)
    set_account(shared, simulator, "restricted")
    deliver(client, simulator)
    bank.judge(shared, won=True)
    sweep_for_hours(clock)
    set_account(shared, simulator, "active")
    deliver(client, simulator)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE, 0)
    check_at_rest(shared, simulator)


# Verdicts that are appealed


def test_what_was_lost_is_still_gone_while_it_is_appealed(kept, bank, simulator, clock):
    dispute = bank.dispute(kept, amount=PART)
    bank.judge(kept, won=False)
    bank.appeal(dispute)
    actions.confirm(kept.mission, by=kept.mission.client.user)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, SHARE - 870, 0)
    assert books(kept) == LEFT
    check_at_rest(kept, simulator)
    bank.judge(kept, won=False)
    check_at_rest(kept, simulator)


def test_a_chargeback_heard_of_during_its_appeal_was_lost(shared, bank, simulator):
    dispute = bank.dispute(shared)
    bank.judge(shared, won=False, told=False)
    bank.appeal(dispute)

    assert (moved(simulator), books(shared)) == ((TOTAL, 0, 0), LOST)
    check_at_rest(shared, simulator)


def test_the_team_hears_of_an_appeal_that_was_won(shared, bank, simulator):
    staff = make_staff()
    dispute = bank.dispute(shared)
    bank.judge(shared, won=False)
    bank.appeal(dispute)
    bank.judge(shared, won=True)

    assert told(staff) == ["dispute_staff", "dispute_end_staff", "dispute_end_staff"]
    assert audit.differences() != []


# Refunds of which it is not known whether they left


@pytest.mark.parametrize(("amount", "end"), [(10_000, (TOTAL, 12_000, 3_800)), (20_000, (TOTAL, 6_609, 0))])
@pytest.mark.parametrize("read_first", [False, True])
def test_the_rest_a_client_was_about_to_get_is_taken_first_though_a_connection_was_refused(
    kept, bank, simulator, clock, amount, end, read_first
):
    simulator.faults.add("refuse_connection", on="refunds.create")
    settle_half(kept)
    bank.dispute(kept, amount=amount)
    if read_first:
        sweep_for_hours(clock)
    bank.judge(kept, won=False)
    sweep_for_hours(clock)

    assert moved(simulator) == end
    check_at_rest(kept, simulator)


def test_a_rest_that_did_leave_is_not_what_the_bank_took(kept, bank, simulator, clock):
    simulator.faults.add("lose_answer", on="refunds.create")
    settle_half(kept)
    bank.dispute(kept, amount=10_000)
    bank.judge(kept, won=False)
    sweep_for_hours(clock)

    assert moved(simulator) == (TOTAL, 12_000 - 8_696, HALF)
    check_at_rest(kept, simulator)


def test_a_refund_that_stripe_refuses_leaves_less_what_a_bank_took_unheard_of(shared, bank, simulator, clock):
    bank.dispute(shared, amount=PART, told=False)
    bank.judge(shared, won=False, told=False)
    actions.refund(shared, by=make_staff(), cents=TOTAL - 100, bearer=PLATFORM, reason="Geste")
    sweep_for_hours(clock)

    assert moved(simulator)[2] == TOTAL - PART
    check_at_rest(shared, simulator)


def test_a_refund_that_stripe_held_and_never_made_is_still_to_be_made(shared, simulator, client, clock):
    """https://docs.stripe.com/refunds: one that our balance does not cover waits, and fails if it is disputed."""
    actions.refund(shared, by=make_staff(), cents=PART, bearer=PLATFORM, reason="Geste")
    refunds.hold_refund(simulator, shared.operations.get(kind="refund").stripe_id)
    refunds.fail_refund(simulator, shared.operations.get(kind="refund").stripe_id)
    deliver(client, simulator)
    assert shared.operations.get(kind="refund").state == "stuck"
    run_stuck_again(shared, clock)

    assert moved(simulator)[2] == PART
    check_at_rest(shared, simulator)


def test_a_refund_refused_after_silences_is_not_in_doubt(shared, bank, simulator, clock):
    simulator.faults.add("bad_gateway", on="refunds.create", times=19)
    actions.refund(shared, by=make_staff(), cents=10_000, bearer=BOTH, reason="Retard")
    while shared.operations.filter(kind="refund", attempts__lt=19):
        clock.advance(timedelta(hours=3))
        tasks.sweep_payments()
    refund_by_hand(shared, TOTAL - PART)
    exhaust(clock)
    assert shared.operations.get(state="stuck").answered_at

    bank.dispute(shared, amount=PART)
    assert bank.judge(shared, won=False).closed_at


def test_what_a_professional_paid_out_does_not_bear_in_the_end_they_do_not_owe(kept, bank, simulator, clock):
    bank.dispute(kept, amount=10_000, told=False)
    simulator.faults.add("refuse_connection", on="refunds.create")
    settle_half(kept)
    pay_out(simulator, clock, kept)
    tasks.sweep_payments()
    bank.judge(kept, won=False)
    sweep_for_hours(clock)

    assert not {"payable", "recoverable"} & books(kept).keys()
    check_at_rest(kept, simulator)


# What they are told


def test_they_are_not_told_of_a_payment_that_comes_back_at_once(bank, simulator, clock):
    simulator.faults.add("lose_answer", on="transfers.create")
    payment = share(simulator, clock)
    bank.dispute(payment)
    bank.judge(payment, won=False)
    sweep_for_hours(clock)

    professional = payment.mission.professional.user
    assert not professional.notifications.filter(template="payments/emails/paid_professional").exists()
    check_at_rest(payment, simulator)


def test_who_owed_us_a_share_hears_that_the_bank_was_won(shared, bank, simulator, clock):
    pay_out(simulator, clock, shared)
    bank.dispute(shared)
    bank.judge(shared, won=True)

    assert told(shared.mission.professional.user) == ["chargeback_professional", "chargeback_won_professional"]
