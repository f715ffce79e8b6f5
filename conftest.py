"""Real servers for the tests, started once per run and before Django reads its settings."""

import atexit
import os
import shutil

import django
import pytest

from marketplace import embedded

if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
    # The workers of pytest-xdist inherit these variables, so only their parent comes here.
    servers = embedded.start_free("test")
    atexit.register(servers.stop)
    os.environ |= servers.environ
    os.environ["DATA_DIR"] = str(servers.folder / "site")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
os.environ.setdefault("CHROMIUM", next(filter(None, map(shutil.which, BROWSERS)), ""))  # empty: Playwright's own
os.environ["MODE"] = "test"
os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
django.setup()


@pytest.fixture(autouse=True)
def french():
    """Each test starts in French, whatever language the last one read the site in."""
    from django.utils import translation

    with translation.override("fr"):
        yield


@pytest.fixture
def clock():
    """The site's clock: clock.set(instant) and clock.advance(timedelta), put right again after the test."""
    from marketplace import clock

    yield clock
    clock.reset()


@pytest.fixture
def simulator(monkeypatch):
    """Stripe, in process: what the site says to Stripe, the simulator hears."""
    from payments import gateway
    from payments.simulator import Simulator, SimulatorHTTPClient

    simulator = Simulator()
    client = gateway.connect(SimulatorHTTPClient(simulator), retries=0)  # the SDK sleeps between two
    monkeypatch.setattr(gateway, "client", lambda: client)
    return simulator
