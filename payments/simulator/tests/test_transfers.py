import pytest
import stripe

from payments.simulator import balance


def test_a_professional_receives_their_share(shop):
    charge = shop.capture().latest_charge.id
    account = shop.account()
    transfer = shop.transfer(charge, account, 50000)
    assert (transfer.destination, transfer.source_transaction) == (account.id, charge)
    assert [item.id for item in shop.v1.transfers.list({"transfer_group": "mission_1"}).data] == [transfer.id]
    assert shop.v1.transfers.retrieve(transfer.id).amount == 50000
    assert shop.event_types()[-1] == "transfer.created"


def test_a_charge_is_not_transferred_beyond_its_amount(shop):
    charge = shop.capture().latest_charge.id
    account = shop.account()
    shop.transfer(charge, account, 50000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.transfer(charge, account, 7409)
    assert refused.value.param == "amount"


def test_an_uncaptured_charge_is_not_transferred(shop):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.transfer(shop.hold().latest_charge.id, shop.account(), 1000)
    assert refused.value.param == "source_transaction"


def test_the_source_of_a_transfer_is_a_charge_not_an_intent(shop):
    intent = shop.capture()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.transfer(intent.id, shop.account(), 1000)
    assert refused.value.code == "resource_missing"


def test_an_account_that_is_not_active_receives_nothing(shop):
    charge = shop.capture().latest_charge.id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.transfer(charge, shop.account(active=False), 1000)
    assert refused.value.code == "insufficient_capabilities_for_transfer"


def test_without_a_source_the_balance_must_hold_the_money(shop, clock):
    shop.capture()
    params = {"amount": 1000, "currency": "eur", "destination": shop.account().id}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.transfers.create(params)
    assert refused.value.code == "balance_insufficient"
    clock.advance(days=7)
    assert shop.v1.transfers.create(params).amount == 1000


def test_a_transfer_from_a_charge_waits_for_its_money(shop, sim, clock):
    shop.transfer(shop.capture().latest_charge.id, shop.account(), 50000)
    assert (balance.available(sim), balance.pending(sim)) == (0, 56522 - 50000)
    clock.advance(days=7)
    sim.tick()
    assert (balance.available(sim), balance.pending(sim)) == (56522 - 50000, 0)


def test_a_transfer_is_taken_back_no_further_than_its_amount(shop):
    transfer = shop.transfer(shop.capture().latest_charge.id, shop.account(), 50000)
    reversal = shop.v1.transfers.reversals.create(transfer.id, {"amount": 20000})
    assert (reversal.amount, reversal.transfer) == (20000, transfer.id)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.transfers.reversals.create(transfer.id, {"amount": 30001})
    shop.v1.transfers.reversals.create(transfer.id)
    assert shop.v1.transfers.retrieve(transfer.id).reversed is True
    assert shop.event_types()[-1] == "transfer.reversed"


def test_a_missing_destination_is_refused(shop):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.transfers.create({"amount": 1000, "currency": "eur"})
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "destination")
