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
    message: str
    code: str | None = None
    status: int = 400


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


def dispute_uncaptured(shop):
    disputes.open_dispute(shop.sim, shop.hold().latest_charge.id)


def dispute_twice(shop):
    charge_id = charge(shop)
    twice(lambda: disputes.open_dispute(shop.sim, charge_id))


def dispute_refunded(shop):
    charge_id = charge(shop)
    refund(shop, charge=charge_id)
    disputes.open_dispute(shop.sim, charge_id)


def dispute_too_much(shop):
    charge_id = charge(shop)
    disputes.open_dispute(shop.sim, charge_id, amount=shop.sim.get("charge", charge_id)["amount_captured"] + 1)


def submit_twice(shop):
    opened = disputes.open_dispute(shop.sim, charge(shop))
    twice(lambda: disputes.submit_evidence(shop.sim, opened["id"]))


def appeal_too_soon(shop):
    disputes.appeal(shop.sim, disputes.open_dispute(shop.sim, charge(shop))["id"])


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


def close(shop, account_id):
    return shop.v2.core.accounts.close(account_id, {"applied_configurations": ["recipient"]})


def link_closed(shop):
    account = shop.account()
    close(shop, account.id)
    shop.account_link(account)


def in_name_of(shop, account_id, route):
    route({}, {"stripe_account": account_id})


def set_payouts(shop, **schedule):
    shop.v1.balance_settings.update({"payments": {"payouts": {"schedule": schedule}}})


def destination(shop, **changes):
    shop.destination(**{"types": ["customer.created"]} | changes)


REFUSALS = [
    # Any call
    Refusal(
        "a key of another kind",
        lambda shop: client_of(shop.sim, key="pk_test_1").v1.balance.retrieve(),
        "Invalid API Key provided",
        status=401,
    ),
    Refusal(
        "another version",
        lambda shop: client_of(shop.sim, stripe_version="2020-08-27").v1.balance.retrieve(),
        "The simulator only speaks",
    ),
    Refusal(
        "unknown call", lambda shop: shop.v1.subscriptions.list(), "Unrecognized request URL (GET: /v1/", status=404
    ),
    Refusal(
        "unknown account",
        lambda shop: in_name_of(shop, "acct_nobody", shop.v1.balance.retrieve),
        "The provided key does not have access to account 'acct_nobody'",
        code="account_invalid",
        status=403,
    ),
    Refusal(
        "in an account's name",
        lambda shop: in_name_of(shop, shop.account().id, shop.v1.transfers.list),
        "The simulator only takes Stripe-Account on balance.retrieve",
    ),
    Refusal("payouts each hour", lambda shop: set_payouts(shop, interval="hourly"), "Invalid interval: must be one of"),
    Refusal(
        "payouts on no day",
        lambda shop: set_payouts(shop, interval="weekly"),
        "Weekly payouts need their days.",
    ),
    Refusal("other parameters, same key", same_key, "Keys for idempotent requests can only be used with"),
    Refusal(
        "unknown parameter",
        lambda shop: shop.v1.customers.create({"address": {"colour": "blue"}}),
        "Received unknown parameter: address[colour]",
        code="parameter_unknown",
    ),
    Refusal(
        "option given as a parameter",
        lambda shop: session(shop, idempotency_key="k"),
        "Received unknown parameter: idempotency_key",
        code="parameter_unknown",
    ),
    Refusal(
        "missing parameter",
        lambda shop: shop.v1.payment_intents.create({"currency": "eur"}),
        "Missing required param: amount.",
        code="parameter_missing",
    ),
    Refusal(
        "parameter of another type",
        lambda shop: shop.v1.payment_intents.create({"amount": "dix", "currency": "eur"}),
        "Invalid amount: ",
        code="parameter_invalid",
    ),
    Refusal(
        "v2 enumeration",
        lambda shop: open_account(shop, dashboard="purple"),
        "Invalid dashboard: ",
        code="parameter_invalid",
    ),
    Refusal(
        "unknown object",
        lambda shop: shop.v1.payment_intents.retrieve("pi_nothing"),
        "No such payment intent: 'pi_nothing'",
        code="resource_missing",
        status=404,
    ),
    Refusal(
        "unknown v2 object",
        lambda shop: shop.v2.core.accounts.retrieve("acct_nobody"),
        "No such account: 'acct_nobody'",
        code="resource_missing",
        status=404,
    ),
    Refusal(
        "expanding nothing",
        lambda shop: shop.v1.payment_intents.retrieve(shop.hold().id, {"expand": ["colour"]}),
        "This property cannot be expanded (colour).",
    ),
    Refusal(
        "expanding the unknown",
        lambda shop: transfer(shop, expand=["destination_payment"]),
        "This property cannot be expanded (destination_payment).",
    ),
    Refusal("empty page", lambda shop: shop.v1.refunds.list({"limit": 0}), "Invalid limit: must be between"),
    Refusal("huge page", lambda shop: shop.v1.refunds.list({"limit": 101}), "Invalid limit: must be between"),
    Refusal(
        "unknown cursor",
        lambda shop: shop.v1.refunds.list({"starting_after": "re_nothing"}),
        "No such object: 're_nothing'",
        code="resource_missing",
    ),
    Refusal(
        "type and types",
        lambda shop: shop.v1.events.list({"type": "charge.captured", "types": ["charge.captured"]}),
        "You may pass either `type` or `types`",
    ),
    # Faults
    Refusal(
        "too many requests",
        lambda shop: failing(shop, "rate_limit"),
        "Too many requests.",
        code="rate_limit",
        status=429,
    ),
    Refusal("bad gateway", lambda shop: failing(shop, "bad_gateway"), "Bad gateway.", status=502),
    Refusal(
        "expired key",
        lambda shop: failing(shop, "expire_key"),
        "Expired API Key provided.",
        code="api_key_expired",
        status=401,
    ),
    Refusal("forbidden call", lambda shop: failing(shop, "forbid"), "Your account cannot currently make live charges."),
    Refusal("server error", lambda shop: failing(shop, "server_error"), "An unknown error occurred.", status=500),
    Refusal("unknown fault", lambda shop: shop.sim.faults.add("earthquake"), "Unknown fault: earthquake"),
    # Checkout
    Refusal("mode", lambda shop: session(shop, mode="subscription"), "The simulator knows the modes"),
    Refusal("no success page", lambda shop: session(shop, success_url=None), "Missing required param: succ"),
    Refusal("nothing to pay", lambda shop: session(shop, line_items=[]), "`line_items` is required in pay"),
    Refusal("price by id", unpriced, "The simulator reads prices from `price_data`"),
    Refusal(
        "setting up while paying",
        lambda shop: session(shop, setup_intent_data={"metadata": {"a": "1"}}),
        "`setup_intent_data` is for setup mode.",
    ),
    Refusal(
        "paying while setting up",
        lambda shop: shop.setup_session(shop.customer(), payment_intent_data={"metadata": {"a": "1"}}),
        "You cannot take a payment in setup mode.",
    ),
    Refusal("no currency", lambda shop: shop.v1.checkout.sessions.create(SETUP), "`currency` is required in"),
    Refusal("too short", lambda shop: ending(shop, 29 * 60), "The `expires_at` timestamp must be between"),
    Refusal("too long", lambda shop: ending(shop, 24 * 3600 + 60), "The `expires_at` timestamp must be"),
    Refusal(
        "unknown customer",
        lambda shop: create_intent(shop, customer="cus_nobody"),
        "No such customer: 'cus_nobody'",
        code="resource_missing",
        status=404,
    ),
    Refusal("tiny amount", lambda shop: session(shop, cents=49), "Amount must be at least", code="amount_too_small"),
    Refusal("expired twice", expire_twice, 'Only Checkout Sessions with a status in ["open"] can be expired.'),
    Refusal("paid once expired", pay_expired, "This Checkout Session is no longer open."),
    Refusal(
        "a card of ours",
        lambda shop: shop.sim.hosted.pay(shop.payment_session().id, "1234"),
        "Your card number is incorrect.",
        code="incorrect_number",
    ),
    Refusal(
        "3-D Secure of nobody",
        lambda shop: shop.sim.hosted.authenticate("pi_nothing", accept=True),
        "No such checkout session: 'pi_nothing'",
        code="resource_missing",
        status=404,
    ),
    Refusal("card detached twice", detach_twice, "The payment method you provided is not attached"),
    # Intents
    Refusal(
        "off session, unconfirmed",
        lambda shop: create_intent(shop, off_session=True),
        "`off_session` can only be used with `confirm`.",
    ),
    Refusal(
        "confirmed without a card",
        lambda shop: create_intent(shop, confirm=True),
        "You cannot confirm this PaymentIntent because",
        code=STATE,
    ),
    Refusal(
        "another's card",
        pay_with_anothers_card,
        "The PaymentMethod does not belong to the Customer of this PaymentIntent.",
    ),
    Refusal(
        "old payment method types",
        lambda shop: hold_later(shop, payment_method_types=["card"]),
        "Received unknown parameter: payment_method_types",
        code="parameter_unknown",
    ),
    Refusal(
        "declined",
        lambda shop: hold_later(shop, "4000 0000 0000 0341"),
        "Your card was declined.",
        code="card_declined",
        status=402,
    ),
    Refusal(
        "authentication required",
        lambda shop: hold_later(shop, "4000 0027 6000 3184"),
        "Your card was declined. This transaction requires authentication.",
        code="authentication_required",
        status=402,
    ),
    Refusal("captured twice", capture_twice, "This PaymentIntent could not be captured because it has a", code=STATE),
    Refusal("captured late", capture_expired, "This PaymentIntent could not be captured because it has a", code=STATE),
    Refusal("captured for nothing", lambda shop: capture(shop, 0), "Invalid positive integer", code=INVALID),
    Refusal("captured too little", lambda shop: capture(shop, 49), "Amount must be at least", code="amount_too_small"),
    Refusal(
        "captured beyond the hold",
        lambda shop: capture(shop, 57409),
        "The capture amount is greater than the amount you can capture.",
        code="amount_too_large",
    ),
    Refusal("cancelled once captured", cancel_captured, "This PaymentIntent could not be canceled because", code=STATE),
    Refusal("cancelled on the page", cancel_while_on_the_page, "This PaymentIntent belongs to a Checkout", code=STATE),
    # Refunds and disputes
    Refusal(
        "refund of nothing",
        lambda shop: shop.v1.refunds.create({"amount": 1}),
        "One of the following params should be provided",
        code="parameter_missing",
    ),
    Refusal(
        "refund of a hold",
        lambda shop: shop.v1.refunds.create({"payment_intent": shop.hold().id}),
        "This PaymentIntent (pi_",
        code=STATE,
    ),
    Refusal("refund of 0", lambda shop: refund(shop, amount=0), "Invalid positive integer", code=INVALID),
    Refusal("refund too large", lambda shop: refund(shop, amount=57409), "Refund amount (57409) is greater"),
    Refusal("refunded twice", refund_twice, "Charge ch_", code="charge_already_refunded"),
    Refusal("refund of a dispute", refund_disputed, "Charge ch_", code="charge_disputed"),
    Refusal("refund failed twice", fail_refund_twice, "Only a refund that moved money can fail, once."),
    Refusal("disputed before capture", dispute_uncaptured, "Only a captured charge can be disputed."),
    Refusal("disputed twice", dispute_twice, "A charge that was given back whole cannot"),
    Refusal("disputed once refunded", dispute_refunded, "A charge that was given back whole cannot"),
    Refusal("disputed above the charge", dispute_too_much, "A dispute is of a part of what was captured"),
    Refusal("evidence twice", submit_twice, "Evidence is not awaited: the dispute is under_review."),
    Refusal("closed twice", close_twice, "This dispute is closed: it is lost."),
    Refusal(
        "appealed too soon", appeal_too_soon, "Only what was lost can be appealed: this dispute is needs_response."
    ),
    # Transfers
    Refusal("transfer of 0", lambda shop: transfer(shop, 0), "Invalid positive integer", code=INVALID),
    Refusal(
        "transfer to nobody",
        transfer_to_nobody,
        "No such destination: 'acct_nobody'",
        code="resource_missing",
        status=404,
    ),
    Refusal(
        "transfer to an inactive account",
        transfer_to_inactive,
        "Your destination account needs to have at least one of the following capabilities",
        code="insufficient_capabilities_for_transfer",
    ),
    Refusal(
        "transfer without a source",
        transfer_without_source,
        "You have insufficient available funds",
        code="balance_insufficient",
    ),
    Refusal("transfer of a hold", transfer_hold, "The source charge must be captured before"),
    Refusal("transfer of an intent", transfer_intent, "No such charge: 'pi_", code="resource_missing", status=404),
    Refusal("transfer in dollars", lambda shop: transfer(shop, currency="usd"), "The currency of the source"),
    Refusal("transfer too large", transfer_too_much, "The transfer is larger than what remains"),
    Refusal(
        "reversal too large",
        lambda shop: shop.v1.transfers.reversals.create(transfer(shop).id, {"amount": 50001}),
        "Reversal amount (50001) is greater than unreversed amount (50000).",
    ),
    Refusal(
        "reversal too late", reverse_paid_out, "The connected account's balance is lower", code="balance_insufficient"
    ),
    # Accounts
    Refusal(
        "account that asks for nothing",
        lambda shop: open_account(shop, configuration={"recipient": {}}),
        "The simulator only knows recipients of transfers.",
    ),
    Refusal(
        "losses left to Stripe",
        lambda shop: open_account(shop, defaults=stripe_responsible()),
        "With an express dashboard, the application must collect losses.",
    ),
    Refusal(
        "closing a part",
        lambda shop: shop.v2.core.accounts.close(shop.account().id),
        "All configurations on the Account",
    ),
    Refusal("closing with money", lambda shop: close(shop, transfer(shop).destination), "You cannot close an account"),
    Refusal("link to a closed account", link_closed, "This account is closed"),
    Refusal(
        "balance of a closed account",
        lambda shop: in_name_of(shop, close(shop, shop.account().id).id, shop.v1.balance.retrieve),
        "The provided key does not have access to account",
        code="account_invalid",
        status=403,
    ),
    Refusal("status", lambda shop: set_status(shop, "purple"), "Unknown status: purple"),
    Refusal(
        "nothing to pay out",
        lambda shop: accounts.pay_out(shop.sim, transfer(shop).destination),
        "Nothing is available to pay out",
        code="balance_insufficient",
    ),
    Refusal("link without pages", link, "The simulator only knows account_onboarding."),
    Refusal(
        "link with configurations",
        lambda shop: link(shop, account_onboarding={"refresh_url": "http://site.test/", "configurations": []}),
        "Received unknown parameter: use_case[account_onboarding][configurations]",
        code="parameter_unknown",
    ),
    Refusal(
        "unknown link",
        lambda shop: shop.sim.hosted.open_link("link_nothing"),
        "No such account link: 'link_nothing'",
        code="resource_missing",
        status=404,
    ),
    Refusal(
        "dashboard before the onboarding",
        lambda shop: shop.v1.accounts.login_links.create(shop.account(active=False).id),
        "Cannot create a login link for an account that has not completed onboarding.",
    ),
    # Event destinations
    Refusal("no event", lambda shop: destination(shop, types=[]), "At least one event type is needed."),
    Refusal(
        "unknown event",
        lambda shop: destination(shop, types=["customer.exploded"]),
        "Unknown snapshot event type: customer.exploded",
    ),
    Refusal(
        "event of the other kind",
        lambda shop: destination(shop, types=[CAPABILITY]),
        "Unknown snapshot event type: v2.core.account",
    ),
    Refusal(
        "another transport",
        lambda shop: destination(shop, type="amazon_eventbridge"),
        "The simulator only knows webhook endpoints",
    ),
    Refusal(
        "old snapshots",
        lambda shop: destination(shop, snapshot_api_version="2020-08-27"),
        "The simulator only renders snapshots",
    ),
    Refusal(
        "thin snapshots",
        lambda shop: destination(shop, types=[CAPABILITY], payload="thin", snapshot_api_version=stripe.api_version),
        "The simulator only renders snapshots",
    ),
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
