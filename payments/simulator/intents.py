"""Payment intents: created, confirmed, captured, cancelled, expired."""

from payments.simulator import charges, disputes, events, lists
from payments.simulator.book import new_id
from payments.simulator.cards import refusal
from payments.simulator.customers import card_of, is_saved, metadata, save_card
from payments.simulator.errors import InvalidParams, card_error, invalid, unexpected_state
from payments.simulator.faults import CARD_FAULTS

CANCELLABLE = {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}
MINIMUM_AMOUNT = 50  # cents: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts


def create_payment_intent(sim, params):
    """With `confirm`, the card is charged at once; its refusal is a 402 that carries the intent."""
    check_amount(params["amount"])
    if params.get("customer"):
        sim.get("customer", params["customer"], param="customer")
    if params.get("off_session") and not params.get("confirm"):
        raise InvalidParams(400, "`off_session` can only be used with `confirm`.", param="off_session")
    intent = new_intent(sim, params)
    if method_id := params.get("payment_method"):
        intent |= {"payment_method": method_of(sim, intent, method_id)["id"], "status": "requires_confirmation"}
    events.emit(sim, "payment_intent.created", sim.book.add(intent))
    if params.get("confirm"):
        confirm_at_once(sim, intent, off_session=bool(params.get("off_session")))
    return intent


def method_of(sim, intent, method_id):
    method = sim.get("payment_method", method_id, param="payment_method")
    if method["customer"] is None or method["customer"] != intent["customer"]:
        raise invalid(
            "The PaymentMethod does not belong to the Customer of this PaymentIntent.", param="payment_method"
        )
    return method


def confirm_at_once(sim, intent, *, off_session):
    if intent["payment_method"] is None:
        raise unexpected_state(intent, "You cannot confirm this PaymentIntent because it's missing a payment method.")
    confirm(sim, intent, off_session=off_session)
    if error := intent["last_payment_error"]:
        details = {
            name: error[name] for name in ("code", "decline_code", "payment_method", "charge") if error.get(name)
        }
        raise card_error(error["message"], payment_intent=intent, **details)


def new_intent(sim, params):
    identifier = new_id("pi")
    return {
        "id": identifier,
        "object": "payment_intent",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": new_id(f"{identifier}_secret"),
        "confirmation_method": "automatic",
        "created": sim.timestamp(),
        "currency": params["currency"],
        "customer": params.get("customer"),
        "description": params.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": metadata(params),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": params.get("receipt_email"),
        "review": None,
        "setup_future_usage": params.get("setup_future_usage"),
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": params.get("transfer_group"),
    }


def check_amount(amount, param="amount"):
    if amount < MINIMUM_AMOUNT:
        raise InvalidParams(400, "Amount must be at least €0.50 eur", code="amount_too_small", param=param)


# Confirming


def confirm(sim, intent, *, off_session=False, authenticated=False):
    """Charge the intent's card: it is then held, captured, waiting for its holder, or refused."""
    method = sim.get("payment_method", intent["payment_method"])
    card = card_of(sim, method)
    asks_holder = card.asks_holder(saved=is_saved(sim, method))
    if off_session and (asks_holder or sim.faults.take(CARD_FAULTS, "payment_intents.create")):
        refuse(sim, intent, "authentication_required")
    elif asks_holder and not authenticated:
        ask_holder(sim, intent)
    elif card.charge:
        refuse(sim, intent, card.charge)
    else:
        authorise(sim, intent, method, off_session=off_session, authenticated=authenticated)


def ask_holder(sim, intent):
    page = {"url": f"{sim.base_url}/3d-secure/{intent['id']}", "return_url": None}
    intent |= {"status": "requires_action", "next_action": {"type": "redirect_to_url", "redirect_to_url": page}}
    events.emit(sim, "payment_intent.requires_action", intent)


def refuse(sim, intent, decline_code):
    method = sim.get("payment_method", intent["payment_method"])
    charge = charges.decline(sim, intent, method, decline_code)
    error = refusal(decline_code) | {"charge": charge["id"], "payment_method": dict(method)}
    no_method = {"payment_method": None, "status": "requires_payment_method", "next_action": None}
    intent |= no_method | {"last_payment_error": error, "latest_charge": charge["id"]}
    events.emit(sim, "payment_intent.payment_failed", intent)


def authorise(sim, intent, method, *, off_session, authenticated):
    charge = charges.authorise(sim, intent, method, off_session=off_session, authenticated=authenticated)
    cleared = {"last_payment_error": None, "next_action": None}
    intent |= cleared | {"latest_charge": charge["id"], "status": "requires_capture"}
    intent["amount_capturable"] = intent["amount"]
    if intent["setup_future_usage"]:
        save_card(sim, method, intent["customer"])
    if intent["capture_method"] == "manual":
        events.emit(sim, "payment_intent.amount_capturable_updated", intent)
    else:
        take(sim, intent, intent["amount"])


# Capturing


def capture_payment_intent(sim, params, intent_id):
    intent = sim.get("payment_intent", intent_id, param="intent")
    if intent["status"] != "requires_capture":
        raise unexpected_state(intent, not_now(intent, "captured", "requires_capture"))
    amount = params.get("amount_to_capture", intent["amount_capturable"])
    if amount <= 0:
        raise InvalidParams(
            400, "Invalid positive integer", code="parameter_invalid_integer", param="amount_to_capture"
        )
    check_amount(amount, "amount_to_capture")
    if amount > intent["amount_capturable"]:
        raise invalid("The capture amount is greater than the amount you can capture.", code="amount_too_large")
    intent["metadata"] |= metadata(params)
    take(sim, intent, amount)
    return intent


def take(sim, intent, amount):
    charge = sim.get("charge", intent["latest_charge"])
    charges.capture(sim, charge, amount)
    intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
    for session in sim.book.every("checkout.session", payment_intent=intent["id"]):
        session["payment_status"] = "paid"
    events.emit(sim, "payment_intent.succeeded", intent)
    if card_of(sim, sim.get("payment_method", charge["payment_method"])).disputed:
        disputes.open_dispute(sim, charge["id"])


# Ending without payment


def cancel_payment_intent(sim, params, intent_id):
    intent = sim.get("payment_intent", intent_id, param="intent")
    if intent["status"] not in CANCELLABLE:
        raise unexpected_state(intent, not_now(intent, "canceled", ", ".join(sorted(CANCELLABLE))))
    if sim.book.every("checkout.session", payment_intent=intent_id, status="open"):
        raise unexpected_state(intent, "This PaymentIntent belongs to a Checkout Session: expire the session instead.")
    end(sim, intent, params.get("cancellation_reason"))
    return intent


def end(sim, intent, reason, *, expired=False):
    """Cancel the intent and let go of its hold, if it has one."""
    was_held = intent["status"] == "requires_capture"
    intent |= {"status": "canceled", "cancellation_reason": reason, "canceled_at": sim.timestamp()}
    intent |= {"amount_capturable": 0, "next_action": None}
    if was_held:
        charges.release(sim, sim.get("charge", intent["latest_charge"]), expired=expired)
    events.emit(sim, "payment_intent.canceled", intent)


def expire_holds(sim):
    """Cancel the intents whose hold reached its `capture_before`."""
    now = sim.timestamp()
    for intent in sim.book.every("payment_intent", status="requires_capture"):
        charge = sim.get("charge", intent["latest_charge"])
        if charge["payment_method_details"]["card"]["capture_before"] <= now:
            end(sim, intent, "automatic", expired=True)


def not_now(intent, done, wanted):
    return (
        f"This PaymentIntent could not be {done} because it has a status of {intent['status']}. "
        f"Only a PaymentIntent with one of the following statuses may be {done}: {wanted}."
    )


# Reading


def retrieve_payment_intent(sim, params, intent_id):
    return sim.get("payment_intent", intent_id, param="intent")


def list_payment_intents(sim, params):
    wanted = {"customer": params["customer"]} if "customer" in params else {}
    return lists.page(sim.book.every("payment_intent", **wanted), params, "/v1/payment_intents")
