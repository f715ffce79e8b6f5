"""A real worker process, killed with SIGKILL while it talks to Stripe: nothing is lost, nothing is done twice."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction

from payments import actions, audit, tasks
from payments.models import Payment
from payments.simulator.server import SimulatorServer
from payments.tests.factories import fresh, make_ended_payment

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 30  # seconds, so that a test that cannot succeed fails instead of hanging
WORKER = "import sys, django; django.setup(); from payments.runner import run_payment; run_payment(int(sys.argv[1]))"


class StallingServer(SimulatorServer):
    """Serves the test's simulator; stops answering at one call, before or after it took effect."""

    def __init__(self, simulator, path, *, after):
        super().__init__(("127.0.0.1", 0), StallingSimulator(simulator, path, after=after))


class StallingSimulator:
    def __init__(self, simulator, path, *, after):
        self.simulator, self.path, self.after = simulator, path, after
        self.reached, self.go_on = threading.Event(), threading.Event()

    def request(self, method, url, headers, body=None):
        if method != "POST" or not url.endswith(self.path):
            return self.simulator.request(method, url, headers, body)
        answer = self.simulator.request(method, url, headers, body) if self.after else None
        self.reached.set()
        self.go_on.wait(PATIENCE)
        return answer or (500, {}, "{}")


@contextmanager
def stalling(simulator, path, *, after):
    server = StallingServer(simulator, path, after=after)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.simulator.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


def start_worker(payment, server, clock):
    """The worker in a process of its own, on the database and at the hour of the test."""
    database = connection.settings_dict
    address = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environ = os.environ | {
        "DATABASE_URL": f"postgresql://{database['USER']}:{database['PASSWORD']}@{address}",
        "STRIPE_API_BASE": server.url,
        "NO_PROXY": "127.0.0.1",
        "CLOCK_FILE": str(settings.DATA_DIR / "clock-of-the-killed"),
    }
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    (settings.DATA_DIR / "clock-of-the-killed").write_text(str(clock.offset().total_seconds()))
    return subprocess.Popen([sys.executable, "-c", WORKER, str(payment.pk)], env=environ, cwd=settings.BASE_DIR)


@pytest.mark.parametrize("after", [False, True], ids=["before_the_effect", "after_the_effect"])
@pytest.mark.parametrize("path", ["/capture", "/transfers"])
def test_a_worker_killed_while_it_pays_is_finished_by_the_sweep_once(simulator, clock, path, after):
    payment = make_ended_payment(simulator, clock)
    with transaction.atomic():
        actions.confirm(payment.mission, by=payment.mission.client.user)
        connection.run_on_commit.clear()  # or this very process would be the worker
    with stalling(simulator, path, after=after) as server:
        worker = start_worker(payment, server, clock)
        assert server.simulator.reached.wait(PATIENCE)
        worker.send_signal(signal.SIGKILL)
        assert worker.wait(PATIENCE) == -signal.SIGKILL
    for _sweep in range(2):
        clock.advance(timedelta(minutes=5))
        tasks.sweep_payments()

    payment = fresh(payment)
    assert payment.status == Payment.Status.RELEASED
    assert [charge["amount_captured"] for charge in simulator.book.every("charge")] == [payment.price.total_cents]
    transfers = [transfer["amount"] for transfer in simulator.book.every("transfer")]
    assert transfers == [payment.price.professional_cents]
    assert list(audit.differences()) == []
