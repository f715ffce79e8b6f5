"""Things that go wrong on demand, each once or `times` times.

`on` is a route (`payment_intents.capture`), an event type, or the start of one followed by `*`.
"""

from payments.simulator.errors import invalid

CALL_FAULTS = {
    "refuse_connection",  # nothing happens, nothing is heard
    "bad_gateway",  # nothing happens, 502
    "rate_limit",  # nothing happens, 429
    "expire_key",  # nothing happens, 401
    "forbid",  # nothing happens, 400: not a bank's refusal
    "server_error",  # nothing happens, 500, kept under the idempotency key
    "lose_answer",  # it happens, nothing is heard
    "half_answer",  # it happens, the answer is cut in the middle
}
WEBHOOK_FAULTS = {
    "drop",  # never sent
    "duplicate",  # sent twice
    "delay",  # sent `seconds` later
    "reorder",  # sent after the event that follows it
}
CARD_FAULTS = {"authentication_required"}  # the next off-session payment needs its holder
FAULTS = CALL_FAULTS | WEBHOOK_FAULTS | CARD_FAULTS


class Faults:
    def __init__(self, book):
        self.book = book

    def add(self, kind, *, on="*", times=1, **details):
        """Programme a fault: see CALL_FAULTS, WEBHOOK_FAULTS and CARD_FAULTS for `kind`."""
        if kind not in FAULTS:
            raise invalid(f"Unknown fault: {kind}", param="kind")
        self.book.changed = True
        self.book.faults.append({"kind": kind, "on": on, "times": times, **details})

    def clear(self):
        self.book.changed = True
        self.book.faults.clear()

    def take(self, kinds, name):
        """The first fault of these kinds programmed for `name`, used up; None when there is none."""
        fault = next((f for f in self.book.faults if f["kind"] in kinds and matches(f["on"], name)), None)
        if fault:
            self.use(fault)
        return fault

    def use(self, fault):
        self.book.changed = True
        fault["times"] -= 1
        if fault["times"] <= 0:
            self.book.faults.remove(fault)


def matches(pattern, name):
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == name
