"""Charges: what happens to a card when an intent is confirmed, captured, released."""

from payments.simulator import balance, events
from payments.simulator.book import new_id
from payments.simulator.cards import refusal
from payments.simulator.customers import card_of


def authorise(sim, intent, method, *, off_session, authenticated):
    """Hold the intent's amount on the card."""
    hold = card_of(sim, method).hold_lasts(off_session=off_session)
    charge = new_charge(sim, intent, method)
    charge["payment_method_details"]["card"] |= {
        "amount_authorized": intent["amount"],
        "capture_before": int((sim.now() + hold).timestamp()),
        "three_d_secure": authentication() if authenticated else None,
    }
    events.emit(sim, "charge.succeeded", sim.book.add(charge))
    return charge


def decline(sim, intent, method, decline_code):
    """Record the attempt the card refused."""
    error = refusal(decline_code)
    charge = new_charge(sim, intent, method) | {
        "paid": False,
        "status": "failed",
        "failure_code": error["code"],
        "failure_message": error["message"],
        "outcome": outcome("issuer_declined", decline_code),
    }
    events.emit(sim, "charge.failed", sim.book.add(charge))
    return charge


def capture(sim, charge, amount):
    """Take `amount` cents of the hold; Stripe refunds the rest of it at once."""
    released = charge["amount"] - amount
    charge |= {"captured": True, "amount_captured": amount}
    fee, available_on = balance.card_fee(amount), balance.clearing_date(sim)
    line = balance.move(sim, charge, amount, type="charge", fee=fee, available_on=available_on)
    charge["balance_transaction"] = line["id"]
    charge["payment_method_details"]["card"].pop("capture_before", None)
    if released:
        add_refund(sim, charge, released)
    events.emit(sim, "charge.captured", charge)
    if released:
        events.emit(sim, "charge.refunded", charge)


def release(sim, charge, *, expired=False):
    """Let go of an uncaptured hold. Stripe books it as a refund of money it never took."""
    add_refund(sim, charge, charge["amount"], reason="expired_uncaptured_charge" if expired else None)
    if expired:
        events.emit(sim, "charge.expired", charge)
    events.emit(sim, "charge.refunded", charge)


def add_refund(sim, charge, amount, *, reason=None, metadata=None, line=None):
    """Book a refund on the charge. Without a balance `line`, no money moves: a hold is let go."""
    refund = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": line,
        "charge": charge["id"],
        "created": sim.timestamp(),
        "currency": charge["currency"],
        "destination_details": destination_details("refund" if line else "reversal"),
        "metadata": metadata or {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    events.emit(sim, "refund.created", sim.book.add(refund))
    return refund


def destination_details(kind):
    return {"type": "card", "card": {"type": kind}}


def refundable(sim, charge):
    """Cents captured and not given back yet."""
    refunds = sim.book.every("refund", charge=charge["id"], status="succeeded")
    return charge["amount_captured"] - sum(refund["amount"] for refund in refunds if refund["balance_transaction"])


def new_charge(sim, intent, method):
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SIMULATEUR",
        "captured": False,
        "created": sim.timestamp(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": outcome("authorized", None),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": "card", "card": charged_card(method)},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


def charged_card(method):
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    card = {name: method["card"][name] for name in kept}
    return card | {"mandate": None, "network": card["brand"], "three_d_secure": None}


def authentication():
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }


def outcome(type, reason):
    declined = type == "issuer_declined"
    return {
        "type": type,
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": reason,
        "risk_level": "normal",
        "seller_message": "The bank declined the payment." if declined else "Payment complete.",
    }


def retrieve_charge(sim, params, charge_id):
    return sim.get("charge", charge_id, param="charge")
