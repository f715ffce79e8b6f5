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
        self.written = {}  # the JSON of the kinds nobody asked for since they were written
        self.private = {}
        self.answers = {}
        self.faults = []
        self.outbox = []
        self.load()

    def add(self, thing):
        self.changed = True
        self.table(thing["object"])[thing["id"]] = thing
        self.note(thing)
        return thing

    def table(self, kind):
        """The objects of a kind by id, for someone who may change them."""
        self.written.pop(kind, None)
        return self.objects.setdefault(kind, {})

    def note(self, thing):
        for name in INDEXED:
            if name in thing:
                self.index.setdefault((thing["object"], name, thing[name]), {})[thing["id"]] = thing

    def get(self, kind, identifier):
        return self.table(kind).get(identifier)

    def find(self, identifier):
        """The object with this id, whatever its kind, or None."""
        kind = next((kind for kind, table in self.objects.items() if identifier in table), None)
        return self.get(kind, identifier) if kind else None

    def every(self, kind, **fields):
        """The objects of a kind whose fields have these values, oldest first."""
        things = self.candidates(kind, fields)
        for name, value in fields.items():
            things = [thing for thing in things if thing.get(name) == value]
        return list(things)

    def candidates(self, kind, fields):
        """Fewer objects than all of the kind when a field is indexed; one whose field has changed is still there."""
        tables = [self.index.get((kind, name, fields[name]), {}) for name in INDEXED if name in fields]
        return min([self.table(kind), *tables], key=len).values()

    def forget_old(self, now):
        """Drop events after 30 days, as Stripe does; nothing is left to deliver about them."""
        oldest = (now - EVENTS_KEPT).timestamp()
        events = self.table("event")
        old = {event["id"] for event in takewhile(lambda event: event["created"] < oldest, events.values())}
        if old:
            self.changed = True
            self.objects["event"] = {name: event for name, event in events.items() if name not in old}
            self.outbox[:] = [delivery for delivery in self.outbox if delivery["event"] not in old]

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
        draft.write_text(self.as_json(), encoding="utf-8")
        os.replace(draft, self.path)
        self.changed = False

    def as_json(self):
        """Most of the book is kinds that a given call leaves alone: their text is kept from one time to the next."""
        for kind in self.objects.keys() - self.written.keys():
            self.written[kind] = json.dumps(self.objects[kind])
        objects = ", ".join(f"{json.dumps(kind)}: {text}" for kind, text in self.written.items())
        rest = {name: part for name, part in self.contents().items() if name != "objects"}
        return f'{{"objects": {{{objects}}}, {json.dumps(rest)[1:]}'

    def contents(self):
        return {name: getattr(self, name) for name in ("objects", "private", "answers", "faults", "outbox")}


def new_id(prefix):
    return f"{prefix}_{secrets.token_hex(12)}"
