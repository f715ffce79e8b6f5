"""The engine: reads a request as Stripe would, runs it once per idempotency key, answers in Stripe's shape."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

from payments.simulator import upkeep
from payments.simulator.book import Book, new_id
from payments.simulator.calls import Call, Response
from payments.simulator.errors import (
    ApiError,
    ConnectionBroken,
    InvalidParams,
    idempotency_error,
    missing,
    refuse_live_key,
)
from payments.simulator.faults import CALL_FAULTS, Faults
from payments.simulator.hosted import Hosted
from payments.simulator.rendering import render
from payments.simulator.routes import find_route
from payments.simulator.webhooks import Webhooks

WEBHOOK_SECRETS = {"snapshot": "whsec_simulator", "thin": "whsec_simulator_thin"}


def machine_clock():
    try:
        from marketplace import clock
    except ImportError:
        return datetime.now(UTC)
    return clock.now()


class Simulator:
    """A Stripe account that moves no money.

    `clock` returns an aware UTC datetime; `state` is the file the book is kept in, memory only when None; `secrets`
    signs the webhooks of each kind, snapshot and thin. Raises LiveKeyRefused.
    """

    def __init__(
        self,
        *,
        clock=machine_clock,
        state=None,
        base_url="http://127.0.0.1:12111",
        secrets=WEBHOOK_SECRETS,
        api_key=None,
    ):
        refuse_live_key(api_key)
        self.now = clock
        self.base_url = base_url
        self.lock, self.writers = threading.RLock(), 0
        self.book = Book(state)
        self.faults = Faults(self.book)
        self.webhooks = Webhooks(self, secrets)
        self.hosted = Hosted(self)
        self.request_id = self.idempotency_key = self.account = None
        self.ticked_at = None

    # Time

    def timestamp(self):
        return int(self.now().timestamp())

    def iso(self, delta=None):
        instant = self.now() + delta if delta else self.now()
        return instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def tick(self):
        """Let the clock act: holds and sessions expire, money becomes available."""
        with self.writing():
            self.ticked_at = self.timestamp()
            upkeep.run(self)

    def catch_up(self):
        """Tick, unless it was done this very second: nothing in the book is due by less."""
        if self.ticked_at != self.timestamp():
            self.tick()

    # Webhooks

    @property
    def outbox(self):
        """The deliveries waiting, in order."""
        return self.webhooks.pending

    def deliver_all(self, deliver):
        """See `Webhooks.deliver_all`: `deliver(kind, body, headers) -> status`."""
        return self.webhooks.deliver_all(deliver)

    # The book

    def get(self, kind, identifier, *, param="id"):
        """The object, or Stripe's 404."""
        thing = self.book.get(kind, identifier)
        if thing is None:
            raise missing(kind.rpartition(".")[2], identifier, param=param)
        return thing

    @contextmanager
    def writing(self):
        """One change at a time, written to the book's file before anyone hears of it."""
        with self.lock:
            self.writers += 1
            try:
                yield
            finally:
                self.writers -= 1
                if not self.writers:
                    self.book.save()

    # Requests

    def request(self, method, url, headers, body=None):
        """Answer one HTTP request. Raises ConnectionBroken when a fault wants the caller to hear nothing."""
        call = Call.read(method, url, headers, body)
        with self.writing(), self.identified(call):
            self.catch_up()
            try:
                return self.answer(call)
            except ApiError as error:
                return self.respond(call, error.status, error.body)

    @contextmanager
    def identified(self, call):
        """Let the events of this request name it, and its handler know for whom it is made."""
        self.request_id, self.idempotency_key, self.account = new_id("req"), call.key, call.account
        try:
            yield
        finally:
            self.request_id = self.idempotency_key = self.account = None

    def answer(self, call):
        call.check()
        route, identifiers = find_route(call)
        self.check_account()
        fault = self.faults.take(CALL_FAULTS, route.name) or {"kind": None}
        fail_before(fault)
        response = self.replay(call) or self.run(call, route, identifiers, fault)
        return spoilt(response, fault)

    def check_account(self):
        account = self.account and self.book.get("v2.core.account", self.account)
        if self.account and (account is None or account["closed"]):
            message = f"The provided key does not have access to account '{self.account}' (or it does not exist)."
            raise InvalidParams(403, message, code="account_invalid")

    def run(self, call, route, identifiers, fault):
        params = route.read(call)
        try:
            if fault["kind"] == "server_error":
                raise ApiError(500, "An unknown error occurred.", type="api_error")
            thing = route.handler(self, params, *identifiers)
            response = self.respond(call, 200, render(self.book, thing, params.get("expand", [])))
        except InvalidParams:
            raise
        except ApiError as error:
            response = self.respond(call, error.status, error.body)
        self.keep(call, response)
        return response

    def respond(self, call, status, body):
        headers = {"Content-Type": "application/json", "Request-Id": self.request_id}
        if call.key:
            headers["Idempotency-Key"] = call.key
        if status == 500:
            headers["Stripe-Should-Retry"] = "false"
        return Response(status, headers, json.dumps(body))

    # Idempotency

    def keep(self, call, response):
        if call.keeps(response):
            self.book.changed = True
            kept = {"fingerprint": call.fingerprint, "until": self.timestamp() + call.key_lifetime}
            self.book.answers[call.key] = kept | {"response": list(response)}

    def replay(self, call):
        """The answer kept under the call's idempotency key, or None."""
        kept = self.book.answers.get(call.key)
        if kept is None or kept["until"] <= self.timestamp():
            return None
        if kept["fingerprint"] != call.fingerprint:
            raise idempotency_error(call.key)
        status, headers, body = kept["response"]
        return Response(status, headers | {"Idempotent-Replayed": "true"}, body)


REFUSED_BEFORE = {
    "rate_limit": (429, "Too many requests.", {"code": "rate_limit"}),
    "bad_gateway": (502, "Bad gateway.", {"type": "api_error"}),
    "expire_key": (401, "Expired API Key provided.", {"code": "api_key_expired"}),
    "forbid": (400, "Your account cannot currently make live charges.", {}),
}


def fail_before(fault):
    if fault["kind"] == "refuse_connection":
        raise ConnectionBroken("Connection refused.")
    if fault["kind"] in REFUSED_BEFORE:
        status, message, details = REFUSED_BEFORE[fault["kind"]]
        raise ApiError(status, message, **details)


def spoilt(response, fault):
    """The answer as it arrives, after what the call did. Raises ConnectionBroken when it does not."""
    if fault["kind"] == "lose_answer":
        raise ConnectionBroken("The answer was lost.")
    if fault["kind"] == "half_answer":
        return response._replace(body=response.body[: len(response.body) // 2])
    return response
