import pytest
import stripe

from payments.simulator.accounts import set_status

INCLUDE = {"include": ["configuration.recipient", "requirements"]}


def status_of(account):
    return account.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status


def test_an_account_is_payable_once_its_onboarding_is_done(shop, sim):
    account = shop.account(active=False)
    assert (status_of(account), len(account.requirements.entries)) == ("restricted", 1)
    link = shop.account_link(account)
    assert link.url.startswith(f"{sim.base_url}/onboarding/")
    assert sim.hosted.onboard(account.id) == "http://site.test/pro/paiements/"
    account = shop.v2.core.accounts.retrieve(account.id, INCLUDE)
    assert (status_of(account), account.requirements.entries) == ("active", [])


def test_an_onboarding_left_incomplete_returns_without_activating(shop, sim):
    account = shop.account(active=False)
    shop.account_link(account)
    assert sim.hosted.onboard(account.id, complete=False) == "http://site.test/pro/paiements/"
    assert status_of(shop.v2.core.accounts.retrieve(account.id, INCLUDE)) == "restricted"


def test_a_link_opens_once(shop, sim):
    account = shop.account(active=False)
    shop.account_link(account)
    sim.hosted.onboard(account.id, complete=False)
    assert sim.hosted.onboard(account.id) == "http://site.test/refaire/"
    assert status_of(shop.v2.core.accounts.retrieve(account.id, INCLUDE)) == "restricted"


def test_a_link_is_short_lived(shop, sim, clock):
    account = shop.account(active=False)
    shop.account_link(account)
    clock.advance(minutes=5)
    assert sim.hosted.onboard(account.id) == "http://site.test/refaire/"


def test_parts_that_were_not_asked_for_are_null(shop):
    account = shop.v2.core.accounts.retrieve(shop.account().id)
    assert (account.configuration, account.requirements) == (None, None)


def test_an_account_can_be_edited(shop):
    account = shop.v2.core.accounts.update(shop.account().id, {"display_name": "Vigie Saône"})
    assert account.display_name == "Vigie Saône"


def test_a_revoked_capability_stops_transfers(shop, sim):
    account = shop.account()
    set_status(sim, sim.get("v2.core.account", account.id), "restricted")
    with pytest.raises(stripe.InvalidRequestError):
        shop.transfer(shop.capture().latest_charge.id, account, 1000)


def test_the_dashboard_opens_after_the_onboarding(shop, sim):
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.accounts.login_links.create(shop.account(active=False).id)
    account = shop.account()
    assert shop.v1.accounts.login_links.create(account.id).url == f"{sim.base_url}/express/{account.id}"


def test_a_closed_account_says_only_that_it_is(shop, sim):
    """https://docs.stripe.com/changelog/clover/2025-10-29/return-closed-v2-accounts"""
    account = shop.account()
    shop.v2.core.accounts.close(account.id, {"applied_configurations": ["recipient"]})
    found = shop.v2.core.accounts.retrieve(account.id, INCLUDE)
    assert (found.id, found.closed) == (account.id, True)
    assert {found.configuration, found.requirements, found.contact_email, found.display_name} == {None}
    assert sim.book.every("v2.core.event")[-1]["type"] == "v2.core.account.closed"
