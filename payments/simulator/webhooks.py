"""Webhooks: signed, retried for three days, and able to get lost, doubled, late or out of order on demand."""

import json
from datetime import timedelta
from itertools import takewhile

import stripe

from payments.simulator import destinations, events
from payments.simulator.book import new_id
from payments.simulator.faults import WEBHOOK_FAULTS

FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
ACCEPTED = range(200, 300)


class Webhooks:
    """The deliveries to make. `secrets` signs each kind: `{"snapshot": "whsec_…", "thin": "whsec_…"}`."""

    def __init__(self, sim, secrets):
        self.sim = sim
        self.secrets = secrets

    @property
    def pending(self):
        return self.sim.book.outbox

    def queue(self, event, *, kind):
        wanting = destinations.destinations_of(self.sim, event, kind)
        if wanting:
            self.queue_for(wanting, event, kind)
        elif kind == "snapshot":
            event["pending_webhooks"] = 0

    def queue_for(self, wanting, event, kind):
        fault = self.sim.faults.take(WEBHOOK_FAULTS, event["type"]) or {"kind": None}
        held = self.take_held()
        for destination in wanting * copies(fault):
            self.pending.append(self.delivery(event, kind, fault) | {"destination": destination})
        self.pending.extend(held)

    def take_held(self):
        """The deliveries that waited for the next one: the last of all, taken off the queue."""
        held = list(takewhile(lambda delivery: delivery.pop("held", False), reversed(self.pending)))[::-1]
        del self.pending[len(self.pending) - len(held) :]
        return held

    def delivery(self, event, kind, fault):
        now = self.sim.now().timestamp()
        return {
            "id": new_id("dlv"),
            "event": event["id"],
            "kind": kind,
            "queued": now,
            "due": now + fault.get("seconds", 0),
            "attempts": 0,
            "held": fault["kind"] == "reorder",
        }

    def due(self):
        """What to send now, in order. A delivery held to be out of order waits for the next event."""
        now = self.sim.now().timestamp()
        with self.sim.lock:
            return [delivery for delivery in self.pending if delivery["due"] <= now and not delivery.get("held")]

    def deliver_all(self, deliver):
        """Call `deliver(kind, body, headers) -> status` once for each delivery due; return how many were accepted.

        What `deliver` causes is delivered too. A refused delivery stays, for a later call.
        """
        return self.send_all(lambda delivery, body, headers: deliver(delivery["kind"], body, headers))

    def send_all(self, send):
        """The same for `send(delivery, body, headers) -> status`, which can ask for the delivery's `url_of`."""
        tried, accepted = set(), 0
        while batch := [delivery for delivery in self.due() if delivery["id"] not in tried]:
            tried |= {delivery["id"] for delivery in batch}
            accepted += sum(self.attempt(delivery, send) for delivery in batch)
        return accepted

    def url_of(self, delivery):
        """Where its destination wants it, or None for the default address."""
        return destinations.url_of(self.sim, delivery.get("destination"))

    def attempt(self, delivery, send):
        if self.event_of(delivery) is None:  # forgotten since the delivery was chosen
            return False
        body, headers = self.signed(delivery)
        accepted = send(delivery, body, headers) in ACCEPTED
        with self.sim.writing():
            self.sim.book.changed = True
            self.note(delivery, accepted)
        return accepted

    def note(self, delivery, accepted):
        delivery["attempts"] += 1
        wait = min(FIRST_RETRY * 2 ** (delivery["attempts"] - 1), LONGEST_RETRY)
        delivery["due"] = self.sim.now().timestamp() + wait.total_seconds()
        expired = delivery["due"] - delivery["queued"] > GIVEN_UP_AFTER.total_seconds()
        if (accepted or expired) and delivery in self.pending:
            self.pending.remove(delivery)
        event = self.event_of(delivery)
        if accepted and event and delivery["kind"] == "snapshot":
            event["pending_webhooks"] = 0

    def signed(self, delivery):
        """Body and headers. The signature bears the machine's time: the receiver's SDK compares it with its own."""
        with self.sim.lock:
            event = dict(self.event_of(delivery))
        body = json.dumps(events.notification(event) if delivery["kind"] == "thin" else event)
        signature = stripe.WebhookSignature.generate_signature_header(body, self.secrets[delivery["kind"]])
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
        return body, headers

    def event_of(self, delivery):
        return self.sim.book.find(delivery["event"])


def copies(fault):
    return {"drop": 0, "duplicate": 2}.get(fault["kind"], 1)
