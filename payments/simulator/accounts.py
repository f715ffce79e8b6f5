"""The professionals' accounts (v2), the links that open their onboarding, and their dashboard."""

from copy import deepcopy
from datetime import timedelta

from payments.simulator import balance, events
from payments.simulator.book import new_id
from payments.simulator.errors import InvalidParams, invalid

LINK_LASTS = timedelta(minutes=5)
PARTS = ("configuration", "defaults", "identity", "requirements")
EDITABLE = ("contact_email", "contact_phone", "dashboard", "display_name")
TRANSFERS = "stripe_balance.stripe_transfers"
INTERVALS = ("daily", "manual", "monthly", "weekly")
SCHEDULE = "payments[payouts][schedule]"


def create_account(sim, params):
    check_account(params)
    account = {
        "id": new_id("acct"),
        "object": "v2.core.account",
        "applied_configurations": ["recipient"],
        "closed": False,
        "configuration": {"recipient": recipient("restricted")},
        "contact_email": params.get("contact_email"),
        "contact_phone": params.get("contact_phone"),
        "created": sim.iso(),
        "dashboard": params.get("dashboard"),
        "defaults": defaults(params),
        "display_name": params.get("display_name"),
        "future_requirements": None,
        "identity": dict(params.get("identity", {})),
        "livemode": False,
        "metadata": dict(params.get("metadata") or {}),
        "requirements": requirements(complete=False),
    }
    return shown(sim.book.add(account), params)


def open_verified_account(sim, params):
    """Open an account whose owner Stripe knows already; return its id. Says nothing by webhook."""
    account = sim.get("v2.core.account", create_account(sim, params)["id"])
    account["configuration"]["recipient"] = recipient("active")
    account["requirements"] = requirements(complete=True)
    return account["id"]


def check_account(params):
    """Refuse an account that could never be paid, or that the platform could not be answerable for."""
    asked = params.get("configuration", {}).get("recipient", {}).get("capabilities", {})
    if not asked.get("stripe_balance", {}).get("stripe_transfers", {}).get("requested"):
        raise InvalidParams(400, "The simulator only knows recipients of transfers.", param="configuration")
    responsibilities = params.get("defaults", {}).get("responsibilities", {})
    if params.get("dashboard") == "express" and responsibilities.get("losses_collector") != "application":
        message = "With an express dashboard, the application must collect losses."
        raise InvalidParams(400, message, param="defaults[responsibilities][losses_collector]")


def recipient(status):
    details = [] if status == "active" else [{"code": "requirements_past_due", "resolution": "provide_info"}]
    transfers = {"status": status, "status_details": details}
    return {"applied": True, "capabilities": {"stripe_balance": {"stripe_transfers": transfers}}}


def defaults(params):
    given = params.get("defaults", {})
    responsibilities = given.get("responsibilities", {}) | {"requirements_collector": "stripe"}
    kept = {name: given.get(name) for name in ("currency", "locales")}
    return kept | {"profile": None, "responsibilities": responsibilities}


def requirements(*, complete):
    """What Stripe still wants to know: one entry that holds transfers back, or nothing."""
    if complete:
        return {"entries": [], "summary": None}
    due = {"status": "currently_due"}
    restricted = {"capability": TRANSFERS, "configuration": "recipient", "deadline": due}
    entry = {
        "awaiting_action_from": "user",
        "description": "identity.business_details.registered_name",
        "errors": [],
        "impact": {"restricts_capabilities": [restricted]},
        "minimum_deadline": due,
        "reference": None,
        "requested_reasons": [{"code": "routine_onboarding"}],
    }
    return {"entries": [entry], "summary": {"minimum_deadline": due | {"time": None}}}


def retrieve_account(sim, params, account_id):
    return shown(sim.get("v2.core.account", account_id), params)


def update_account(sim, params, account_id):
    account = live_account(sim, account_id)
    account |= {name: params[name] for name in EDITABLE if name in params}
    account["identity"] |= params.get("identity", {})
    account["metadata"] |= params.get("metadata") or {}
    return shown(account, params)


def close_account(sim, params, account_id):
    """For good, once nothing stands on its balance. https://docs.stripe.com/api/v2/core/accounts/close"""
    account = live_account(sim, account_id)
    if set(params.get("applied_configurations", [])) != set(account["applied_configurations"]):
        raise invalid("All configurations on the Account must be passed in.", param="applied_configurations")
    if worth(sim, account_id):
        raise invalid("You cannot close an account that still has a balance.", param="id")
    sim.book.changed = account["closed"] = True
    events.emit_thin(sim, events.CLOSED, account)
    return shown(account, params)


def live_account(sim, account_id, **where):
    account = sim.get("v2.core.account", account_id, **where)
    if account["closed"]:
        raise invalid("This account is closed: it can no longer be operated on.", **{"param": "id", **where})
    return account


def shown(account, params):
    """v2 gives only the parts asked for in `include`; the others are null, and what is personal once it is closed."""
    included = {name.split(".")[0] for name in params.get("include", [])}
    hidden = PARTS + EDITABLE if account["closed"] else [name for name in PARTS if name not in included]
    return deepcopy(account) | dict.fromkeys(hidden)


def is_payable(account):
    return not account["closed"] and transfers_of(account)["status"] == "active"


def status_of(account):
    return "closed" if account["closed"] else transfers_of(account)["status"]


def transfers_of(account):
    return account["configuration"]["recipient"]["capabilities"]["stripe_balance"]["stripe_transfers"]


def set_status(sim, account, status):
    """Make transfers to the account `active` or `restricted`, and say so when it changes something."""
    if status not in {"active", "restricted"}:
        raise invalid(f"Unknown status: {status}", param="status")
    live_account(sim, account["id"])
    if transfers_of(account)["status"] == status:
        return
    sim.book.changed = True
    account["configuration"]["recipient"] = recipient(status)
    account["requirements"] = requirements(complete=status == "active")
    events.emit_thin(sim, events.REQUIREMENTS_UPDATED, account)
    events.emit_thin(sim, events.CAPABILITY_UPDATED, account, {"updated_capability": TRANSFERS})


# Money


def received(sim, account_id, *, status):
    """Cents transferred to the account and not taken back, `available` or `pending` as their charge's own money is."""
    transfers = sim.book.every("transfer", destination=account_id)
    return sum(left_of(transfer) for transfer in transfers if balance.status_of(sim, transfer) == status)


def left_of(transfer):
    return transfer["amount"] - transfer["amount_reversed"]


def paid_out(sim, account_id):
    """Cents sent to the account's bank."""
    return sim.book.private.get(account_id, {}).get("paid_out", 0)


def available(sim, account_id):
    return received(sim, account_id, status="available") - paid_out(sim, account_id)


def worth(sim, account_id):
    """Cents a reversal may take: what is available or will be."""
    return available(sim, account_id) + received(sim, account_id, status="pending")


def pay_out(sim, account_id):
    """What Stripe does each week: send what is available to the account's bank, out of our reach."""
    sim.get("v2.core.account", account_id, param="account")
    balance.settle(sim)
    cents = available(sim, account_id)
    if cents <= 0:
        message = "Nothing is available to pay out; a transfer is, once the money of its charge is."
        raise invalid(message, code="balance_insufficient", param="account")
    sim.book.changed = True
    sim.book.private[account_id] = {"paid_out": paid_out(sim, account_id) + cents}
    return {"account": account_id, "amount": cents, "currency": "eur"}


def update_settings(sim, params):
    """When money leaves for the bank: the platform's, or that of the account the call names by `Stripe-Account`."""
    if sim.account:
        live_account(sim, sim.account)
    schedule = params.get("payments", {}).get("payouts", {}).get("schedule", {})
    if schedule.get("interval") not in INTERVALS:
        raise invalid(f"Invalid interval: must be one of {', '.join(INTERVALS)}", param=f"{SCHEDULE}[interval]")
    if schedule["interval"] == "weekly" and not schedule.get("weekly_payout_days"):
        raise invalid("Weekly payouts need their days.", param=f"{SCHEDULE}[weekly_payout_days]")
    payouts = {"schedule": schedule, "statement_descriptor": None, "status": "enabled"}
    payments = {"debit_negative_balances": True, "payouts": payouts, "settlement_timing": {"delay_days": 7}}
    sim.book.add({"id": f"settings_{sim.account or 'platform'}", "object": "balance_settings", "payments": payments})
    return {"object": "balance_settings", "payments": payments}


def retrieve_balance(sim, params):
    """The platform's, or that of the account the call names by `Stripe-Account`."""
    account_id = sim.account
    if account_id is None:
        return balance.shown(balance.available(sim), balance.pending(sim))
    return balance.shown(available(sim, account_id), received(sim, account_id, status="pending"))


# Links


def create_account_link(sim, params):
    """A link opens once, within five minutes."""
    account = live_account(sim, params["account"], param="account")
    kind = params["use_case"]["type"]
    if kind != "account_onboarding" or kind not in params["use_case"]:
        raise InvalidParams(400, "The simulator only knows account_onboarding.", param="use_case[type]")
    token = new_id("link")
    use_case = params["use_case"][kind]
    sim.book.changed = True
    sim.book.private[token] = {
        "account": account["id"],
        "until": (sim.now() + LINK_LASTS).timestamp(),
        "used": False,
        "refresh_url": use_case["refresh_url"],
        "return_url": use_case.get("return_url", use_case["refresh_url"]),
    }
    return new_link(sim, account, token, params["use_case"])


def new_link(sim, account, token, use_case):
    return {
        "object": "v2.core.account_link",
        "account": account["id"],
        "created": sim.iso(),
        "expires_at": sim.iso(LINK_LASTS),
        "livemode": False,
        "url": f"{sim.base_url}/onboarding/{token}",
        "use_case": use_case,
    }


def create_login_link(sim, params, account_id):
    account = sim.get("v2.core.account", account_id, param="account")
    if not is_payable(account):
        raise invalid("Cannot create a login link for an account that has not completed onboarding.", param="account")
    return {"object": "login_link", "created": sim.timestamp(), "url": f"{sim.base_url}/express/{account_id}"}
