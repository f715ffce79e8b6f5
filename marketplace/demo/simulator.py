"""What the demo asks of Stripe's simulator, and could not ask of Stripe."""

import requests
from django.conf import settings


def control(act, **body):
    """Do one of the simulator's `/_controle/` acts; returns its answer.

    Raises requests.RequestException: an HTTPError when the simulator refuses.
    """
    response = requests.post(f"{settings.STRIPE_API_BASE}/_controle/{act}", json=body, timeout=30)
    response.raise_for_status()
    return response.json()


def refusal(error):
    """Stripe's `error` object in an HTTPError, empty when there is none."""
    try:
        return error.response.json()["error"]
    except (ValueError, LookupError):
        return {}
