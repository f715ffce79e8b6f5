"""The simulator as the SDK's HTTP client: the whole SDK runs, no socket is opened."""

import stripe
from requests.structures import CaseInsensitiveDict

from payments.simulator.errors import ConnectionBroken, refuse_live_key


class SimulatorHTTPClient(stripe.HTTPClient):
    """`stripe.StripeClient("sk_test_…", http_client=SimulatorHTTPClient(simulator))`."""

    name = "simulator"

    def __init__(self, simulator):
        super().__init__()
        self.simulator = simulator

    def request(self, method, url, headers, post_data=None, *, _usage=None):
        refuse_live_key((headers or {}).get("Authorization", "").removeprefix("Bearer "))
        try:
            status, answer_headers, body = self.simulator.request(method, url, headers or {}, post_data)
        except ConnectionBroken as broken:
            raise stripe.APIConnectionError(str(broken), should_retry=True) from broken
        return body, status, CaseInsensitiveDict(answer_headers)

    def close(self):
        """Nothing is open."""
