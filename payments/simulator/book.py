"""The simulator's memory: plain JSON values, kept in one file when it is given a path."""

import json
import os
import secrets
from datetime import timedelta
from pathlib import Path

EVENTS_KEPT = timedelta(days=30)  # https://docs.stripe.com/api/events


class Book:
    """Objects by kind and id, and what Stripe keeps to itself: card numbers, answers, faults, webhooks to send."""

    def __init__(self, path=None):
        self.path = Path(path) if path else None
        self.changed = False
        self.objects = {}
        self.private = {}
        self.answers = {}
        self.faults = []
        self.outbox = []
        self.load()

    def add(self, thing):
        self.changed = True
        self.objects.setdefault(thing["object"], {})[thing["id"]] = thing
        return thing

    def get(self, kind, identifier):
        return self.objects.get(kind, {}).get(identifier)

    def find(self, identifier):
        """The object with this id, whatever its kind, or None."""
        return next((table[identifier] for table in self.objects.values() if identifier in table), None)

    def every(self, kind, **fields):
        """The objects of a kind whose fields have these values, oldest first."""
        things = self.objects.get(kind, {}).values()
        return [thing for thing in things if all(thing.get(name) == value for name, value in fields.items())]

    def forget_old(self, now):
        """Drop events after 30 days, as Stripe does."""
        oldest = (now - EVENTS_KEPT).timestamp()
        events = self.objects.get("event", {})
        for identifier in [key for key, event in events.items() if event["created"] < oldest]:
            del events[identifier]

    # The file

    def load(self):
        if self.path and self.path.exists():
            self.__dict__.update(json.loads(self.path.read_text(encoding="utf-8")))

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
