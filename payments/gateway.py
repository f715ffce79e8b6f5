"""The one door to Stripe: a client with sane time-outs, and what its errors mean for us."""

from functools import cache

import stripe
from django.conf import settings

# Connecting, then reading, in seconds: the SDK's own 80 s would keep a person waiting.
TIMEOUT = (3.05, 20)

# Whether the call took effect is unknown: read Stripe before writing again.
AMBIGUOUS = (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError)


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


def is_ambiguous(error):
    return isinstance(error, AMBIGUOUS) and not (400 <= (error.http_status or 0) < 429)
