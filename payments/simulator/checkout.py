"""Checkout sessions: the page Stripe hosts to save a card or to take a payment."""

from datetime import timedelta

from payments.simulator import events, intents, lists, setups
from payments.simulator.book import new_id
from payments.simulator.customers import metadata
from payments.simulator.errors import InvalidParams, invalid

SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=24)
CLOCK_SLACK = timedelta(seconds=10)  # what the caller's clock and the journey may cost


def create_session(sim, params):
    check_session(sim, params)
    session = new_session(sim, params)
    if session["mode"] == "setup":
        setup = setups.new_setup_intent(sim, params.get("setup_intent_data", {}), session["customer"])
        session |= {"setup_intent": setup["id"], "payment_status": "no_payment_required"}
    sim.book.private[session["id"]] = {"intent": intent_params(session, params), "names": line_names(params)}
    return sim.book.add(session)


def check_session(sim, params):
    mode = params.get("mode")
    if mode not in {"payment", "setup"}:
        raise InvalidParams(400, "The simulator knows the modes payment and setup.", param="mode")
    if not params.get("success_url"):
        raise InvalidParams(400, "Missing required param: success_url.", param="success_url")
    if params.get("customer"):
        sim.get("customer", params["customer"], param="customer")
    check_mode(params, mode)
    check_expiry(sim, params)


def check_mode(params, mode):
    if mode == "payment" and not params.get("line_items"):
        raise InvalidParams(400, "`line_items` is required in payment mode.", param="line_items")
    if mode == "setup" and {"line_items", "payment_intent_data"} & params.keys():
        raise InvalidParams(400, "You cannot take a payment in setup mode.", param="line_items")
    if mode == "payment" and "setup_intent_data" in params:
        raise InvalidParams(400, "`setup_intent_data` is for setup mode.", param="setup_intent_data")
    if mode == "setup" and not {"currency", "allowed_payment_method_types"} & params.keys():
        raise InvalidParams(400, "`currency` is required in setup mode.", param="currency")
    if mode == "payment":
        intents.check_amount(total(params))


def check_expiry(sim, params):
    if "expires_at" not in params:
        return
    lasts = params["expires_at"] - sim.now().timestamp()
    slack = CLOCK_SLACK.total_seconds()
    if not SHORTEST.total_seconds() - slack <= lasts <= LONGEST.total_seconds() + slack:
        message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation."
        raise InvalidParams(400, message, param="expires_at")


def new_session(sim, params):
    identifier = new_id("cs_test")
    amount = total(params) if params["mode"] == "payment" else None
    latest = int((sim.now() + LONGEST).timestamp())
    return {
        "id": identifier,
        "object": "checkout.session",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "created": sim.timestamp(),
        "currency": currency(params),
        "custom_fields": [],
        "custom_text": {"after_submit": None, "submit": None, "terms_of_service_acceptance": None},
        "customer": params.get("customer"),
        "customer_details": None,
        "customer_email": params.get("customer_email"),
        "expires_at": params.get("expires_at", latest),
        "invoice": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": metadata(params),
        "mode": params["mode"],
        "payment_intent": None,
        "payment_link": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "recovered_from": None,
        "setup_intent": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "ui_mode": "hosted_page",
        "url": f"{sim.base_url}/c/pay/{identifier}",
    }


def total(params):
    """In cents."""
    return sum(item.get("quantity", 1) * price(item)["unit_amount"] for item in params["line_items"])


def price(item):
    data = item.get("price_data", {})
    if "unit_amount" not in data:
        message = "The simulator reads prices from `price_data` with `unit_amount`."
        raise InvalidParams(400, message, param="line_items")
    return data


def currency(params):
    return price(params["line_items"][0])["currency"] if params["mode"] == "payment" else params.get("currency")


def line_names(params):
    return [price(item).get("product_data", {}).get("name", "") for item in params.get("line_items", [])]


def intent_params(session, params):
    """What the payment intent will be made from, once the client submits a card."""
    money = {"amount": session["amount_total"], "currency": session["currency"], "customer": session["customer"]}
    return money | params.get("payment_intent_data", {})


# What the client does


def submit(sim, session, method):
    """Charge or save the card the client just typed; return the intent, whose status tells how it went."""
    intent = intent_of(sim, session)
    intent["payment_method"] = method["id"]
    advance(sim, session, intent)
    return intent


def intent_of(sim, session):
    if session["mode"] == "setup":
        return sim.get("setup_intent", session["setup_intent"])
    if session["payment_intent"] is None:
        intent = intents.new_intent(sim, sim.book.private[session["id"]]["intent"])
        events.emit(sim, "payment_intent.created", sim.book.add(intent))
        session["payment_intent"] = intent["id"]
        sim.book.add(session)
    return sim.get("payment_intent", session["payment_intent"])


def advance(sim, session, intent, *, authenticated=False):
    confirm = setups.confirm if session["mode"] == "setup" else intents.confirm
    confirm(sim, intent, authenticated=authenticated)
    if intent["status"] in {"succeeded", "requires_capture"}:
        complete(sim, session, intent)


def complete(sim, session, intent):
    session |= {"status": "complete", "url": None}
    if session["mode"] == "payment" and intent["status"] == "succeeded":
        session["payment_status"] = "paid"
    session["customer_details"] = customer_details(sim, session)
    events.emit(sim, "checkout.session.completed", session)


def customer_details(sim, session):
    customer = sim.book.get("customer", session["customer"]) or {}
    details = {name: customer.get(name) for name in ("address", "email", "name", "phone")}
    return details | {"tax_exempt": "none", "tax_ids": None}


# Expiry


def expire_session(sim, params, session_id):
    session = sim.get("checkout.session", session_id, param="session")
    if session["status"] != "open":
        message = f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
        raise invalid(message, param="session")
    expire(sim, session)
    return session


def expire(sim, session):
    """Close the page, and cancel what was begun on it."""
    session |= {"status": "expired", "url": None}
    if session["mode"] == "setup":
        setups.cancel(sim, sim.get("setup_intent", session["setup_intent"]))
    elif session["payment_intent"]:
        intents.end(sim, sim.get("payment_intent", session["payment_intent"]), "expired")
    events.emit(sim, "checkout.session.expired", session)


def expire_sessions(sim):
    now = sim.timestamp()
    for session in sim.book.every("checkout.session", status="open"):
        if session["expires_at"] <= now:
            expire(sim, session)


# Reading


def retrieve_session(sim, params, session_id):
    return sim.get("checkout.session", session_id, param="session")


def list_sessions(sim, params):
    wanted = {name: params[name] for name in ("customer", "payment_intent", "status") if name in params}
    return lists.page(sim.book.every("checkout.session", **wanted), params, "/v1/checkout/sessions")
