from datetime import UTC, datetime, timedelta

import pytest
import stripe

from payments.simulator import Simulator, SimulatorHTTPClient

CONNECTED = {
    "contact_email": "vigie@example.org",
    "display_name": "Vigie Rhône",
    "dashboard": "express",
    "identity": {"country": "fr", "entity_type": "company"},
    "configuration": {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}},
    "defaults": {
        "currency": "eur",
        "locales": ["fr-FR"],
        "responsibilities": {"fees_collector": "application", "losses_collector": "application"},
    },
    "metadata": {"professional_id": "7"},
    "include": ["configuration.recipient", "requirements", "identity", "defaults"],
}


class Clock:
    def __init__(self):
        self.instant = datetime(2026, 12, 1, 9, tzinfo=UTC)

    def __call__(self):
        return self.instant

    def advance(self, **delta):
        self.instant += timedelta(**delta)


@pytest.fixture(name="clock")
def make_clock():
    return Clock()


@pytest.fixture(name="sim")
def make_simulator(clock):
    return Simulator(clock=clock)


@pytest.fixture(name="stripe_client")
def make_stripe_client(sim):
    return client_of(sim)


def client_of(sim, *, retries=0, key="sk_test_simulator", **options):
    http_client = SimulatorHTTPClient(sim)
    return stripe.StripeClient(key, http_client=http_client, max_network_retries=retries, **options)


@pytest.fixture(name="shop")
def make_shop(sim, stripe_client):
    return Shop(sim, stripe_client)


class Shop:
    """Dull shortcuts to the states the tests start from."""

    def __init__(self, sim, client):
        self.sim = sim
        self.v1 = client.v1
        self.v2 = client.v2

    def customer(self):
        return self.v1.customers.create({"email": "lea@example.org", "name": "Léa Martin"})

    def payment_session(self, customer=None, *, cents=57408, options=None, **changes):
        return self.v1.checkout.sessions.create(payment_params(customer or self.customer(), cents) | changes, options)

    def setup_session(self, customer, **changes):
        params = {
            "mode": "setup",
            "customer": customer.id,
            "currency": "eur",
            "locale": "fr",
            "allowed_payment_method_types": ["card"],
            "client_reference_id": "mission_1",
            "setup_intent_data": {"metadata": {"mission_id": "1"}},
            "metadata": {"mission_id": "1"},
            "success_url": "http://site.test/paiement/retour/?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://site.test/",
        }
        return self.v1.checkout.sessions.create(params | changes)

    def hold(self, card="4242424242424242", *, cents=57408):
        """An intent that waits for its capture, paid on the hosted page."""
        session = self.payment_session(cents=cents)
        self.sim.hosted.pay(session.id, card)
        session = self.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
        return session.payment_intent

    def capture(self, **kwargs):
        return self.v1.payment_intents.capture(self.hold(**kwargs).id, {"expand": ["latest_charge"]})

    def saved_card(self, card="4242424242424242"):
        """A customer and the card saved for them by a session in setup mode."""
        customer = self.customer()
        session = self.setup_session(customer)
        self.sim.hosted.pay(session.id, card)
        session = self.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
        return customer, session.setup_intent.payment_method

    def hold_later(self, customer, method, **changes):
        params = {
            "amount": 57408,
            "currency": "eur",
            "customer": customer.id,
            "payment_method": method,
            "allowed_payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            "off_session": True,
            "transfer_group": "mission_1",
            "metadata": {"mission_id": "1"},
            "expand": ["latest_charge"],
        }
        return self.v1.payment_intents.create(params | changes)

    def account(self, *, active=True):
        account = self.v2.core.accounts.create(CONNECTED)
        if active:
            self.sim.hosted.onboard(account.id)
        return account

    def account_link(self, account):
        onboarding = {
            "refresh_url": "http://site.test/refaire/",
            "return_url": "http://site.test/pro/paiements/",
            "collection_options": {"fields": "eventually_due", "future_requirements": "include"},
        }
        use_case = {"type": "account_onboarding", "account_onboarding": onboarding}
        return self.v2.core.account_links.create({"account": account.id, "use_case": use_case})

    def transfer(self, charge, account, cents, **changes):
        params = {
            "amount": cents,
            "currency": "eur",
            "destination": account.id,
            "source_transaction": charge,
            "transfer_group": "mission_1",
            "metadata": {"mission_id": "1"},
        }
        return self.v1.transfers.create(params | changes)

    def destination(self, types, *, payload="snapshot", url="http://site.test/webhook/", **changes):
        params = {
            "name": "Site",
            "type": "webhook_endpoint",
            "event_payload": payload,
            "enabled_events": types,
            "webhook_endpoint": {"url": url},
        }
        return self.v2.core.event_destinations.create(params | changes)

    def event_types(self):
        return [event["type"] for event in self.sim.book.every("event")]


def payment_params(customer, cents=57408):
    return {
        "mode": "payment",
        "customer": customer.id,
        "locale": "fr",
        "allowed_payment_method_types": ["card"],
        "client_reference_id": "mission_1",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "eur", "unit_amount": cents, "product_data": {"name": "Surveillance"}},
            }
        ],
        "payment_intent_data": {
            "capture_method": "manual",
            "setup_future_usage": "off_session",
            "transfer_group": "mission_1",
            "metadata": {"mission_id": "1"},
        },
        "metadata": {"mission_id": "1"},
        "success_url": "http://site.test/paiement/retour/?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://site.test/missions/1/",
    }
