"""Disputes: a client's bank takes the money back from the platform."""

from datetime import timedelta

from payments.simulator import balance, events, lists
from payments.simulator.book import new_id
from payments.simulator.errors import invalid

TIME_TO_ANSWER = timedelta(days=7)


def open_dispute(sim, charge_id, *, reason="fraudulent"):
    """What a bank does, and no API call can: dispute a captured charge."""
    charge = sim.get("charge", charge_id, param="charge")
    if not charge["captured"] or charge["disputed"]:
        raise invalid("Only a captured charge can be disputed, once.", param="charge")
    charge["disputed"] = True
    dispute = sim.book.add(new_dispute(sim, charge, reason))
    line = balance.move(sim, dispute, -dispute["amount"], type="adjustment", fee=balance.DISPUTE_FEE)
    dispute["balance_transactions"].append(dict(line))
    events.emit(sim, "charge.dispute.created", dispute)
    events.emit(sim, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(sim, dispute_id, *, won):
    """The bank's answer; the money comes back when the dispute is won."""
    dispute = sim.get("dispute", dispute_id, param="dispute")
    dispute["status"] = "won" if won else "lost"
    if won:
        line = balance.move(sim, dispute, dispute["amount"], type="adjustment")
        dispute["balance_transactions"].append(dict(line))
        events.emit(sim, "charge.dispute.funds_reinstated", dispute)
    events.emit(sim, "charge.dispute.closed", dispute)
    return dispute


def new_dispute(sim, charge, reason):
    brand = charge["payment_method_details"]["card"]["brand"]
    card = {"brand": brand, "case_type": "chargeback", "network": brand, "network_reason_code": "10.4"}
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount_captured"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": sim.timestamp(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": evidence_details(sim),
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"type": "card", "card": card},
        "reason": reason,
        "status": "needs_response",
    }


def evidence_details(sim):
    return {
        "due_by": int((sim.now() + TIME_TO_ANSWER).timestamp()),
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
        "submission_method": "not_submitted",
    }


def retrieve_dispute(sim, params, dispute_id):
    return sim.get("dispute", dispute_id, param="dispute")


def list_disputes(sim, params):
    wanted = {name: params[name] for name in ("charge", "payment_intent") if name in params}
    return lists.page(sim.book.every("dispute", **wanted), params, "/v1/disputes")
