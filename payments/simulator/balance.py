"""The platform's balance: one transaction per movement of its money."""

from datetime import timedelta

from payments.simulator import lists
from payments.simulator.book import new_id

AVAILABLE_AFTER = timedelta(days=7)
FEE_RATE, FEE_FIXED = 15, 25  # per thousand and cents: a European card, https://stripe.com/fr/pricing
DISPUTE_FEE = 2000  # cents


def card_fee(amount):
    """Stripe's fee, in cents, rounded half up."""
    return (amount * FEE_RATE + 500) // 1000 + FEE_FIXED


def clearing_date(sim):
    """When money taken from a card today becomes available, as a timestamp."""
    return int((sim.now() + AVAILABLE_AFTER).timestamp())


def move(sim, thing, amount, *, type, fee=0, available_on=0):
    """Record a movement of `amount` cents caused by `thing`, available now or later (`available_on`, a timestamp)."""
    available_on = max(available_on, sim.timestamp())
    return sim.book.add(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": available_on,
            "balance_type": "payments",
            "created": sim.timestamp(),
            "currency": thing["currency"],
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fee_details(fee, thing["currency"]),
            "net": amount - fee,
            "reporting_category": type,
            "source": thing["id"],
            "status": "pending" if available_on > sim.timestamp() else "available",
            "type": type,
        }
    )


def fee_details(fee, currency):
    if not fee:
        return []
    detail = {"amount": fee, "application": None, "currency": currency, "type": "stripe_fee"}
    return [detail | {"description": "Stripe processing fees"}]


def available(sim):
    """Cents the platform can use now."""
    return sum(line["net"] for line in sim.book.every("balance_transaction", status="available"))


def pending(sim):
    return sum(line["net"] for line in sim.book.every("balance_transaction", status="pending"))


def settle(sim):
    now = sim.timestamp()
    for line in sim.book.every("balance_transaction", status="pending"):
        if line["available_on"] <= now:
            line["status"] = "available"
            sim.book.changed = True


def status_of(sim, thing):
    """Whether the money that `thing` moved is `available` or still `pending`."""
    return sim.get("balance_transaction", thing["balance_transaction"])["status"]


def shown(available, pending):
    return {"object": "balance", "available": amounts(available), "livemode": False, "pending": amounts(pending)}


def amounts(cents):
    return [{"amount": cents, "currency": "eur", "source_types": {"card": cents}}]


def retrieve_balance_transaction(sim, params, transaction_id):
    return sim.get("balance_transaction", transaction_id)


def list_balance_transactions(sim, params):
    wanted = {name: params[name] for name in ("currency", "payout", "source", "type") if name in params}
    return lists.page(sim.book.every("balance_transaction", **wanted), params, "/v1/balance_transactions")
