"""Refunds of captured charges."""

from payments.simulator import balance, disputes, events, lists
from payments.simulator.charges import add_refund, refundable
from payments.simulator.customers import metadata
from payments.simulator.errors import InvalidParams, invalid, unexpected_state


def create_refund(sim, params):
    """Give back a part of what was captured, the whole of what remains by default."""
    charge = charge_of(sim, params)
    remaining = refundable(sim, charge) - disputes.lost(sim, charge)
    amount = params.get("amount", remaining)
    check_refund(sim, charge, amount, remaining)
    line = balance.move(sim, charge, -amount, type="refund")
    refund = add_refund(sim, charge, amount, reason=params.get("reason"), metadata=metadata(params), line=line["id"])
    line["source"] = refund["id"]
    events.emit(sim, "charge.refunded", charge)
    return refund


def hold_refund(sim, refund_id):
    """What Stripe does while the platform's balance does not cover a refund: it waits, and no money moves."""
    refund = sim.get("refund", refund_id, param="refund")
    balance.move(sim, refund, refund["amount"], type="refund_failure")
    refund |= {"status": "pending", "balance_transaction": None}
    events.emit(sim, "refund.updated", refund)
    return refund


def fail_refund(sim, refund_id):
    """What the client's bank does some days later: send the money back, to the platform's balance.

    One that waits fails without any: Stripe gives it up.
    """
    refund = sim.get("refund", refund_id, param="refund")
    is_held = refund["status"] == "pending"
    if not is_held and (refund["status"] != "succeeded" or refund["balance_transaction"] is None):
        raise invalid("Only a refund that moved money can fail, once.", param="refund")
    reason = "insufficient_funds" if is_held else "expired_or_canceled_card"
    refund |= {"status": "failed", "failure_reason": reason}
    if not is_held:
        line = balance.move(sim, refund, refund["amount"], type="refund_failure")
        refund["failure_balance_transaction"] = line["id"]
    charge = sim.get("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    for type in ("refund.updated", "refund.failed", "charge.refund.updated"):
        events.emit(sim, type, refund)
    return refund


def charge_of(sim, params):
    if "payment_intent" not in params and "charge" not in params:
        message = "One of the following params should be provided: payment_intent or charge."
        raise InvalidParams(400, message, code="parameter_missing")
    if "charge" in params:
        charge = sim.get("charge", params["charge"], param="charge")
        intent = sim.get("payment_intent", charge["payment_intent"])
    else:
        intent = sim.get("payment_intent", params["payment_intent"], param="payment_intent")
        charge = sim.book.get("charge", intent["latest_charge"])
    if charge is None or not charge["captured"]:
        message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise unexpected_state(intent, message)
    return charge


def check_refund(sim, charge, amount, remaining):
    if disputes.is_charged_back(sim, charge):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if remaining == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount <= 0:
        raise invalid("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > remaining:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({remaining})."
        raise invalid(message, param="amount")


def retrieve_refund(sim, params, refund_id):
    return sim.get("refund", refund_id, param="refund")


def list_refunds(sim, params):
    wanted = {name: params[name] for name in ("charge", "payment_intent") if name in params}
    return lists.page(sim.book.every("refund", **wanted), params, "/v1/refunds")
