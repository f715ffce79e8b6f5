"""What the simulator answers when it refuses, in Stripe's words and shape: https://docs.stripe.com/api/errors."""


class ApiError(Exception):
    """A refusal. `details` go beside the message: `decline_code`, `payment_intent`…"""

    def __init__(self, status, message, *, type="invalid_request_error", code=None, param=None, **details):
        super().__init__(message)
        self.status = status
        self.error = {"type": type, "message": message, "code": code, "param": param, **details}

    @property
    def body(self):
        return {"error": {name: value for name, value in self.error.items() if value is not None}}


class InvalidParams(ApiError):
    """Refused before anything ran: Stripe keeps no answer under the idempotency key."""


class ConnectionBroken(Exception):
    """The caller hears nothing: the effect may or may not have happened."""


class LiveKeyRefused(ValueError):
    """A key that moves real money has no business here."""


def refuse_live_key(key):
    """Raise LiveKeyRefused for `sk_live_…` and `rk_live_…`."""
    if (key or "").startswith(("sk_live", "rk_live")):
        raise LiveKeyRefused("The simulator refuses live keys.")


def invalid(message, *, param=None, code=None, **details):
    return ApiError(400, message, param=param, code=code, **details)


def missing(name, identifier, *, param="id"):
    message = f"No such {name.replace('_', ' ')}: '{identifier}'"
    return ApiError(404, message, code="resource_missing", param=param)


def unexpected_state(intent, message):
    return invalid(message, code="payment_intent_unexpected_state", payment_intent=intent)


def card_error(message, *, code, decline_code=None, **details):
    return ApiError(402, message, type="card_error", code=code, decline_code=decline_code, **details)


def idempotency_error(key):
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(400, message, type="idempotency_error")
