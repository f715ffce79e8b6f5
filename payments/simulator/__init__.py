"""Stripe, offline: the objects, rules, hosted pages and webhooks this marketplace relies on.

Nothing here imports Django. In a test, give `SimulatorHTTPClient(simulator)` to `stripe.StripeClient` as its
`http_client`; in the demo, `python -m payments.simulator` serves the same engine over HTTP.
"""

from payments.simulator.client import SimulatorHTTPClient
from payments.simulator.engine import Simulator

__all__ = ["Simulator", "SimulatorHTTPClient"]
