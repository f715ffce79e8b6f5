import pytest
import stripe

from payments.simulator import balance
from payments.simulator.accounts import pay_out
from payments.simulator.errors import ApiError


def money(shop, account=None):
    """Available and pending cents: the platform's, or an account's."""
    shown = shop.v1.balance.retrieve(None, {"stripe_account": account.id} if account else None)
    return shown.available[0].amount, shown.pending[0].amount


@pytest.fixture(name="paid")
def make_paid_account(shop):
    """An account, and the 500 € just transferred to it."""
    account = shop.account()
    return account, shop.transfer(shop.capture().latest_charge.id, account, 50000)


def test_a_professional_receives_their_share(shop):
    charge = shop.capture().latest_charge.id
    account = shop.account()
    transfer = shop.transfer(charge, account, 50000)
    assert (transfer.destination, transfer.source_transaction) == (account.id, charge)
    assert [item.id for item in shop.v1.transfers.list({"transfer_group": "mission_1"}).data] == [transfer.id]
    assert shop.v1.transfers.retrieve(transfer.id).amount == 50000
    assert shop.event_types()[-1] == "transfer.created"


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


def test_reversals_are_listed(shop, paid):
    _account, transfer = paid
    first, second = (shop.v1.transfers.reversals.create(transfer.id, {"amount": cents}) for cents in (1, 2))
    listed = shop.v1.transfers.reversals.list(transfer.id, {"limit": 10})
    assert [reversal.id for reversal in listed.data] == [second.id, first.id]


def test_an_account_holds_what_it_was_sent(shop, clock, paid):
    account, transfer = paid
    shop.v1.transfers.reversals.create(transfer.id, {"amount": 20000})
    assert money(shop, account) == (0, 30000)
    assert money(shop) == (0, 56522 - 30000)
    clock.advance(days=7)
    assert money(shop, account) == (30000, 0)
    assert money(shop) == (56522 - 30000, 0)


def test_what_is_at_the_bank_is_not_taken_back(shop, sim, clock, paid):
    account, transfer = paid
    with pytest.raises(ApiError, match="Nothing is available"):
        pay_out(sim, account.id)
    clock.advance(days=7)
    assert pay_out(sim, account.id)["amount"] == 50000
    assert money(shop, account) == (0, 0)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.transfers.reversals.create(transfer.id, {"amount": 1})
    assert refused.value.code == "balance_insufficient"
    assert shop.v1.transfers.retrieve(transfer.id).amount_reversed == 0


def test_a_reversal_may_take_the_money_of_another_transfer(shop, sim, clock, paid):
    account, transfer = paid
    clock.advance(days=7)
    pay_out(sim, account.id)
    shop.transfer(shop.capture().latest_charge.id, account, 20000)
    assert shop.v1.transfers.reversals.create(transfer.id, {"amount": 20000}).amount == 20000
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.transfers.reversals.create(transfer.id, {"amount": 1})


def test_balance_transactions_are_listed_by_type_and_date(shop, sim, clock, paid):
    clock.advance(hours=1)
    shop.capture()
    lines = shop.v1.balance_transactions
    assert [line.amount for line in lines.list({"type": "transfer"}).data] == [-50000]
    assert [line.type for line in lines.list({"created": {"gte": sim.timestamp()}}).data] == ["charge"]
    assert len(lines.list({"limit": 2, "currency": "eur"}).data) == 2
    assert lines.list({"payout": "po_nothing"}).data == []
