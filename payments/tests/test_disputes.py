"""Chargebacks, told to us by webhooks only, in our books and in the simulator's."""

from datetime import timedelta

import pytest

from accounts.tests.factories import make_staff
from missions.models import Contest
from payments import actions, closing, gateway, sync, tasks
from payments.errors import PaymentError
from payments.models import Dispute, Hold, Payment, Refund
from payments.simulator import accounts, disputes
from payments.tests.banks import (
    COMMISSION,
    EARNED,
    FEES,
    LEFT,
    LOST,
    PART,
    SHARE,
    TOTAL,
    VAT,
    WON,
    check_at_rest,
    letter,
    pay_out,
    settle_half,
    share,
    told,
)
from payments.tests.books import books, check_books, moved
from payments.tests.factories import fresh, make_ended_payment
from payments.tests.webhooks import deliver

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_chargeback_takes_the_share_back_until_the_bank_has_judged(shared, bank, simulator):
    staff = make_staff()
    dispute = bank.dispute(shared)

    assert moved(simulator) == (TOTAL, 0, 0)
    assert books(shared) == EARNED | {
        "chargebacks": TOTAL,
        "payable": -SHARE,
        "stripe": COMMISSION + VAT + SHARE - TOTAL - FEES,
        "stripe_fees": FEES,
    }
    assert (dispute.is_open, dispute.withdrawn_cents, dispute.taken_back_cents) == (True, TOTAL, SHARE)
    assert dispute.evidence_due_at is not None
    assert told(shared.mission.professional.user) == ["chargeback_professional"]
    assert told(staff) == ["dispute_staff"]
    check_books(simulator)


def test_a_chargeback_lost_ends_at_zero_and_gives_the_commission_back(shared, bank, simulator):
    staff = make_staff()
    bank.dispute(shared)
    dispute = bank.judge(shared, won=False)

    assert (dispute.status, fresh(shared).status) == (Dispute.Status.LOST, Payment.Status.LOST)
    assert moved(simulator) == (TOTAL, 0, 0)
    assert books(shared) == LOST
    assert told(shared.mission.professional.user) == ["chargeback_professional", "chargeback_lost_professional"]
    assert told(staff) == ["dispute_staff", "dispute_end_staff"]
    check_books(simulator)


def test_a_chargeback_won_pays_the_professional_again(shared, bank, simulator):
    bank.dispute(shared)
    dispute = bank.judge(shared, won=True)

    assert (dispute.status, fresh(shared).status) == (Dispute.Status.WON, Payment.Status.RELEASED)
    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert books(shared) == WON
    assert told(shared.mission.professional.user) == ["chargeback_professional", "chargeback_won_professional"]
    check_books(simulator)


@pytest.mark.parametrize(("won", "end", "sent"), [(False, LOST, 0), (True, WON, SHARE)])
def test_a_chargeback_only_heard_of_once_judged_ends_alike(shared, bank, simulator, won, end, sent):
    bank.dispute(shared, told=False)
    bank.judge(shared, won=won)

    assert books(shared) == end
    assert moved(simulator) == (TOTAL, sent, 0)
    check_books(simulator)


@pytest.mark.parametrize(("won", "end"), [(False, LOST), (True, WON)])
def test_the_events_of_a_chargeback_in_reverse_and_three_days_late_end_alike(
    shared, bank, client, simulator, clock, won, end
):
    found = disputes.open_dispute(simulator, shared.holds.get().charge_id)
    disputes.submit_evidence(simulator, found["id"])
    disputes.close_dispute(simulator, found["id"], won=won)
    simulator.outbox.reverse()
    clock.advance(timedelta(days=3))
    deliver(client, simulator)

    assert books(shared) == end
    check_books(simulator)


def test_confirming_waits_for_the_bank_then_a_chargeback_won_shares(kept, bank, simulator):
    bank.dispute(kept)
    actions.confirm(kept.mission, by=kept.mission.client.user)
    assert fresh(kept).status == Payment.Status.KEPT
    assert books(kept) == {
        "chargebacks": TOTAL,
        "client_funds": -TOTAL,
        "stripe": -FEES,
        "stripe_fees": FEES,
    }

    bank.judge(kept, won=True)
    assert fresh(kept).status == Payment.Status.RELEASED
    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert books(kept) == WON
    check_books(simulator)


def test_a_chargeback_lost_before_the_money_was_shared_shares_nothing(kept, bank, simulator):
    bank.dispute(kept)
    actions.confirm(kept.mission, by=kept.mission.client.user)
    bank.judge(kept, won=False)

    assert fresh(kept).status == Payment.Status.LOST
    assert moved(simulator) == (TOTAL, 0, 0)
    assert books(kept) == LOST
    check_books(simulator)


def test_a_kept_payment_lost_to_the_bank_cannot_be_confirmed_and_settles_at_nothing(kept, bank, simulator):
    bank.dispute(kept)
    bank.judge(kept, won=False)
    with pytest.raises(PaymentError, match="La banque du client a repris ce paiement"):
        actions.confirm(kept.mission, by=kept.mission.client.user)

    reason = Contest.Reason.CLIENT_ABSENT
    actions.contest(fresh(kept).mission, by=kept.mission.professional.user, reason=reason)
    actions.settle(fresh(kept).mission.contest, by=make_staff(), performed_basis_points=0, note="Repris")
    assert fresh(kept).status == Payment.Status.LOST
    assert books(kept) == LOST
    check_books(simulator)


def test_a_kept_payment_settled_in_part_during_a_chargeback_is_shared_once_won(kept, bank, simulator):
    bank.dispute(kept)
    actions.contest(
        kept.mission, by=kept.mission.client.user, reason=Contest.Reason.EARLY_DEPARTURE, text="Parti à minuit"
    )
    actions.settle(fresh(kept).mission.contest, by=make_staff(), performed_basis_points=5000, note="La moitié")
    assert moved(simulator) == (TOTAL, 0, 0)

    bank.judge(kept, won=True)
    assert moved(simulator) == (TOTAL, SHARE // 2, TOTAL // 2)
    assert "client_funds" not in books(kept)
    check_books(simulator)


def test_a_professional_paid_out_meanwhile_owes_us_what_was_not_there(shared, bank, simulator, clock):
    staff = make_staff()
    pay_out(simulator, clock, shared)
    bank.dispute(shared)
    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert books(shared)["recoverable"] == SHARE
    assert staff.notifications.filter(template="payments/emails/shortfall_staff").count() == 1

    bank.judge(shared, won=False)
    assert books(shared) == LOST | {"recoverable": SHARE, "stripe": -FEES - SHARE}
    check_books(simulator)


def make_partly_paid_out(simulator, clock):
    """A shared payment whose professional has 90,00 € left on their account, from another mission."""
    payment = share(simulator, clock)
    pay_out(simulator, clock, payment)
    share(simulator, clock, professional=payment.mission.professional, minutes=180)
    clock.advance(timedelta(days=8))
    simulator.tick()
    return payment


@pytest.mark.parametrize(
    ("won", "end"), [(False, LOST | {"recoverable": 15_000, "stripe": -FEES - 15_000}), (True, WON)]
)
def test_what_is_left_on_the_account_comes_back_and_the_rest_is_owed(bank, simulator, clock, won, end):
    payment = make_partly_paid_out(simulator, clock)
    bank.dispute(payment)
    assert books(payment)["recoverable"] == 15_000
    assert [reversal["amount"] for reversal in simulator.book.every("transfer_reversal")] == [9_000]

    bank.judge(payment, won=won)
    assert books(payment) == end
    check_books(simulator)


def taken_of_each(payment, simulator):
    """Cents of each transfer for this payment, oldest first: sent, and taken back."""
    transfers = simulator.book.every("transfer", transfer_group=payment.transfer_group)
    found = sorted(transfers, key=lambda transfer: payment.operations.get(stripe_id=transfer["id"]).pk)
    return [(transfer["amount"], transfer["amount_reversed"]) for transfer in found]


@pytest.mark.parametrize(
    ("earned", "taken", "owed"),
    [(True, [(SHARE, SHARE), (9_000, 9_000)], {}), (False, [(SHARE, 9_000), (9_000, 9_000)], {"recoverable": 15_000})],
)
def test_a_refund_takes_back_of_each_transfer_what_it_has_left(bank, simulator, clock, earned, taken, owed):
    payment = make_partly_paid_out(simulator, clock)
    bank.dispute(payment)
    bank.judge(payment, won=True)
    assert taken_of_each(payment, simulator) == [(SHARE, 9_000), (9_000, 0)]
    if earned:
        share(simulator, clock, professional=payment.mission.professional)
    clock.advance(timedelta(days=8))
    simulator.tick()
    actions.refund(fresh(payment), by=make_staff(), cents=TOTAL, bearer=Refund.Bearer.BOTH, reason="Faux agent")

    assert taken_of_each(payment, simulator) == taken
    assert books(payment) == LOST | owed | {"stripe": -FEES - sum(owed.values())}
    assert not payment.operations.filter(state__in=("pending", "stuck")).exists()
    check_books(simulator)


def test_a_refund_leaves_once_with_the_last_of_its_reversals(bank, simulator, clock):
    payment = make_partly_paid_out(simulator, clock)
    bank.dispute(payment)
    bank.judge(payment, won=True)
    share(simulator, clock, professional=payment.mission.professional)
    clock.advance(timedelta(days=8))
    simulator.tick()
    simulator.faults.add("refuse_connection", on="transfers.reversals.create")
    actions.refund(fresh(payment), by=make_staff(), cents=TOTAL, bearer=Refund.Bearer.BOTH, reason="Faux agent")
    assert taken_of_each(payment, simulator) == [(SHARE, SHARE), (9_000, 0)]
    assert simulator.book.every("refund") == []

    clock.advance(timedelta(hours=1))
    tasks.sweep_payments()
    assert [refund["amount"] for refund in simulator.book.every("refund")] == [TOTAL]
    assert books(payment) == LOST
    check_books(simulator)


def test_staff_write_off_what_nobody_will_give_back_and_no_more(shared, bank, simulator, clock):
    staff = make_staff()
    pay_out(simulator, clock, shared)
    bank.dispute(shared)
    bank.judge(shared, won=False)
    actions.write_off(fresh(shared), by=staff, cents=10_000)
    with pytest.raises(PaymentError):
        actions.write_off(fresh(shared), by=staff, cents=14_001)
    actions.write_off(fresh(shared), by=staff, cents=14_000)

    assert books(shared) == LOST | {"losses": SHARE, "stripe": -FEES - SHARE}
    check_books(simulator)


def test_a_chargeback_won_after_a_write_off_leaves_no_debt_either_way(shared, bank, simulator, clock):
    pay_out(simulator, clock, shared)
    bank.dispute(shared)
    actions.write_off(fresh(shared), by=make_staff(), cents=SHARE)
    bank.judge(shared, won=True)

    assert books(shared) == WON
    check_books(simulator)


def test_a_question_of_the_bank_moves_nothing(shared, bank, simulator):
    staff = make_staff()
    before = books(shared)
    dispute = bank.dispute(shared, inquiry=True)
    assert (dispute.is_open, dispute.withdrawn_cents) == (False, 0)
    bank.judge(shared, won=False)

    assert books(shared) == before
    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert told(staff) == ["dispute_staff", "dispute_end_staff"]
    check_books(simulator)


def test_a_question_that_becomes_a_chargeback_takes_the_share_back(shared, bank, simulator):
    bank.dispute(shared, inquiry=True)
    dispute = bank.dispute(shared)
    assert (dispute.is_open, moved(simulator)) == (True, (TOTAL, 0, 0))

    bank.judge(shared, won=False)
    assert books(shared) == LOST
    check_books(simulator)


@pytest.mark.parametrize(("won", "end", "sent"), [(False, LOST, 0), (True, WON, SHARE)])
def test_a_share_still_waiting_when_the_chargeback_opens_waits_for_its_end(
    bank, client, simulator, clock, won, end, sent
):
    payment = make_ended_payment(simulator, clock)
    account = simulator.book.get("v2.core.account", payment.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    bank.dispute(payment)
    accounts.set_status(simulator, account, "active")
    deliver(client, simulator)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()
    assert moved(simulator) == (TOTAL, 0, 0)

    bank.judge(payment, won=won)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()
    assert moved(simulator) == (TOTAL, sent, 0)
    assert books(payment) == end
    check_books(simulator)


def test_a_share_partly_borne_by_us_is_still_paid_when_a_later_chargeback_is_lost(bank, client, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    account = simulator.book.get("v2.core.account", payment.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    actions.refund(
        fresh(payment), by=make_staff(), cents=TOTAL // 2, bearer=Refund.Bearer.PLATFORM, reason="Geste commercial"
    )
    bank.dispute(payment)
    bank.judge(payment, won=False)
    accounts.set_status(simulator, account, "active")
    deliver(client, simulator)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()

    assert moved(simulator) == (TOTAL, SHARE // 2, TOTAL // 2)
    assert "payable" not in books(payment)
    check_books(simulator)


@pytest.mark.parametrize(("won", "end", "sent"), [(False, LOST, 0), (True, WON, SHARE)])
def test_a_share_that_left_unheard_before_the_chargeback_ends_alike(bank, simulator, clock, won, end, sent):
    simulator.faults.add("lose_answer", on="transfers.create")
    payment = share(simulator, clock)
    bank.dispute(payment)
    bank.judge(payment, won=won)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()

    assert moved(simulator) == (TOTAL, sent, 0)
    assert books(payment) == end
    check_books(simulator)


@pytest.mark.parametrize(("won", "end", "sent"), [(False, LOST, 0), (True, WON, SHARE)])
@pytest.mark.parametrize("fault", ["refuse_connection", "lose_answer"])
def test_a_reversal_interrupted_until_the_bank_has_judged_ends_alike(
    shared, bank, simulator, clock, fault, won, end, sent
):
    simulator.faults.add(fault, on="transfers.reversals.create")
    bank.dispute(shared)
    bank.judge(shared, won=won)
    clock.advance(timedelta(hours=1))
    tasks.sweep_payments()

    assert moved(simulator) == (TOTAL, sent, 0)
    assert books(shared) == end
    check_books(simulator)


def test_a_reversal_that_finds_nothing_once_the_chargeback_is_won_leaves_no_debt(shared, bank, simulator, clock):
    pay_out(simulator, clock, shared)
    simulator.faults.add("refuse_connection", on="transfers.reversals.create")
    bank.dispute(shared)
    bank.judge(shared, won=True)
    clock.advance(timedelta(hours=1))
    tasks.sweep_payments()

    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert books(shared) == WON
    check_books(simulator)


@pytest.mark.parametrize("won", [False, True])
def test_a_refund_not_made_yet_when_the_bank_takes_the_whole_back_is_made_only_if_we_win(
    kept, bank, simulator, clock, won
):
    actions.contest(
        kept.mission, by=kept.mission.client.user, reason=Contest.Reason.EARLY_DEPARTURE, text="Parti à minuit"
    )
    simulator.faults.add("refuse_connection", on="refunds.create")
    actions.settle(fresh(kept).mission.contest, by=make_staff(), performed_basis_points=5000, note="La moitié")
    bank.dispute(kept)
    clock.advance(timedelta(hours=1))
    tasks.sweep_payments()
    bank.judge(kept, won=won)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()

    assert moved(simulator) == ((TOTAL, SHARE // 2, TOTAL // 2) if won else (TOTAL, 0, 0))
    end = {"commission": -COMMISSION // 2, "vat": -VAT // 2, "stripe": (COMMISSION + VAT) // 2 - FEES}
    assert books(kept) == (end | {"stripe_fees": FEES} if won else LOST)
    assert not kept.operations.filter(state="stuck").exists()
    check_books(simulator)


@pytest.mark.parametrize("bearer", Refund.Bearer)
def test_a_chargeback_after_a_refund_takes_only_what_is_left(shared, bank, simulator, bearer):
    actions.refund(fresh(shared), by=make_staff(), cents=TOTAL // 4, bearer=bearer, reason="Retard")
    dispute = bank.dispute(shared)
    bank.judge(shared, won=False)

    assert dispute.withdrawn_cents == TOTAL * 3 // 4
    end = {"commission": -COMMISSION // 4, "vat": -VAT // 4, "losses": TOTAL // 4, "stripe": -FEES - SHARE // 4}
    assert books(shared) == (LOST if bearer == Refund.Bearer.BOTH else end | {"stripe_fees": FEES})
    check_books(simulator)


def test_every_transfer_made_again_names_its_charge(shared, bank):
    bank.dispute(shared)
    bank.judge(shared, won=True)

    transfers = gateway.client().v1.transfers.list({"transfer_group": shared.transfer_group}).data
    assert [transfer.source_transaction for transfer in transfers] == [shared.holds.get().charge_id] * 2


def read(found):
    return gateway.client().v1.disputes.retrieve(found.stripe_id)


def test_an_answer_of_stripe_older_than_the_one_we_know_is_left_aside(shared, bank, simulator, clock):
    dispute = bank.dispute(shared)
    asked_at, stale = clock.now(), read(dispute)
    clock.advance(timedelta(seconds=1))
    disputes.submit_evidence(simulator, dispute.stripe_id)
    sync.sync_dispute(dispute.stripe_id)
    sync.apply_dispute(shared, stale, asked_at)

    dispute.refresh_from_db()
    assert dispute.status == Dispute.Status.UNDER_REVIEW
    assert dispute.checked_at > asked_at


@pytest.mark.parametrize(("won", "end"), [(False, LOST), (True, WON)])
def test_a_bank_that_has_judged_never_judges_again(shared, bank, simulator, clock, won, end):
    stale = read(bank.dispute(shared))
    dispute = bank.judge(shared, won=won)
    clock.advance(timedelta(seconds=1))
    sync.apply_dispute(shared, stale, clock.now())

    dispute.refresh_from_db()
    assert dispute.status == (Dispute.Status.WON if won else Dispute.Status.LOST)
    assert books(shared) == end
    check_books(simulator)


def test_a_chargeback_won_is_paid_again_once_the_money_is_back(shared, bank, simulator):
    dispute = bank.dispute(shared)
    (found,) = simulator.book.every("dispute")
    found["status"] = "won"
    sync.sync_dispute(dispute.stripe_id)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.closed_at) == (Dispute.Status.WON, None)
    assert moved(simulator) == (TOTAL, 0, 0)

    found["status"] = "needs_response"
    dispute = bank.judge(shared, won=True)
    assert dispute.closed_at is not None
    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert books(shared) == WON
    check_books(simulator)


def test_a_chargeback_lost_before_anything_was_taken_ends_once_it_is(shared, bank, simulator):
    dispute = bank.dispute(shared, inquiry=True)
    (found,) = simulator.book.every("dispute")
    found["status"] = "lost"
    sync.sync_dispute(dispute.stripe_id)
    dispute.refresh_from_db()
    assert (dispute.status, dispute.closed_at) == (Dispute.Status.LOST, None)
    assert moved(simulator) == (TOTAL, SHARE, 0)

    found["status"] = "warning_needs_response"
    bank.dispute(shared)
    dispute = bank.judge(shared, won=False)
    assert dispute.closed_at is not None
    assert moved(simulator) == (TOTAL, 0, 0)
    assert books(shared) == LOST
    check_at_rest(shared, simulator)


def test_a_part_lost_of_a_shared_payment_is_borne_by_both_and_the_rest_stays_shared(shared, bank, simulator):
    dispute = bank.dispute(shared, amount=PART)
    assert dispute.taken_back_cents == 870
    bank.judge(shared, won=False)

    assert fresh(shared).status == Payment.Status.RELEASED
    assert moved(simulator) == (TOTAL, SHARE - 870, 0)
    assert books(shared) == LEFT
    professional = shared.mission.professional.user
    assert told(professional) == ["chargeback_professional", "chargeback_lost_part_professional"]
    assert "8,70\u00a0€" in letter(professional, "chargeback_professional")
    assert not professional.notifications.filter(template="payments/emails/taken_back_professional").exists()
    check_at_rest(shared, simulator)


def test_a_part_won_is_paid_again(shared, bank, simulator):
    bank.dispute(shared, amount=PART)
    bank.judge(shared, won=True)

    assert moved(simulator) == (TOTAL, SHARE, 0)
    assert books(shared) == WON
    check_at_rest(shared, simulator)


def test_what_a_bank_left_is_refunded_to_the_cent_and_no_more(shared, bank, simulator):
    bank.dispute(shared, amount=PART)
    bank.judge(shared, won=False)
    refund = {"by": make_staff(), "bearer": Refund.Bearer.BOTH, "reason": "Faux agent"}
    with pytest.raises(PaymentError, match="dépasse ce qui reste"):
        actions.refund(fresh(shared), cents=TOTAL - PART + 1, **refund)
    actions.refund(fresh(shared), cents=9_999, **refund)
    actions.refund(fresh(shared), cents=TOTAL - PART - 9_999, **refund)

    assert moved(simulator) == (TOTAL, 0, TOTAL - PART)
    assert books(shared) == LOST
    check_at_rest(shared, simulator)


@pytest.mark.parametrize("confirmed_first", [False, True])
def test_what_a_bank_left_of_a_kept_payment_is_shared(kept, bank, simulator, confirmed_first):
    bank.dispute(kept, amount=PART)
    if confirmed_first:
        actions.confirm(kept.mission, by=kept.mission.client.user)
    bank.judge(kept, won=False)
    if not confirmed_first:
        assert (fresh(kept).status, closing.kept_cents(kept)) == (Payment.Status.KEPT, TOTAL - PART)
        actions.confirm(fresh(kept).mission, by=kept.mission.client.user)

    assert fresh(kept).status == Payment.Status.RELEASED
    assert moved(simulator) == (TOTAL, SHARE - 870, 0)
    assert books(kept) == LEFT
    receipt = letter(kept.mission.client.user, "receipt_client")
    assert "Reste débité\u00a0: 266,00\u00a0€" in receipt
    assert "verser 231,30\u00a0€" in letter(kept.mission.professional.user, "paid_professional")
    check_at_rest(kept, simulator)


@pytest.mark.parametrize("settled_first", [False, True])
@pytest.mark.parametrize(("amount", "sent", "refunded"), [(PART, 12_000, 12_800), (20_000, 6_609, 0)])
def test_a_settlement_shares_at_most_what_a_bank_left(kept, bank, simulator, settled_first, amount, sent, refunded):
    bank.dispute(kept, amount=amount)
    if settled_first:
        settle_half(kept)
    bank.judge(kept, won=False)
    if not settled_first:
        settle_half(kept)

    assert moved(simulator) == (TOTAL, sent, refunded)
    assert not {"client_funds", "payable", "chargebacks", "losses"} & books(kept).keys()
    check_at_rest(kept, simulator)


@pytest.mark.parametrize(("amount", "taken", "refunded"), [(10_000, 0, 3_800), (15_000, 1_043, 0)])
def test_a_refund_on_its_way_is_given_up_as_far_as_the_bank_took_it(
    kept, bank, simulator, clock, amount, taken, refunded
):
    bank.dispute(kept, amount=amount, told=False)
    settle_half(kept)
    bank.judge(kept, won=False)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()

    assert fresh(kept).status == Payment.Status.RELEASED
    assert moved(simulator) == (TOTAL, SHARE // 2 - taken, refunded)
    assert not {"client_funds", "payable", "chargebacks", "losses"} & books(kept).keys()
    check_at_rest(kept, simulator)


def test_a_share_not_paid_yet_is_paid_less_the_part_lost(bank, client, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    account = simulator.book.get("v2.core.account", payment.mission.professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    bank.dispute(payment, amount=PART)
    bank.judge(payment, won=False)
    accounts.set_status(simulator, account, "active")
    deliver(client, simulator)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()

    assert moved(simulator) == (TOTAL, SHARE - 870, 0)
    assert books(payment) == LEFT
    check_at_rest(payment, simulator)


def test_the_whole_left_taken_by_a_bank_loses_the_payment(shared, bank, simulator):
    actions.refund(
        fresh(shared), by=make_staff(), cents=TOTAL - PART, bearer=Refund.Bearer.BOTH, reason="Arrivé très tard"
    )
    bank.dispute(shared, amount=PART)
    bank.judge(shared, won=False)

    assert fresh(shared).status == Payment.Status.LOST
    assert books(shared) == LOST
    check_at_rest(shared, simulator)


def test_a_bank_that_takes_again_what_we_refunded_while_it_asked_costs_us_that_much(shared, bank, simulator):
    bank.dispute(shared, inquiry=True)
    actions.refund(shared, by=make_staff(), cents=TOTAL, bearer=Refund.Bearer.PLATFORM, reason="Geste")
    bank.dispute(shared)
    bank.judge(shared, won=False)

    assert moved(simulator) == (TOTAL, SHARE, TOTAL)
    taken = TOTAL - SHARE - 2 * TOTAL - FEES
    assert books(shared) == EARNED | {"stripe": taken, "stripe_fees": FEES, "losses": 2 * TOTAL}
    check_books(simulator)


@pytest.mark.parametrize("told", [False, True])
def test_a_chargeback_lost_while_a_refund_takes_its_part_back_leaves_nothing_behind(
    shared, bank, simulator, clock, told
):
    """The refund was decided before we heard of the bank, and its reversal made after the bank had judged."""
    simulator.faults.add("refuse_connection", on="transfers.reversals.create")
    bank.dispute(shared, told=False)
    actions.refund(fresh(shared), by=make_staff(), cents=PART, bearer=Refund.Bearer.BOTH, reason="Retard")
    bank.judge(shared, won=False, told=told)
    for _sweep in range(3):
        clock.advance(timedelta(hours=2))
        tasks.sweep_payments()
        sync.sync_payment(shared)

    assert fresh(shared).status == Payment.Status.LOST
    assert moved(simulator) == (TOTAL, 0, 0)
    assert books(shared) == LOST
    check_books(simulator)


def test_a_chargeback_heard_of_before_its_capture_is_booked_waits_for_it(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    hold = payment.holds.get()
    gateway.client().v1.payment_intents.capture(hold.intent_id)
    found = disputes.open_dispute(simulator, hold.charge_id)
    disputes.close_dispute(simulator, found["id"], won=False)
    with pytest.raises(Hold.DoesNotExist):
        sync.sync_dispute(found["id"])
    sync.sync_disputes(payment, hold)
    assert not payment.disputes.exists()

    sync.sync_payment(payment)
    assert fresh(payment).status == Payment.Status.LOST
    assert books(payment) == LOST
