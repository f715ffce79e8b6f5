"""One request as it came, and one answer as it goes."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import stripe

from payments.simulator import forms
from payments.simulator.errors import InvalidParams

# https://docs.stripe.com/api/idempotent_requests and https://docs.stripe.com/api-v2-overview
KEY_LIFETIMES = {"v1": timedelta(hours=24), "v2": timedelta(days=30)}


class Response(NamedTuple):
    status: int
    headers: dict
    body: str


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    params: dict
    headers: dict

    @classmethod
    def read(cls, method, url, headers, body):
        """From what an HTTP client sends: `body` is form encoding in v1, JSON in v2."""
        parts = urlsplit(url)
        headers = {name.lower(): value for name, value in headers.items()}
        params = read_body(body, headers) if body else forms.decode(parts.query)
        return cls(method.upper(), parts.path, params, headers)

    def check(self):
        """Refuse a missing or live key, and any API version but the SDK's."""
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        if not key.startswith(("sk_test_", "rk_test_")):
            raise InvalidParams(401, "Invalid API Key provided: the simulator takes test keys only.")
        version = self.headers.get("stripe-version", stripe.api_version)
        if version != stripe.api_version:
            raise InvalidParams(400, f"The simulator only speaks {stripe.api_version}.")

    @property
    def version(self):
        return self.path.split("/")[1]

    @property
    def is_json(self):
        return self.version == "v2" and self.method == "POST"

    @property
    def key(self):
        return self.headers.get("idempotency-key") if self.method != "GET" else None

    @property
    def account(self):
        """The connected account in whose name the call is made, or None for the platform itself."""
        return self.headers.get("stripe-account")

    @property
    def key_lifetime(self):
        """In seconds."""
        return KEY_LIFETIMES.get(self.version, KEY_LIFETIMES["v1"]).total_seconds()

    @property
    def fingerprint(self):
        wording = json.dumps([self.method, self.path, self.params], sort_keys=True)
        return hashlib.sha256(wording.encode()).hexdigest()

    def keeps(self, response):
        """v1 keeps whatever an endpoint answered, 500s included; v2 runs a failed request again."""
        return bool(self.key) and (self.version == "v1" or response.status < 400)


def read_body(body, headers):
    text = body.decode() if isinstance(body, bytes) else body
    if not headers.get("content-type", "").startswith("application/json"):
        return forms.decode(text)
    try:
        return json.loads(text)
    except ValueError:
        return {"": text}  # refused later as an unknown parameter
