import pytest

from payments import gateway
from payments.simulator import Simulator, SimulatorHTTPClient


@pytest.fixture
def simulator(monkeypatch):
    """Stripe, in process: what the site says to Stripe, the simulator hears."""
    simulator = Simulator()
    client = gateway.connect(SimulatorHTTPClient(simulator))
    monkeypatch.setattr(gateway, "client", lambda: client)
    return simulator
