"""Setup intents: a card saved for later, nothing charged."""

from payments.simulator import events
from payments.simulator.book import new_id
from payments.simulator.cards import refusal
from payments.simulator.customers import card_of, metadata, save_card


def new_setup_intent(sim, params, customer_id):
    """`params` is a session's `setup_intent_data`."""
    identifier = new_id("seti")
    intent = {
        "id": identifier,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": new_id(f"{identifier}_secret"),
        "created": sim.timestamp(),
        "customer": customer_id,
        "description": params.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": metadata(params),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    events.emit(sim, "setup_intent.created", sim.book.add(intent))
    return intent


def confirm(sim, intent, *, authenticated=False):
    """Save the intent's card: it is then saved, waiting for its holder, or refused."""
    method = sim.get("payment_method", intent["payment_method"])
    card = card_of(sim, method)
    if card.asks_holder(saved=False) and not authenticated:
        ask_holder(sim, intent)
    elif card.save:
        refuse(sim, intent, card.save)
    else:
        intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
        save_card(sim, method, intent["customer"])
        events.emit(sim, "setup_intent.succeeded", intent)


def ask_holder(sim, intent):
    page = {"url": f"{sim.base_url}/3d-secure/{intent['id']}", "return_url": None}
    intent |= {"status": "requires_action", "next_action": {"type": "redirect_to_url", "redirect_to_url": page}}
    events.emit(sim, "setup_intent.requires_action", intent)


def refuse(sim, intent, decline_code):
    method = sim.get("payment_method", intent["payment_method"])
    error = refusal(decline_code) | {"payment_method": dict(method)}
    no_method = {"payment_method": None, "status": "requires_payment_method", "next_action": None}
    intent |= no_method | {"last_setup_error": error}
    events.emit(sim, "setup_intent.setup_failed", intent)


def cancel(sim, intent):
    intent |= {"status": "canceled", "cancellation_reason": "abandoned", "next_action": None}
    events.emit(sim, "setup_intent.canceled", intent)


def retrieve_setup_intent(sim, params, intent_id):
    return sim.get("setup_intent", intent_id, param="intent")
