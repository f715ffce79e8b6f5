"""The simulator's memory: plain JSON values, kept in one file when it is given a path."""

import json
import os
import secrets
from datetime import timedelta
from itertools import takewhile
from pathlib import Path

EVENTS_KEPT = timedelta(days=30)  # https://docs.stripe.com/api/events
# The fields objects are looked up by. They are set before `add`, which is called again when one changes.
INDEXED = (
    "charge",
    "customer",
    "destination",
    "payment_intent",
    "setup_intent",
    "source_transaction",
    "transfer",
    "transfer_group",
)


class Book:
    """Objects by kind and id, and what Stripe keeps to itself: card numbers, answers, faults, webhooks to send."""

    def __init__(self, path=None):
        self.path = Path(path) if path else None
        self.changed = False
        self.objects = {}
        self.index = {}
        self.private = {}
        self.answers = {}
        self.faults = []
        self.outbox = []
        self.load()

    def add(self, thing):
        self.changed = True
        self.objects.setdefault(thing["object"], {})[thing["id"]] = thing
        self.note(thing)
        return thing

    def note(self, thing):
        for name in INDEXED:
            if name in thing:
                self.index.setdefault((thing["object"], name, thing[name]), {})[thing["id"]] = thing

    def get(self, kind, identifier):
        return self.objects.get(kind, {}).get(identifier)

    def find(self, identifier):
        """The object with this id, whatever its kind, or None."""
        return next((table[identifier] for table in self.objects.values() if identifier in table), None)

    def every(self, kind, **fields):
        """The objects of a kind whose fields have these values, oldest first."""
        things = self.candidates(kind, fields)
        for name, value in fields.items():
            things = [thing for thing in things if thing.get(name) == value]
        return list(things)

    def candidates(self, kind, fields):
        """Fewer objects than all of the kind when a field is indexed; one whose field has changed is still there."""
        tables = [self.index.get((kind, name, fields[name]), {}) for name in INDEXED if name in fields]
        return min(tables or [self.objects.get(kind, {})], key=len).values()

    def forget_old(self, now):
        """Drop events after 30 days, as Stripe does."""
        oldest = (now - EVENTS_KEPT).timestamp()
        events = self.objects.get("event", {})
        for event in list(takewhile(lambda event: event["created"] < oldest, events.values())):
            del events[event["id"]]

    # The file

    def load(self):
        if self.path and self.path.exists():
            self.__dict__.update(json.loads(self.path.read_text(encoding="utf-8")))
            for table in self.objects.values():
                for thing in table.values():
                    self.note(thing)

    def save(self):
        """Write the book in one move, so that a crash leaves the old one or the new one."""
        if not (self.path and self.changed):
            return
        draft = self.path.with_name(f"{self.path.name}.draft")
        draft.write_text(json.dumps(self.contents()), encoding="utf-8")
        os.replace(draft, self.path)
        self.changed = False

    def contents(self):
        return {name: getattr(self, name) for name in ("objects", "private", "answers", "faults", "outbox")}


def new_id(prefix):
    return f"{prefix}_{secrets.token_hex(12)}"
