"""The one door to Stripe: a client with sane time-outs, and what its errors mean for us."""

from functools import cache

import stripe
from django.conf import settings

# Connecting, then reading, in seconds: the SDK's own 80 s would keep a person waiting.
TIMEOUT = (3.05, 20)

# Stripe understood and said no. Anything else (a time-out, a 5xx, a key in use, a wrong key) may be tried again.
DEFINITIVE = (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError)

# A refund's status: the money did not leave, or came back.
NOT_REFUNDED = ("failed", "canceled")


@cache
def client():
    return connect(stripe.RequestsClient(timeout=TIMEOUT))


def connect(http_client, *, retries=2):
    """A Stripe client over `http_client`; the simulator, in the demo and in the tests, is the only other address."""
    base = settings.STRIPE_API_BASE
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        max_network_retries=retries,
        http_client=http_client,
        base_addresses={"api": base, "connect": base, "files": base} if base else {},
    )


def metadata_of(thing):
    """What we wrote on one of Stripe's objects, as a dict: theirs are not."""
    return thing.metadata.to_dict() if thing.metadata else {}


# What staff read of an answer: enough to find it at Stripe's, nothing about the person.
SUMMARY = ("object", "id", "status", "amount", "amount_received", "currency", "created", "latest_charge", "charge")


def summary_of(thing):
    """The plain values of one of Stripe's objects that say nothing of a person."""
    found = {name: getattr(thing, name, None) for name in SUMMARY}
    return {name: getattr(value, "id", value) for name, value in found.items() if value is not None}


def available_cents(transfer_id):
    """What can be taken back now, in cents, of the account that a transfer went to: nothing once it is closed."""
    account_id = client().v1.transfers.retrieve(transfer_id).destination
    try:
        balance = client().v1.balance.retrieve(None, {"stripe_account": account_id})
    except stripe.PermissionError as error:
        if error.error is None or error.error.code != "account_invalid":  # our key's own rights
            raise
        return 0
    return max(0, sum(part.amount for part in balance.available if part.currency == "eur"))


def is_definitive(error):
    return isinstance(error, DEFINITIVE)


def is_kept(error):
    """Whether Stripe keeps this very answer under the key, and would repeat it for 24 h."""
    return isinstance(error, stripe.APIError) and (error.http_status or 0) >= 500
