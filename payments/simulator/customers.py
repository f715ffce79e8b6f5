"""Customers and the cards saved for them."""

from payments.simulator import events, lists
from payments.simulator.book import new_id
from payments.simulator.cards import find_card
from payments.simulator.errors import invalid

CONTACT_FIELDS = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping")


def create_customer(sim, params):
    customer = {
        "id": new_id("cus"),
        "object": "customer",
        "balance": 0,
        "created": sim.timestamp(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
        "livemode": False,
        "metadata": metadata(params),
        "tax_exempt": "none",
    } | {name: params.get(name) for name in CONTACT_FIELDS}
    customer["preferred_locales"] = customer["preferred_locales"] or []
    events.emit(sim, "customer.created", sim.book.add(customer))
    return customer


def retrieve_customer(sim, params, customer_id):
    return sim.get("customer", customer_id, param="customer")


def update_customer(sim, params, customer_id):
    customer = sim.get("customer", customer_id, param="customer")
    customer |= {name: params[name] for name in CONTACT_FIELDS if name in params}
    customer["metadata"] |= metadata(params)
    events.emit(sim, "customer.updated", customer)
    return customer


# Cards


def add_card(sim, number, *, name=None, email=None):
    """A payment method for this test card, not attached to anyone yet."""
    card = find_card(number)
    method = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {"address": None, "email": email, "name": name, "phone": None, "tax_id": None},
        "card": card_details(card, sim.now().year),
        "created": sim.timestamp(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    sim.book.private[method["id"]] = {"number": card.number, "saved": False}
    return sim.book.add(method)


def card_details(card, year):
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "FR",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": year + 3,
        "fingerprint": f"fp{card.number[-8:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def save_card(sim, method, customer_id):
    """Attach the card to the customer: it can now be charged in their absence."""
    sim.book.private[method["id"]]["saved"] = True
    if customer_id and method["customer"] is None:
        method["customer"] = customer_id
        events.emit(sim, "payment_method.attached", sim.book.add(method))


def card_of(sim, method):
    return find_card(sim.book.private[method["id"]]["number"])


def is_saved(sim, method):
    return sim.book.private[method["id"]]["saved"]


def retrieve_payment_method(sim, params, method_id):
    return sim.get("payment_method", method_id, param="payment_method")


def list_payment_methods(sim, params, customer_id):
    sim.get("customer", customer_id, param="customer")
    methods = sim.book.every("payment_method", customer=customer_id)
    return lists.page(methods, params, f"/v1/customers/{customer_id}/payment_methods")


def detach_payment_method(sim, params, method_id):
    method = sim.get("payment_method", method_id, param="payment_method")
    if method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer.", param="payment_method")
    method["customer"] = None
    sim.book.private[method["id"]]["saved"] = False
    events.emit(sim, "payment_method.detached", method)
    return method


def metadata(params):
    return dict(params.get("metadata") or {})
