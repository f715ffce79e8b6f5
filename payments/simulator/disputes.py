"""Disputes: a client's bank takes the money back from the platform."""

from datetime import timedelta

from payments.simulator import balance, charges, events, lists
from payments.simulator.book import new_id
from payments.simulator.errors import invalid

TIME_TO_ANSWER = timedelta(days=7)
# https://docs.stripe.com/api/disputes/object: an inquiry's statuses start with `warning_`, and it moves no money
UNDER_REVIEW = {
    "needs_response": "under_review",
    "warning_needs_response": "warning_under_review",
    "appeal_needs_response": "appeal_under_review",
}
OPEN = {*UNDER_REVIEW, *UNDER_REVIEW.values()}
UNDER_JUDGEMENT = {"needs_response", "under_review"}
LOST = {"lost", "appeal_needs_response", "appeal_under_review"}
TAKEN = {*UNDER_JUDGEMENT, *LOST}


def open_dispute(sim, charge_id, *, reason="fraudulent", inquiry=False, amount=None):
    """What a bank does, and no API call can: take a captured charge back, or only ask about it (`inquiry`).

    `amount`, in cents, is by default the whole of what was neither refunded nor taken by another dispute: a charge may
    have several, of a part each. A dispute that follows an inquiry is the same object, escalated.
    """
    charge = sim.get("charge", charge_id, param="charge")
    if asked := open_inquiry(sim, charge):
        return asked if inquiry else escalate(sim, charge, asked)
    check_charge(sim, charge)
    amount = disputable(sim, charge) if amount is None else amount
    check_amount(sim, charge, amount)
    dispute = sim.book.add(new_dispute(sim, charge, amount, reason, inquiry=inquiry))
    if inquiry:
        events.emit(sim, "charge.dispute.created", dispute)
    else:
        withdraw(sim, charge, dispute, event="charge.dispute.created")
    return dispute


def open_inquiry(sim, charge):
    inquiries = sim.book.every("dispute", charge=charge["id"])
    return next((inquiry for inquiry in inquiries if inquiry["status"] in OPEN and is_inquiry(inquiry)), None)


def is_inquiry(dispute):
    return dispute["status"].startswith("warning_")


def escalate(sim, charge, dispute):
    dispute |= {"status": "needs_response", "is_charge_refundable": False}
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    dispute["evidence_details"] = evidence_details(sim)
    withdraw(sim, charge, dispute, event="charge.dispute.updated")
    return dispute


def check_charge(sim, charge):
    if not charge["captured"]:
        raise invalid("Only a captured charge can be disputed.", param="charge")
    if disputable(sim, charge) <= 0:
        raise invalid("A charge that was given back whole cannot be disputed.", param="charge")


def check_amount(sim, charge, amount):
    if not 0 < amount <= disputable(sim, charge):
        raise invalid("A dispute is of a part of what was captured and not given back.", param="amount")


def disputable(sim, charge):
    """Cents that neither refunds nor other disputes have, but those that were won."""
    taken = [found for found in sim.book.every("dispute", charge=charge["id"]) if found["status"] in TAKEN]
    return charges.refundable(sim, charge) - sum(found["amount"] for found in taken)


def withdraw(sim, charge, dispute, *, event):
    charge["disputed"] = True
    line = balance.move(sim, dispute, -dispute["amount"], type="adjustment", fee=balance.DISPUTE_FEE)
    dispute["balance_transactions"].append(dict(line))
    events.emit(sim, event, dispute)
    events.emit(sim, "charge.dispute.funds_withdrawn", dispute)


def submit_evidence(sim, dispute_id):
    """What we do in Stripe's dashboard: answer the bank, once."""
    dispute = sim.get("dispute", dispute_id, param="dispute")
    if dispute["status"] not in UNDER_REVIEW:
        raise invalid(f"Evidence is not awaited: the dispute is {dispute['status']}.", param="dispute")
    sim.book.changed = True
    dispute["status"] = UNDER_REVIEW[dispute["status"]]
    dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1, "submission_method": "manual"}
    events.emit(sim, "charge.dispute.updated", dispute)
    return dispute


def close_dispute(sim, dispute_id, *, won):
    """The bank's answer; the money comes back when the dispute is won. An inquiry is closed, neither won nor lost."""
    dispute = sim.get("dispute", dispute_id, param="dispute")
    if dispute["status"] not in OPEN:
        raise invalid(f"This dispute is closed: it is {dispute['status']}.", param="dispute")
    withdrawn = not is_inquiry(dispute)
    dispute["status"] = ("won" if won else "lost") if withdrawn else "warning_closed"
    if withdrawn and won:
        line = balance.move(sim, dispute, dispute["amount"], type="adjustment")
        dispute["balance_transactions"].append(dict(line))
        events.emit(sim, "charge.dispute.funds_reinstated", dispute)
    events.emit(sim, "charge.dispute.closed", dispute)
    return dispute


def appeal(sim, dispute_id):
    """The bank is asked to judge again what it judged lost; it keeps the money meanwhile."""
    dispute = sim.get("dispute", dispute_id, param="dispute")
    if dispute["status"] != "lost":
        raise invalid(f"Only what was lost can be appealed: this dispute is {dispute['status']}.", param="dispute")
    dispute["status"] = "appeal_needs_response"
    events.emit(sim, "charge.dispute.updated", dispute)
    return dispute


def is_charged_back(sim, charge):
    """Whether a bank has this charge's money: until it has judged, and for good when we lost all that was left."""
    found = sim.book.every("dispute", charge=charge["id"])
    judging = any(dispute["status"] in UNDER_JUDGEMENT for dispute in found)
    return judging or 0 < lost(sim, charge) >= charges.refundable(sim, charge)


def lost(sim, charge):
    """Cents that a bank took for good."""
    found = sim.book.every("dispute", charge=charge["id"])
    return sum(dispute["amount"] for dispute in found if dispute["status"] in LOST)


def new_dispute(sim, charge, amount, reason, *, inquiry):
    brand = charge["payment_method_details"]["card"]["brand"]
    kind = "inquiry" if inquiry else "chargeback"
    card = {"brand": brand, "case_type": kind, "network": brand, "network_reason_code": "10.4"}
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": sim.timestamp(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": evidence_details(sim),
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"type": "card", "card": card},
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
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
