"""`/_controle/`: what a test or the demo may ask of the simulator and could not ask of Stripe. JSON in, JSON out."""

import json

from payments.simulator import accounts, disputes, refunds
from payments.simulator.errors import ApiError
from payments.simulator.pages import Page


def answer(sim, path, body):
    """Do what the path says; 400 with Stripe's error shape when it cannot be done."""
    act = ACTS.get(path.removeprefix("/_controle/").strip("/"))
    if act is None:
        return as_json(404, {"error": {"message": f"Unknown control: {path}"}})
    try:
        with sim.writing():
            return as_json(200, act(sim, json.loads(body or "{}")) or {})
    except ApiError as error:
        return as_json(error.status, error.body)
    except (KeyError, TypeError, ValueError) as error:
        return as_json(400, {"error": {"message": f"Invalid body: {error!r}"}})


def as_json(status, value):
    return Page(status, {"Content-Type": "application/json"}, json.dumps(value))


def tick(sim, body):
    sim.tick()
    return {"now": sim.iso()}


def add_fault(sim, body):
    sim.faults.add(body.pop("kind"), **body)


def clear_faults(sim, body):
    sim.faults.clear()


def open_dispute(sim, body):
    """`reason`, `inquiry` and `amount` as in `disputes.open_dispute`."""
    return disputes.open_dispute(sim, body.pop("charge"), **body)


def submit_evidence(sim, body):
    return disputes.submit_evidence(sim, body["dispute"])


def close_dispute(sim, body):
    return disputes.close_dispute(sim, body["dispute"], won=body["won"])


def fail_refund(sim, body):
    return refunds.fail_refund(sim, body["refund"])


def pay_out(sim, body):
    return accounts.pay_out(sim, body["account"])


def set_capability(sim, body):
    account = sim.get("v2.core.account", body["account"])
    accounts.set_status(sim, account, body["status"])
    return account


def open_accounts(sim, body):
    """Open many accounts at once, verified; each is what `v2/core/accounts` would be sent."""
    return {"ids": [accounts.open_verified_account(sim, params) for params in body["accounts"]]}


def pay(sim, body):
    """Type a card on a Checkout page, and say yes to 3-D Secure."""
    return {"url": sim.hosted.pay(body["session"], body["card"])}


def read_book(sim, body):
    return {name: part for name, part in sim.book.contents().items() if name not in {"private", "answers"}}


ACTS = {
    "tick": tick,
    "fault": add_fault,
    "faults/clear": clear_faults,
    "dispute": open_dispute,
    "dispute/submit": submit_evidence,
    "dispute/close": close_dispute,
    "refund/fail": fail_refund,
    "payout": pay_out,
    "capability": set_capability,
    "accounts": open_accounts,
    "pay": pay,
    "book": read_book,
}
