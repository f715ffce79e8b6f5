"""Every route: reached by the SDK's method of its name, read by that method's types, answered with its classes."""

import inspect
import re
from functools import reduce

import pytest
import stripe

from payments.simulator.disputes import open_dispute
from payments.simulator.routes import ROUTES
from payments.simulator.tests.conftest import CONNECTED, payment_params

SCHEDULE = {"limit": 3, "created": {"gte": 0}}


def captured(shop):
    return shop.capture().latest_charge.id


def transfer(shop):
    return shop.transfer(captured(shop), shop.account(), 50000).id


def reversal(shop):
    return shop.v1.transfers.reversals.create(transfer(shop), {"amount": 1000})


def refund(shop):
    return shop.v1.refunds.create({"charge": captured(shop), "amount": 1000}).id


def dispute(shop):
    return open_dispute(shop.sim, captured(shop))["id"]


def intent_params(shop):
    customer, method = shop.saved_card()
    card = {"customer": customer.id, "payment_method": method, "allowed_payment_method_types": ["card"]}
    money = {"amount": 57408, "currency": "eur", "capture_method": "manual", "transfer_group": "mission_1"}
    return card | money | {"confirm": True, "off_session": True, "expand": ["latest_charge"]}


def transfer_params(shop):
    source = {"source_transaction": captured(shop), "transfer_group": "mission_1", "metadata": {"mission_id": "1"}}
    return {"amount": 50000, "currency": "eur", "destination": shop.account().id} | source


def link_params(shop):
    pages = {"refresh_url": "http://site.test/refaire/", "return_url": "http://site.test/pro/paiements/"}
    return {
        "account": shop.account(active=False).id,
        "use_case": {"type": "account_onboarding", "account_onboarding": pages},
    }


def thin_event(shop):
    shop.account()
    return shop.sim.book.every("v2.core.event")[0]["id"]


def destination_params(shop):
    return {
        "name": "Site",
        "type": "webhook_endpoint",
        "event_payload": "snapshot",
        "enabled_events": ["charge.refunded"],
        "webhook_endpoint": {"url": "http://site.test/stripe/webhook/"},
        "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
    }


def destination(shop):
    return shop.destination(["charge.refunded"]).id


# What to give to the SDK's method: ids, then parameters.
EXAMPLES = {
    "customers.create": lambda shop: [{"email": "lea@example.org", "metadata": {"user_id": "3"}}],
    "customers.retrieve": lambda shop: [shop.customer().id, {}],
    "customers.update": lambda shop: [shop.customer().id, {"name": "Léa"}],
    "customers.payment_methods.list": lambda shop: [shop.saved_card()[0].id, {"limit": 3}],
    "payment_methods.retrieve": lambda shop: [shop.saved_card()[1], {}],
    "payment_methods.detach": lambda shop: [shop.saved_card()[1], {}],
    "checkout.sessions.create": lambda shop: [payment_params(shop.customer())],
    "checkout.sessions.list": lambda shop: [{"customer": shop.payment_session().customer}],
    "checkout.sessions.retrieve": lambda shop: [shop.payment_session().id, {"expand": ["payment_intent"]}],
    "checkout.sessions.expire": lambda shop: [shop.payment_session().id, {}],
    "payment_intents.create": lambda shop: [intent_params(shop)],
    "payment_intents.list": lambda shop: [SCHEDULE | {"customer": shop.hold().customer}],
    "payment_intents.retrieve": lambda shop: [shop.hold().id, {"expand": ["latest_charge"]}],
    "payment_intents.capture": lambda shop: [shop.hold().id, {"amount_to_capture": 50000}],
    "payment_intents.cancel": lambda shop: [shop.hold().id, {"cancellation_reason": "requested_by_customer"}],
    "setup_intents.retrieve": lambda shop: [shop.setup_session(shop.customer()).setup_intent, {}],
    "charges.retrieve": lambda shop: [captured(shop), {"expand": ["balance_transaction"]}],
    "transfers.create": lambda shop: [transfer_params(shop)],
    "transfers.list": lambda shop: transfer(shop) and [SCHEDULE | {"transfer_group": "mission_1"}],
    "transfers.retrieve": lambda shop: [transfer(shop), {}],
    "transfers.reversals.create": lambda shop: [transfer(shop), {"amount": 1000}],
    "transfers.reversals.list": lambda shop: [reversal(shop).transfer, {"limit": 3}],
    "refunds.create": lambda shop: [{"charge": captured(shop), "reason": "requested_by_customer"}],
    "refunds.list": lambda shop: refund(shop) and [SCHEDULE],
    "refunds.retrieve": lambda shop: [refund(shop), {}],
    "disputes.list": lambda shop: dispute(shop) and [SCHEDULE],
    "disputes.retrieve": lambda shop: [dispute(shop), {"expand": ["charge"]}],
    "balance.retrieve": lambda shop: captured(shop) and [{}],
    "balance_settings.update": lambda shop: [{"payments": {"payouts": {"schedule": {"interval": "manual"}}}}],
    "balance_transactions.list": lambda shop: captured(shop) and [SCHEDULE | {"type": "charge"}],
    "balance_transactions.retrieve": lambda shop: [
        shop.v1.charges.retrieve(captured(shop)).balance_transaction,
        {"expand": ["source"]},
    ],
    "events.list": lambda shop: captured(shop) and [SCHEDULE | {"types": ["charge.captured"]}],
    "events.retrieve": lambda shop: captured(shop) and [shop.v1.events.list().data[0].id, {}],
    "accounts.login_links.create": lambda shop: [shop.account().id, {}],
    "core.accounts.create": lambda shop: [CONNECTED],
    "core.accounts.retrieve": lambda shop: [shop.account().id, {"include": ["configuration.recipient"]}],
    "core.accounts.update": lambda shop: [shop.account().id, {"display_name": "Vigie Saône"}],
    "core.accounts.close": lambda shop: [shop.account().id, {"applied_configurations": ["recipient"]}],
    "core.account_links.create": lambda shop: [link_params(shop)],
    "core.event_destinations.create": lambda shop: [destination_params(shop)],
    "core.event_destinations.list": lambda shop: destination(shop) and [{"include": ["webhook_endpoint.url"]}],
    "core.event_destinations.retrieve": lambda shop: [destination(shop), {}],
    "core.event_destinations.update": lambda shop: [destination(shop), {"enabled_events": ["charge.captured"]}],
    "core.events.retrieve": lambda shop: [thin_event(shop), {}],
}

every_route = pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])


def method_of(shop, route):
    """The SDK's method, `client.v1.payment_intents.capture` for the route `payment_intents.capture`."""
    return reduce(getattr, route.name.split("."), shop.v2 if route.name.startswith("core.") else shop.v1)


def names(annotation):
    """The classes an annotation of the SDK names: `ListObject` and `Refund` in `ListObject[Refund]`."""
    return set(re.findall(r"\w+", str(annotation)))


@every_route
def test_a_route_speaks_the_sdks_language(shop, route):
    call = method_of(shop, route)
    declared = inspect.signature(call)
    assert route.params.rpartition(".")[2] in names(declared.parameters["params"].annotation)

    answer = call(*EXAMPLES[route.name](shop))

    assert {cls.__name__ for cls in type(answer).__mro__} & names(declared.return_annotation)
    if "ListObject" in names(declared.return_annotation):
        assert len(answer.data) > 0


@every_route
def test_the_sdk_reaches_the_route_of_that_name(shop, route):
    arguments = EXAMPLES[route.name](shop)
    shop.sim.faults.add("rate_limit", on=route.name)
    with pytest.raises(stripe.RateLimitError):
        method_of(shop, route)(*arguments)


@every_route
def test_a_route_refuses_an_unknown_parameter(shop, route):
    *ids, params = EXAMPLES[route.name](shop)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        method_of(shop, route)(*ids, params | {"colour": "blue"})
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "colour")
