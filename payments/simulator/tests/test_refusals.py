"""Everything the simulator refuses: the status, the code and the first words of its answer."""

import ast
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import stripe

from payments import simulator
from payments.simulator import accounts, disputes, errors, refunds
from payments.simulator.tests.conftest import CONNECTED, client_of

SOURCES = Path(simulator.__file__).parent
CAPABILITY = "v2.core.account[configuration.recipient].capability_status_updated"
SETUP = {"mode": "setup", "success_url": "http://site.test/"}
INVALID = "parameter_invalid_integer"
STATE = "payment_intent_unexpected_state"


class Refusal(NamedTuple):
    name: str
    act: callable
    status: int
    code: str | None
    message: str


def charge(shop, **kwargs):
    return shop.capture(**kwargs).latest_charge.id


def transfer(shop, cents=50000, **changes):
    return shop.transfer(charge(shop), shop.account(), cents, **changes)


def twice(act):
    act()
    return act()


def failing(shop, fault):
    shop.sim.faults.add(fault)
    shop.customer()


def same_key(shop):
    for name in ("Léa", "Théo"):
        shop.v1.customers.create({"name": name}, {"idempotency_key": "k"})


def create_intent(shop, **changes):
    shop.v1.payment_intents.create({"amount": 57408, "currency": "eur"} | changes)


def hold_later(shop, card="4242 4242 4242 4242", **changes):
    shop.hold_later(*shop.saved_card(card), **changes)


def pay_with_anothers_card(shop):
    _customer, method = shop.saved_card()
    shop.hold_later(shop.customer(), method)


def cancel_while_on_the_page(shop):
    session = shop.payment_session()
    shop.sim.hosted.pay(session.id, "4000 0000 0000 0002")
    shop.v1.payment_intents.cancel(shop.v1.checkout.sessions.retrieve(session.id).payment_intent)


def cancel_captured(shop):
    shop.v1.payment_intents.cancel(shop.capture().id)


def capture(shop, cents):
    shop.v1.payment_intents.capture(shop.hold().id, {"amount_to_capture": cents})


def capture_twice(shop):
    shop.v1.payment_intents.capture(shop.capture().id)


def capture_expired(shop):
    hold = shop.hold()
    shop.sim.now.advance(days=7)
    shop.v1.payment_intents.capture(hold.id)


def expire_twice(shop):
    session = shop.payment_session()
    twice(lambda: shop.v1.checkout.sessions.expire(session.id))


def pay_expired(shop):
    session = shop.payment_session()
    shop.v1.checkout.sessions.expire(session.id)
    shop.sim.hosted.pay(session.id)


def session(shop, **changes):
    shop.payment_session(**changes)


def unpriced(shop):
    session(shop, line_items=[{"quantity": 1, "price_data": {"currency": "eur", "product_data": {"name": "x"}}}])


def ending(shop, seconds):
    session(shop, expires_at=shop.sim.timestamp() + seconds)


def detach_twice(shop):
    _customer, method = shop.saved_card()
    twice(lambda: shop.v1.payment_methods.detach(method))


def refund(shop, **params):
    shop.v1.refunds.create({"charge": charge(shop)} | params)


def refund_twice(shop):
    params = {"charge": charge(shop)}
    twice(lambda: shop.v1.refunds.create(params))


def refund_disputed(shop):
    refund(shop, charge=charge(shop, card="4000 0000 0000 0259"))


def fail_refund_twice(shop):
    made = shop.v1.refunds.create({"charge": charge(shop)})
    twice(lambda: refunds.fail_refund(shop.sim, made.id))


def dispute_twice(shop):
    charge_id = charge(shop)
    twice(lambda: disputes.open_dispute(shop.sim, charge_id))


def dispute_refunded(shop):
    charge_id = charge(shop)
    refund(shop, charge=charge_id)
    disputes.open_dispute(shop.sim, charge_id)


def submit_twice(shop):
    opened = disputes.open_dispute(shop.sim, charge(shop))
    twice(lambda: disputes.submit_evidence(shop.sim, opened["id"]))


def close_twice(shop):
    opened = disputes.open_dispute(shop.sim, charge(shop))
    twice(lambda: disputes.close_dispute(shop.sim, opened["id"], won=False))


def transfer_without_source(shop):
    shop.v1.transfers.create({"amount": 1000, "currency": "eur", "destination": shop.account().id})


def transfer_to_nobody(shop):
    shop.v1.transfers.create({"amount": 1000, "currency": "eur", "destination": "acct_nobody"})


def transfer_to_inactive(shop):
    shop.transfer(charge(shop), shop.account(active=False), 1000)


def transfer_hold(shop):
    shop.transfer(shop.hold().latest_charge.id, shop.account(), 1000)


def transfer_intent(shop):
    shop.transfer(shop.capture().id, shop.account(), 1000)


def transfer_too_much(shop):
    source, account = charge(shop), shop.account()
    shop.transfer(source, account, 50000)
    shop.transfer(source, account, 7409)


def reverse_paid_out(shop):
    sent = transfer(shop)
    shop.sim.now.advance(days=7)
    accounts.pay_out(shop.sim, sent.destination)
    shop.v1.transfers.reversals.create(sent.id)


def set_status(shop, status):
    account = shop.account()
    accounts.set_status(shop.sim, shop.sim.get("v2.core.account", account.id), status)


def open_account(shop, **changes):
    shop.v2.core.accounts.create(CONNECTED | changes)


def stripe_responsible():
    responsible = {"fees_collector": "stripe", "losses_collector": "stripe"}
    return {"currency": "eur", "responsibilities": responsible}


def link(shop, **use_case):
    use_case = {"type": "account_onboarding"} | use_case
    shop.v2.core.account_links.create({"account": shop.account().id, "use_case": use_case})


def in_name_of(shop, account_id, route):
    route({}, {"stripe_account": account_id})


def destination(shop, **changes):
    shop.destination(**{"types": ["customer.created"]} | changes)


REFUSALS = [
    Refusal(*row)
    for row in [
        # Any call
        (
            "a key of another kind",
            lambda shop: client_of(shop.sim, key="pk_test_1").v1.balance.retrieve(),
            401,
            None,
            "Invalid API Key provided",
        ),
        (
            "another version",
            lambda shop: client_of(shop.sim, stripe_version="2020-08-27").v1.balance.retrieve(),
            400,
            None,
            "The simulator only speaks",
        ),
        ("unknown call", lambda shop: shop.v1.subscriptions.list(), 404, None, "Unrecognized request URL (GET: /v1/"),
        (
            "unknown account",
            lambda shop: in_name_of(shop, "acct_nobody", shop.v1.balance.retrieve),
            403,
            "account_invalid",
            "The provided key does not have access to account 'acct_nobody'",
        ),
        (
            "in an account's name",
            lambda shop: in_name_of(shop, shop.account().id, shop.v1.transfers.list),
            400,
            None,
            "The simulator only takes Stripe-Account on balance.retrieve",
        ),
        ("other parameters, same key", same_key, 400, None, "Keys for idempotent requests can only be used with"),
        (
            "unknown parameter",
            lambda shop: shop.v1.customers.create({"address": {"colour": "blue"}}),
            400,
            "parameter_unknown",
            "Received unknown parameter: address[colour]",
        ),
        (
            "option given as a parameter",
            lambda shop: session(shop, idempotency_key="k"),
            400,
            "parameter_unknown",
            "Received unknown parameter: idempotency_key",
        ),
        (
            "missing parameter",
            lambda shop: shop.v1.payment_intents.create({"currency": "eur"}),
            400,
            "parameter_missing",
            "Missing required param: amount.",
        ),
        (
            "parameter of another type",
            lambda shop: shop.v1.payment_intents.create({"amount": "dix", "currency": "eur"}),
            400,
            "parameter_invalid",
            "Invalid amount: ",
        ),
        (
            "v2 enumeration",
            lambda shop: open_account(shop, dashboard="purple"),
            400,
            "parameter_invalid",
            "Invalid dashboard: ",
        ),
        (
            "unknown object",
            lambda shop: shop.v1.payment_intents.retrieve("pi_nothing"),
            404,
            "resource_missing",
            "No such payment intent: 'pi_nothing'",
        ),
        (
            "unknown v2 object",
            lambda shop: shop.v2.core.accounts.retrieve("acct_nobody"),
            404,
            "resource_missing",
            "No such account: 'acct_nobody'",
        ),
        (
            "expanding nothing",
            lambda shop: shop.v1.payment_intents.retrieve(shop.hold().id, {"expand": ["colour"]}),
            400,
            None,
            "This property cannot be expanded (colour).",
        ),
        (
            "expanding the unknown",
            lambda shop: transfer(shop, expand=["destination_payment"]),
            400,
            None,
            "This property cannot be expanded (destination_payment).",
        ),
        ("empty page", lambda shop: shop.v1.refunds.list({"limit": 0}), 400, None, "Invalid limit: must be between"),
        ("huge page", lambda shop: shop.v1.refunds.list({"limit": 101}), 400, None, "Invalid limit: must be between"),
        (
            "unknown cursor",
            lambda shop: shop.v1.refunds.list({"starting_after": "re_nothing"}),
            400,
            "resource_missing",
            "No such object: 're_nothing'",
        ),
        (
            "type and types",
            lambda shop: shop.v1.events.list({"type": "charge.captured", "types": ["charge.captured"]}),
            400,
            None,
            "You may pass either `type` or `types`",
        ),
        # Faults
        ("too many requests", lambda shop: failing(shop, "rate_limit"), 429, "rate_limit", "Too many requests."),
        ("bad gateway", lambda shop: failing(shop, "bad_gateway"), 502, None, "Bad gateway."),
        ("server error", lambda shop: failing(shop, "server_error"), 500, None, "An unknown error occurred."),
        ("unknown fault", lambda shop: shop.sim.faults.add("earthquake"), 400, None, "Unknown fault: earthquake"),
        # Checkout
        ("mode", lambda shop: session(shop, mode="subscription"), 400, None, "The simulator knows the modes"),
        ("no success page", lambda shop: session(shop, success_url=None), 400, None, "Missing required param: succ"),
        ("nothing to pay", lambda shop: session(shop, line_items=[]), 400, None, "`line_items` is required in pay"),
        ("price by id", unpriced, 400, None, "The simulator reads prices from `price_data`"),
        (
            "setting up while paying",
            lambda shop: session(shop, setup_intent_data={"metadata": {"a": "1"}}),
            400,
            None,
            "`setup_intent_data` is for setup mode.",
        ),
        (
            "paying while setting up",
            lambda shop: shop.setup_session(shop.customer(), payment_intent_data={"metadata": {"a": "1"}}),
            400,
            None,
            "You cannot take a payment in setup mode.",
        ),
        ("no currency", lambda shop: shop.v1.checkout.sessions.create(SETUP), 400, None, "`currency` is required in"),
        ("too short", lambda shop: ending(shop, 29 * 60), 400, None, "The `expires_at` timestamp must be between"),
        ("too long", lambda shop: ending(shop, 24 * 3600 + 60), 400, None, "The `expires_at` timestamp must be"),
        (
            "unknown customer",
            lambda shop: create_intent(shop, customer="cus_nobody"),
            404,
            "resource_missing",
            "No such customer: 'cus_nobody'",
        ),
        ("tiny amount", lambda shop: session(shop, cents=49), 400, "amount_too_small", "Amount must be at least"),
        ("expired twice", expire_twice, 400, None, 'Only Checkout Sessions with a status in ["open"] can be expired.'),
        ("paid once expired", pay_expired, 400, None, "This Checkout Session is no longer open."),
        (
            "a card of ours",
            lambda shop: shop.sim.hosted.pay(shop.payment_session().id, "1234"),
            400,
            "incorrect_number",
            "Your card number is incorrect.",
        ),
        (
            "3-D Secure of nobody",
            lambda shop: shop.sim.hosted.authenticate("pi_nothing", accept=True),
            404,
            "resource_missing",
            "No such checkout session: 'pi_nothing'",
        ),
        ("card detached twice", detach_twice, 400, None, "The payment method you provided is not attached"),
        # Intents
        (
            "off session, unconfirmed",
            lambda shop: create_intent(shop, off_session=True),
            400,
            None,
            "`off_session` can only be used with `confirm`.",
        ),
        (
            "confirmed without a card",
            lambda shop: create_intent(shop, confirm=True),
            400,
            STATE,
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
        ),
        (
            "another's card",
            pay_with_anothers_card,
            400,
            None,
            "The PaymentMethod does not belong to the Customer of this PaymentIntent.",
        ),
        (
            "old payment method types",
            lambda shop: hold_later(shop, payment_method_types=["card"]),
            400,
            "parameter_unknown",
            "Received unknown parameter: payment_method_types",
        ),
        (
            "declined",
            lambda shop: hold_later(shop, "4000 0000 0000 0341"),
            402,
            "card_declined",
            "Your card was declined.",
        ),
        (
            "authentication required",
            lambda shop: hold_later(shop, "4000 0027 6000 3184"),
            402,
            "authentication_required",
            "Your card was declined. This transaction requires authentication.",
        ),
        ("captured twice", capture_twice, 400, STATE, "This PaymentIntent could not be captured because it has a"),
        ("captured late", capture_expired, 400, STATE, "This PaymentIntent could not be captured because it has a"),
        ("captured for nothing", lambda shop: capture(shop, 0), 400, INVALID, "Invalid positive integer"),
        (
            "captured beyond the hold",
            lambda shop: capture(shop, 57409),
            400,
            "amount_too_large",
            "The capture amount is greater than the amount you can capture.",
        ),
        ("cancelled once captured", cancel_captured, 400, STATE, "This PaymentIntent could not be canceled because"),
        ("cancelled on the page", cancel_while_on_the_page, 400, STATE, "This PaymentIntent belongs to a Checkout"),
        # Refunds and disputes
        (
            "refund of nothing",
            lambda shop: shop.v1.refunds.create({"amount": 1}),
            400,
            "parameter_missing",
            "One of the following params should be provided",
        ),
        (
            "refund of a hold",
            lambda shop: shop.v1.refunds.create({"payment_intent": shop.hold().id}),
            400,
            STATE,
            "This PaymentIntent (pi_",
        ),
        ("refund of 0", lambda shop: refund(shop, amount=0), 400, INVALID, "Invalid positive integer"),
        ("refund too large", lambda shop: refund(shop, amount=57409), 400, None, "Refund amount (57409) is greater"),
        ("refunded twice", refund_twice, 400, "charge_already_refunded", "Charge ch_"),
        ("refund of a dispute", refund_disputed, 400, "charge_disputed", "Charge ch_"),
        ("refund failed twice", fail_refund_twice, 400, None, "Only a refund that moved money can fail, once."),
        ("disputed twice", dispute_twice, 400, None, "Only a captured charge can be disputed, once."),
        ("disputed once refunded", dispute_refunded, 400, None, "A charge that was fully refunded cannot be"),
        ("evidence twice", submit_twice, 400, None, "Evidence is not awaited: the dispute is under_review."),
        ("closed twice", close_twice, 400, None, "This dispute is closed: it is lost."),
        # Transfers
        ("transfer of 0", lambda shop: transfer(shop, 0), 400, INVALID, "Invalid positive integer"),
        ("transfer to nobody", transfer_to_nobody, 404, "resource_missing", "No such destination: 'acct_nobody'"),
        (
            "transfer to an inactive account",
            transfer_to_inactive,
            400,
            "insufficient_capabilities_for_transfer",
            "Your destination account needs to have at least one of the following capabilities enabled",
        ),
        (
            "transfer without a source",
            transfer_without_source,
            400,
            "balance_insufficient",
            "You have insufficient available funds",
        ),
        ("transfer of a hold", transfer_hold, 400, None, "The source charge must be captured before"),
        ("transfer of an intent", transfer_intent, 404, "resource_missing", "No such charge: 'pi_"),
        ("transfer in dollars", lambda shop: transfer(shop, currency="usd"), 400, None, "The currency of the source"),
        ("transfer too large", transfer_too_much, 400, None, "The transfer is larger than what remains"),
        (
            "reversal too large",
            lambda shop: shop.v1.transfers.reversals.create(transfer(shop).id, {"amount": 50001}),
            400,
            None,
            "Reversal amount (50001) is greater than unreversed amount (50000).",
        ),
        (
            "reversal too late",
            reverse_paid_out,
            400,
            "balance_insufficient",
            "The connected account's balance is lower",
        ),
        # Accounts
        (
            "account that asks for nothing",
            lambda shop: open_account(shop, configuration={"recipient": {}}),
            400,
            None,
            "The simulator only knows recipients of transfers.",
        ),
        (
            "losses left to Stripe",
            lambda shop: open_account(shop, defaults=stripe_responsible()),
            400,
            None,
            "With an express dashboard, the application must collect losses.",
        ),
        ("status", lambda shop: set_status(shop, "purple"), 400, None, "Unknown status: purple"),
        (
            "nothing to pay out",
            lambda shop: accounts.pay_out(shop.sim, transfer(shop).destination),
            400,
            "balance_insufficient",
            "Nothing is available to pay out",
        ),
        ("link without pages", link, 400, None, "The simulator only knows account_onboarding."),
        (
            "link with configurations",
            lambda shop: link(shop, account_onboarding={"refresh_url": "http://site.test/", "configurations": []}),
            400,
            "parameter_unknown",
            "Received unknown parameter: use_case[account_onboarding][configurations]",
        ),
        (
            "unknown link",
            lambda shop: shop.sim.hosted.open_link("link_nothing"),
            404,
            "resource_missing",
            "No such account link: 'link_nothing'",
        ),
        (
            "dashboard before the onboarding",
            lambda shop: shop.v1.accounts.login_links.create(shop.account(active=False).id),
            400,
            None,
            "Cannot create a login link for an account that has not completed onboarding.",
        ),
        # Event destinations
        ("no event", lambda shop: destination(shop, types=[]), 400, None, "At least one event type is needed."),
        (
            "unknown event",
            lambda shop: destination(shop, types=["customer.exploded"]),
            400,
            None,
            "Unknown snapshot event type: customer.exploded",
        ),
        (
            "event of the other kind",
            lambda shop: destination(shop, types=[CAPABILITY]),
            400,
            None,
            "Unknown snapshot event type: v2.core.account",
        ),
        (
            "another transport",
            lambda shop: destination(shop, type="amazon_eventbridge"),
            400,
            None,
            "The simulator only knows webhook endpoints",
        ),
        (
            "old snapshots",
            lambda shop: destination(shop, snapshot_api_version="2020-08-27"),
            400,
            None,
            "The simulator only renders snapshots",
        ),
        (
            "thin snapshots",
            lambda shop: destination(shop, types=[CAPABILITY], payload="thin", snapshot_api_version=stripe.api_version),
            400,
            None,
            "The simulator only renders snapshots",
        ),
    ]
]


def refused(act, shop):
    """Status, code and message of the refusal, heard through the SDK or straight from the simulator."""
    try:
        act(shop)
    except stripe.StripeError as error:
        body, status = error.json_body["error"], error.http_status
    except errors.ApiError as error:
        body, status = error.error, error.status
    else:
        pytest.fail("Nothing was refused.")
    return status, body.get("code"), body["message"]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[refusal.name for refusal in REFUSALS])
def test_a_refusal(shop, refusal):
    status, code, message = refused(refusal.act, shop)
    assert (status, code) == (refusal.status, refusal.code)
    assert message.startswith(refusal.message)


def test_every_refusal_in_the_source_is_in_the_table(shop, monkeypatch):
    """Each place that refuses is reached by a row; `ApiError` tells where it was made."""
    reached, make = set(), errors.ApiError.__init__

    def note_and_make(self, *args, **kwargs):
        reached.add(place_of(sys._getframe(1)))
        make(self, *args, **kwargs)

    monkeypatch.setattr(errors.ApiError, "__init__", note_and_make)
    for refusal in REFUSALS:
        refused(refusal.act, shop)

    missed = {(file, line) for file, line, last in refusals_in_source() if not reached & places(file, line, last)}
    assert missed == set()


def place_of(frame):
    while frame.f_code.co_filename == errors.__file__:
        frame = frame.f_back
    return Path(frame.f_code.co_filename).name, frame.f_lineno


def places(file, first, last):
    return {(file, line) for line in range(first, last + 1)}


def refusals_in_source():
    """File, first and last line of each call that makes an `ApiError`."""
    makers = {name for name in vars(errors) if name not in {"ConnectionBroken", "LiveKeyRefused", "refuse_live_key"}}
    for path in SOURCES.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree) if path.name != "errors.py" else []:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
                yield path.name, node.lineno, node.end_lineno
