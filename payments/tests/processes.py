"""The site in processes of its own, that can be killed, and servers that stop answering while it talks to them."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import dj_database_url
import redis
import requests
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from marketplace import embedded
from marketplace.celery import app
from marketplace.processes import Child, wait_until
from marketplace.supervisor import answers
from payments.simulator.server import SimulatorServer
from payments.simulator.tests.serving import serving

PATIENCE = 30  # seconds, so that a test that cannot succeed fails instead of hanging

# Loads the site once, then forks a worker for each line, as Celery does; says its number, and how it ended.
PARENT = """
import os, sys, django
django.setup()
from django.conf import settings
from payments.runner import run_payment
for line in sys.stdin:
    payment, settings.STRIPE_API_BASE = line.split()
    worker = os.fork()
    if not worker:
        run_payment(int(payment))
        os._exit(0)
    print(worker, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]), flush=True)
"""


@contextmanager
def without_hints():
    """Do what is done here as a process that dies right after its commit: no worker hears of it."""
    with transaction.atomic():
        yield
        connection.run_on_commit.clear()


def database_url():
    """Where the database of the test is."""
    database = connection.settings_dict
    address = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return f"postgresql://{database['USER']}:{database['PASSWORD']}@{address}"


def environ(clock_file, stripe_url):
    """The variables of a process on the database of the test, at the hour this file gives."""
    return os.environ | {
        "DATABASE_URL": database_url(),
        "STRIPE_API_BASE": stripe_url,
        "NO_PROXY": "127.0.0.1",
        "CLOCK_FILE": str(clock_file),
    }


def environ_of_demo(folder, broker_url, stripe_url="http://127.0.0.1"):
    """The same for a process that works as in production: a pool of connections, tasks left to the workers."""
    return environ(folder / "clock", stripe_url) | {"MODE": "demo", "REDIS_URL": broker_url, "DATA_DIR": str(folder)}


def tell_time(clock_file, clock):
    """Have the processes that read this file live at the hour of the test."""
    clock_file.write_text(str(clock.offset().total_seconds()))


class Workers:
    """Workers on the database and at the hour of the test: `clock_file` holds how far its clock is ahead."""

    def __init__(self, clock_file):
        self.clock_file = clock_file
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", PARENT]
        self.parent = subprocess.Popen(
            command, env=environ(clock_file, "http://127.0.0.1"), cwd=settings.BASE_DIR, **pipes
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.parent.communicate(timeout=PATIENCE)

    def start(self, payment, server, clock):
        """The number of a process that works on this payment, against the Stripe of this server."""
        tell_time(self.clock_file, clock)
        print(payment.pk, server.url, file=self.parent.stdin, flush=True)
        return int(self.parent.stdout.readline())

    def kill(self, worker):
        """Kill it at once; returns its exit code."""
        os.kill(worker, signal.SIGKILL)
        return int(self.parent.stdout.readline())


class StallingSimulator:
    """The test's simulator, that stops answering at one call, before or after it took effect."""

    def __init__(self, simulator, path, *, after):
        self.simulator, self.path, self.after = simulator, path, after
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __getattr__(self, name):
        return getattr(self.simulator, name)

    def request(self, method, url, headers, body=None):
        if method != "POST" or not url.endswith(self.path):
            return self.simulator.request(method, url, headers, body)
        answer = self.simulator.request(method, url, headers, body) if self.after else None
        self.reached.set()
        self.go_on.wait(PATIENCE)
        return answer or (500, {}, "{}")


@contextmanager
def stalling(simulator, path, *, after):
    """A server of that Stripe."""
    simulator = StallingSimulator(simulator, path, after=after)
    with stripe_over_http(simulator) as server:
        try:
            yield server
        finally:
            simulator.go_on.set()


def stripe_over_http(simulator):
    """A Stripe that other processes can reach."""
    return serving(SimulatorServer(("127.0.0.1", 0), simulator))


# The site's own processes, that do not linger when they are stopped


def celery_worker(folder, variables):
    """A worker started as docs/operations.md says."""
    command = [sys.executable, "-m", "celery", "-A", "marketplace", "worker", "--queues=celery", "--concurrency=1"]
    return Child("worker", command, folder, environ=variables, ending=signal.SIGQUIT)


class Web(Child):
    """The web process, started as docs/operations.md says."""

    def __init__(self, folder, variables):
        port = embedded.free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "gunicorn", "marketplace.wsgi", "--bind", f"127.0.0.1:{port}"]
        command += ["--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
        super().__init__("web", command, folder, environ=variables, ending=signal.SIGQUIT)
        assert wait_until(lambda: answers(port), child=self)

    def kill(self):
        """End it and its workers at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Browser(requests.Session):
    """Somebody signed in, who talks to a web process."""

    TOKEN = "x" * 32

    def __init__(self, user):
        super().__init__()
        self.trust_env = False  # no proxy
        entered = Client()
        entered.force_login(user)
        self.cookies.update({name: cookie.value for name, cookie in entered.cookies.items()})
        self.cookies[settings.CSRF_COOKIE_NAME] = self.TOKEN

    def submit(self, url):
        return self.post(url, {"csrfmiddlewaretoken": self.TOKEN}, allow_redirects=False, timeout=PATIENCE)


class Database:
    """A PostgreSQL of its own, with the tables of the test's, that can be restarted with what it holds."""

    def __init__(self, servers):
        self.servers = servers
        self.address = dj_database_url.parse(servers.environ["DATABASE_URL"])
        self.server = embedded.PostgreSQL(servers.folder, throwaway=False, options={})
        self.server.prepare()

    def copy_tables(self):
        dump = [self.server.bin / "pg_dump", "--no-owner", database_url()]
        psql = [self.server.bin / "psql", "--quiet", "--set=ON_ERROR_STOP=1", self.servers.environ["DATABASE_URL"]]
        tables = subprocess.run(dump, check=True, capture_output=True).stdout
        subprocess.run(psql, check=True, capture_output=True, input=tables)

    def restart(self):
        (running,) = self.servers.children
        running.stop()
        self.servers.children = [self.server.spawn(self.address["PORT"])]
        assert wait_until(lambda: self.server.answers(self.address["PORT"]), child=self.servers.children[0])
        connection.close()


class Broker:
    """A Redis that can be stopped, and started again without what it held."""

    def __init__(self, folder):
        self.server, self.port = embedded.Valkey(folder), embedded.free_port()
        self.server.prepare()
        self.address = self.server.address(self.port)
        self.start()

    def start(self):
        self.child = self.server.spawn(self.port)
        assert wait_until(lambda: self.server.answers(self.port), child=self.child)

    def stop(self):
        self.child.stop()

    def waiting(self):
        """How many messages nobody took, and how many were taken and not ended."""
        with redis.Redis.from_url(self.address) as client:
            return client.llen("celery"), client.hlen("unacked")


def publish_to(address, *, eager):
    """Have this very process publish its tasks there, or do them at once."""
    app.conf.update(broker_url=address, task_always_eager=eager)
    app.amqp._producer_pool = None
