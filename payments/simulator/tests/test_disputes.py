import pytest

from payments.simulator import balance
from payments.simulator.disputes import close_dispute, open_dispute, submit_evidence
from payments.simulator.errors import ApiError
from payments.simulator.refunds import fail_refund

CHARGED = 57408


@pytest.fixture(name="charge")
def make_charge(shop):
    return shop.capture().latest_charge.id


def worth(sim):
    return balance.available(sim) + balance.pending(sim)


def dispute_events(shop):
    return [type for type in shop.event_types() if type.startswith("charge.dispute.")]


def test_a_disputed_card_takes_the_money_back(shop):
    intent = shop.capture(card="4000 0000 0000 0259")
    dispute = shop.v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.amount, dispute.status) == (CHARGED, "needs_response")
    assert dispute_events(shop) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


@pytest.mark.parametrize(("won", "status", "costs"), [(True, "won", 2000), (False, "lost", 2000 + CHARGED)])
def test_a_dispute_is_answered_then_closed(shop, sim, charge, won, status, costs):
    before = worth(sim)
    dispute = open_dispute(sim, charge, reason="product_not_received")
    assert worth(sim) == before - CHARGED - 2000  # the fee is never given back

    assert submit_evidence(sim, dispute["id"])["status"] == "under_review"
    close_dispute(sim, dispute["id"], won=won)

    closed = shop.v1.disputes.retrieve(dispute["id"])
    assert (closed.status, closed.reason) == (status, "product_not_received")
    assert worth(sim) == before - costs
    reinstated = ["charge.dispute.funds_reinstated"] if won else []
    assert dispute_events(shop)[2:] == ["charge.dispute.updated", *reinstated, "charge.dispute.closed"]


@pytest.mark.parametrize("won", [True, False])
def test_an_inquiry_moves_no_money(shop, sim, charge, won):
    before = worth(sim)
    inquiry = open_dispute(sim, charge, inquiry=True)
    assert inquiry["status"] == "warning_needs_response"
    assert shop.v1.charges.retrieve(charge).disputed is False

    assert submit_evidence(sim, inquiry["id"])["status"] == "warning_under_review"
    assert close_dispute(sim, inquiry["id"], won=won)["status"] == "warning_closed"

    assert worth(sim) == before
    assert dispute_events(shop) == ["charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"]
    assert shop.v1.refunds.create({"charge": charge}).amount == CHARGED


def test_an_inquiry_can_become_a_dispute(shop, sim, charge):
    inquiry = open_dispute(sim, charge, inquiry=True)
    submit_evidence(sim, inquiry["id"])
    dispute = open_dispute(sim, charge)
    assert (dispute["id"], dispute["status"]) == (inquiry["id"], "needs_response")
    assert shop.v1.charges.retrieve(charge).disputed is True
    assert dispute_events(shop)[2:] == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]


def test_a_dispute_takes_what_was_not_refunded(shop, sim, charge):
    shop.v1.refunds.create({"charge": charge, "amount": 7408})
    assert open_dispute(sim, charge)["amount"] == 50000


def test_a_charge_is_disputed_in_parts_up_to_the_whole(shop, sim, charge):
    first = open_dispute(sim, charge, amount=7_408)
    assert open_dispute(sim, charge)["amount"] == 50_000
    close_dispute(sim, first["id"], won=True)
    assert open_dispute(sim, charge)["amount"] == 7_408


@pytest.mark.parametrize("inquiry", [True, False])
def test_a_dispute_ends_once(sim, charge, inquiry):
    dispute = open_dispute(sim, charge, inquiry=inquiry)
    close_dispute(sim, dispute["id"], won=False)
    with pytest.raises(ApiError, match="This dispute is closed"):
        close_dispute(sim, dispute["id"], won=True)
    with pytest.raises(ApiError, match="Evidence is not awaited"):
        submit_evidence(sim, dispute["id"])


def test_a_failed_refund_comes_back_and_can_be_made_again(shop, sim, charge):
    before = worth(sim)
    refund = shop.v1.refunds.create({"charge": charge})
    assert worth(sim) == before - CHARGED

    fail_refund(sim, refund.id)

    refund = shop.v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (refund.status, refund.failure_balance_transaction.type) == ("failed", "refund_failure")
    assert worth(sim) == before
    charged = shop.v1.charges.retrieve(charge)
    assert (charged.amount_refunded, charged.refunded) == (0, False)
    assert shop.event_types()[-3:] == ["refund.updated", "refund.failed", "charge.refund.updated"]
    with pytest.raises(ApiError, match="Only a refund that moved money"):
        fail_refund(sim, refund.id)
    assert shop.v1.refunds.create({"charge": charge}).amount == CHARGED


def test_a_hold_let_go_cannot_fail_as_a_refund(shop, sim):
    hold = shop.hold()
    shop.v1.payment_intents.cancel(hold.id)
    refund = shop.v1.refunds.list({"payment_intent": hold.id}).data[0]
    with pytest.raises(ApiError, match="Only a refund that moved money"):
        fail_refund(sim, refund.id)
