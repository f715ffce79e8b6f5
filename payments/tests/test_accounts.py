"""The professionals' accounts at Stripe: closed, read again, replaced, and the shares that wait for them."""

from datetime import timedelta

import pytest
import stripe

from accounts.tests.factories import make_professional
from payments import reconciliation, sync, tasks
from payments.models import ConnectedAccount
from payments.tests.factories import close_account, make_account, make_held_payment

pytestmark = pytest.mark.django_db

Transfers = ConnectedAccount.Transfers
PARTS = ("configuration", "recipient", "capabilities", "stripe_balance", "stripe_transfers")


@pytest.mark.parametrize("depth", range(len(PARTS)))
def test_an_account_that_stripe_shows_in_part_cannot_be_paid(simulator, depth):
    professional = make_held_payment(simulator).mission.professional
    account = simulator.book.get("v2.core.account", professional.account.stripe_id)
    for name in PARTS[:depth]:
        account = account[name]
    account[PARTS[depth]] = None
    assert sync.sync_account(professional.account.stripe_id).transfers == Transfers.UNSUPPORTED
    professional.refresh_from_db()
    assert professional.payable is False


def test_a_closed_account_cannot_be_paid_whatever_else_stripe_shows_of_it(simulator):
    account = make_account(make_professional(payable=False), simulator)
    shown = simulator.book.get("v2.core.account", account.stripe_id)
    statuses = [sync.transfers_status(as_stripe_shows(shown | {"closed": closed})) for closed in (False, True)]
    assert statuses == [Transfers.ACTIVE, Transfers.UNSUPPORTED]


def as_stripe_shows(shown):
    return stripe.v2.core.Account.construct_from(shown, None)


def test_an_account_closed_without_our_hearing_of_it_is_found_the_next_day(simulator, clock):
    professional = make_professional(payable=False)
    make_account(professional, simulator)
    simulator.faults.add("drop", on="*", times=10)
    close_account(professional)
    clock.advance(timedelta(hours=23))
    tasks.reconcile()
    professional.refresh_from_db()
    assert professional.payable is True
    clock.advance(timedelta(hours=1))
    tasks.reconcile()
    professional.refresh_from_db()
    assert professional.payable is False


def test_active_accounts_are_read_in_turns_the_oldest_reading_first(simulator, clock):
    first, second = (make_account(make_professional(payable=False), simulator).stripe_id for _number in range(2))
    clock.advance(timedelta(minutes=1))
    sync.sync_account(first)
    clock.advance(timedelta(hours=24))
    hints = []
    reconciliation.hint_active_accounts(hints.append, at_once=1)
    assert hints == [second]
    sync.sync_account(second)
    reconciliation.hint_active_accounts(hints.append)
    assert hints == [second, first]
