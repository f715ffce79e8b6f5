"""Transfers to professionals, and taking them back."""

from payments.simulator import accounts, balance, events, lists
from payments.simulator.book import new_id
from payments.simulator.customers import metadata
from payments.simulator.errors import InvalidParams, invalid, missing


def create_transfer(sim, params):
    if params.get("amount", 0) <= 0:
        raise InvalidParams(400, "Invalid positive integer", code="parameter_invalid_integer", param="amount")
    check_destination(sim, params["destination"])
    if "source_transaction" in params:
        check_source(sim, params)
    elif balance.available(sim) < params["amount"]:
        message = "You have insufficient available funds in your Stripe account."
        raise invalid(message, code="balance_insufficient")
    transfer = sim.book.add(new_transfer(sim, params))
    line = balance.move(sim, transfer, -params["amount"], type="transfer", available_on=clearing_date(sim, transfer))
    transfer["balance_transaction"] = line["id"]
    events.emit(sim, "transfer.created", transfer)
    return transfer


def clearing_date(sim, transfer):
    """A transfer from a charge leaves the balance when the charge's own money comes in."""
    charge = sim.book.get("charge", transfer["source_transaction"])
    return sim.get("balance_transaction", charge["balance_transaction"])["available_on"] if charge else 0


def check_destination(sim, account_id):
    account = sim.book.get("v2.core.account", account_id)
    if account is None:
        raise missing("destination", account_id, param="destination")
    if not accounts.is_payable(account):
        message = "Your destination account needs to have at least one of the following capabilities enabled: transfers"
        raise invalid(message, code="insufficient_capabilities_for_transfer", param="destination")


def check_source(sim, params):
    """A transfer's source is a captured charge, large enough for every transfer made from it."""
    charge_id = params["source_transaction"]
    charge = sim.get("charge", charge_id, param="source_transaction")
    if not charge["captured"]:
        raise invalid("The source charge must be captured before it is transferred.", param="source_transaction")
    if charge["currency"] != params["currency"]:
        raise invalid("The currency of the source charge differs from the transfer's.", param="currency")
    if params["amount"] > charge["amount_captured"] - transferred(sim, charge_id):
        raise invalid("The transfer is larger than what remains of its source charge.", param="amount")


def transferred(sim, charge_id):
    """Cents sent from this charge and not taken back."""
    transfers = sim.book.every("transfer", source_transaction=charge_id)
    return sum(transfer["amount"] - transfer["amount_reversed"] for transfer in transfers)


def new_transfer(sim, params):
    identifier = new_id("tr")
    source = sim.book.get("charge", params.get("source_transaction")) or {}
    return {
        "id": identifier,
        "object": "transfer",
        "amount": params["amount"],
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": sim.timestamp(),
        "currency": params["currency"],
        "description": params.get("description"),
        "destination": params["destination"],
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": metadata(params),
        "reversals": lists.as_list([], f"/v1/transfers/{identifier}/reversals"),
        "reversed": False,
        "source_transaction": params.get("source_transaction"),
        "source_type": "card",
        "transfer_group": params.get("transfer_group") or source.get("transfer_group"),
    }


def create_reversal(sim, params, transfer_id):
    """Take back a part of the transfer, the whole of what remains by default, unless the bank has it already.

    https://docs.stripe.com/connect/separate-charges-and-transfers#reverse-transfers
    """
    transfer = sim.get("transfer", transfer_id, param="transfer")
    remaining = transfer["amount"] - transfer["amount_reversed"]
    amount = params.get("amount", remaining)
    if not 0 < amount <= remaining:
        raise invalid(f"Reversal amount ({amount}) is greater than unreversed amount ({remaining}).", param="amount")
    if amount > accounts.worth(sim, transfer["destination"]):
        message = "The connected account's balance is lower than the reversal amount."
        raise invalid(message, code="balance_insufficient", param="amount")
    reversal = sim.book.add(new_reversal(sim, transfer, amount, params))
    cleared = sim.get("balance_transaction", transfer["balance_transaction"])["available_on"]
    line = balance.move(sim, reversal, amount, type="transfer_refund", available_on=cleared)
    reversal["balance_transaction"] = line["id"]
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, dict(reversal))
    events.emit(sim, "transfer.reversed", transfer)
    return reversal


def new_reversal(sim, transfer, amount, params):
    return {
        "id": new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": sim.timestamp(),
        "currency": transfer["currency"],
        "destination_payment_refund": new_id("pyr"),
        "metadata": metadata(params),
        "source_refund": None,
        "transfer": transfer["id"],
    }


def retrieve_transfer(sim, params, transfer_id):
    return sim.get("transfer", transfer_id, param="transfer")


def list_transfers(sim, params):
    wanted = {name: params[name] for name in ("destination", "transfer_group") if name in params}
    return lists.page(sim.book.every("transfer", **wanted), params, "/v1/transfers")


def list_reversals(sim, params, transfer_id):
    sim.get("transfer", transfer_id, param="transfer")
    reversals = sim.book.every("transfer_reversal", transfer=transfer_id)
    return lists.page(reversals, params, f"/v1/transfers/{transfer_id}/reversals")
