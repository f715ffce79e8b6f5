"""A process that can be killed while it talks to Stripe."""

from payments.simulator import SimulatorHTTPClient
from payments.simulator.calls import Call
from payments.simulator.routes import find_route


class Death(BaseException):
    """The process is gone: nothing of ours may catch this."""


class MortalClient(SimulatorHTTPClient):
    """The simulator as heard by a process that dies at its next call to a route, "before" or "after" Stripe acts.

    "failing" does not kill it: Stripe acts, then answers that it failed.
    """

    def __init__(self, simulator):
        super().__init__(simulator)
        self.deaths = {}

    def die(self, moment, *, on):
        self.deaths[on] = moment

    def request(self, method, url, headers, post_data=None, *, _usage=None):
        route, _identifiers = find_route(Call.read(method, url, headers, None))
        moment = self.deaths.pop(route.name, None)
        if moment == "before":
            raise Death
        answer = super().request(method, url, headers, post_data)
        if moment == "after":
            raise Death
        return ('{"error": {"type": "api_error"}}', 500, {}) if moment == "failing" else answer
