"""The demo: every process of the site under one supervisor, that starts, watches and stops them all.

`python -m marketplace.supervisor` runs the demo; `python -m marketplace.supervisor manage …` runs a management
command against the demo that runs already. Django lives in the children only.
"""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from celery import Celery

from marketplace import embedded
from marketplace.processes import Child, stop_all, wait_until

MANAGE = [sys.executable, embedded.BASE_DIR / "manage.py"]
WEBHOOK_SECRET = "whsec_demo"  # noqa: S105
THIN_WEBHOOK_SECRET = "whsec_demo_thin"  # noqa: S105
DEFAULT_PORT = "8000"


class Interrupted(BaseException):
    """Ctrl-C, or a signal that asks us to stop; not an Exception, so that nothing swallows it."""


class DemoError(embedded.EmbeddedError):
    pass


def main(arguments):
    os.chdir(embedded.BASE_DIR)
    os.umask(0o077)  # the logs and the site's files are for our account alone
    try:
        if arguments[:1] == ["manage"]:
            manage(arguments[1:])
        with interruptions():
            run_demo(read_port())
    except embedded.EmbeddedError as error:
        sys.exit(f"{error}")
    except Interrupted:
        say("La démonstration est arrêtée.")


def manage(arguments):
    """Become the management command, with the variables of the running demo."""
    environ = os.environ | embedded.published_environ("demo")
    os.execve(sys.executable, [*MANAGE, *arguments], environ)  # noqa: S606


def run_demo(port):
    os.environ |= dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    say("Démarrage de PostgreSQL et de Valkey…")
    with embedded.start("demo") as servers:
        refuse_busy(port)
        demo = Demo(servers, port)
        try:
            demo.start()
            demo.watch()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            stop_all(demo.children)


class Demo:
    def __init__(self, servers, port):
        self.servers = servers
        self.folder = servers.folder
        self.port = port
        self.site_url = f"http://127.0.0.1:{port}"
        self.simulator_port = remembered_port(self.folder / "simulator.port")
        self.environ = os.environ | servers.environ | self.variables()
        self.children = []

    def variables(self):
        site = self.folder / "site"
        site.mkdir(mode=0o700, exist_ok=True)
        return {
            "MODE": "demo",
            "DJANGO_SETTINGS_MODULE": "marketplace.settings",
            "SITE_URL": self.site_url,
            "DATA_DIR": str(site),
            "CLOCK_FILE": str(self.folder / "clock"),
            "STRIPE_API_BASE": f"http://127.0.0.1:{self.simulator_port}",
            "STRIPE_SECRET_KEY": "sk_test_simulator",
            "STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRET,
            "STRIPE_THIN_WEBHOOK_SECRETS": THIN_WEBHOOK_SECRET,
            "PYTHONUNBUFFERED": "1",
        }

    def start(self):
        """Start the rest in the order in which each needs the others, then say so."""
        self.spawn("simulateur-stripe", self.simulator())
        self.wait_for("simulateur-stripe", lambda: answers(self.simulator_port))
        self.run("prepare_demo")
        say("Démarrage du site, des tâches de fond et de leur horloge…")
        self.spawn("taches", self.worker("celery", 2))
        self.spawn("calendriers", self.worker("calendars", 1))
        self.spawn("horloge-des-taches", self.celery("beat", "--schedule", self.folder / "beat"))
        self.spawn("site", self.gunicorn())
        self.wait_for("site", lambda: answers_ok(self.site_url))
        self.wait_for("taches", lambda: workers_answer(self.servers.environ["REDIS_URL"], 2))
        self.servers.publish(self.servers.environ | self.variables())
        say(f"Ready: {self.site_url}/")
        self.run("describe_demo")
        say(f"Journaux : {self.folder}/*.log\nArrêter : Ctrl-C")

    def watch(self):
        """Sleep until a signal interrupts us or a process ends that should not."""
        while True:
            time.sleep(0.5)
            for child in self.children + self.servers.children:
                if not child.running:
                    raise DemoError(f"« {child.name} » s’est arrêté ; la raison est dans {child.log}")

    def spawn(self, name, command):
        self.children.append(Child(name, command, self.folder, environ=self.environ))

    def wait_for(self, name, ready):
        child = next(child for child in self.children if child.name == name)
        if not wait_until(ready, child=child):
            raise DemoError(f"« {name} » n’a pas démarré ; la raison est dans {child.log}")

    def run(self, command):
        """Run a management command to its end, its words going to the terminal."""
        child = Child(command, [*MANAGE, command], self.folder, environ=self.environ, log=False)
        self.children.append(child)
        if child.wait() != 0:
            raise DemoError(f"La commande {command} a échoué : la démonstration s’arrête.")
        self.children.remove(child)

    def simulator(self):
        webhook = f"{self.site_url}/stripe/webhook/"
        return [
            *(sys.executable, "-m", "payments.simulator"),
            *("--port", str(self.simulator_port), "--state", self.folder / "stripe.json"),
            *("--webhook-url", webhook, "--secret", WEBHOOK_SECRET),
            *("--thin-webhook-url", f"{webhook}comptes/", "--thin-secret", THIN_WEBHOOK_SECRET),
        ]

    def worker(self, queue, concurrency):
        names = ("--queues", queue, "--hostname", f"{queue}@%h")
        return self.celery("worker", *names, "--concurrency", f"{concurrency}", "--without-gossip", "--without-mingle")

    def celery(self, *arguments):
        return [sys.executable, "-m", "celery", "-A", "marketplace", *arguments, "--loglevel", "INFO"]

    def gunicorn(self):
        return [
            *(sys.executable, "-m", "gunicorn", "marketplace.wsgi", "--bind", f"127.0.0.1:{self.port}"),
            *("--worker-class", "gthread", "--threads", "8", "--graceful-timeout", "3", "--no-control-socket"),
        ]


@contextmanager
def interruptions():
    """Turn the signals that stop a program into Interrupted, so that every `finally` gets its turn."""

    def interrupt(number, frame):
        raise Interrupted

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    yield


def read_port():
    port = os.environ.get("PORT") or DEFAULT_PORT
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise DemoError(f"PORT={port} : un port est un nombre entre 1 et 65535.")
    return int(port)


def refuse_busy(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except PermissionError:
        raise DemoError(f"Le port {port} est réservé au système : make demo PORT=8001") from None
    except OSError:
        raise DemoError(f"Le port {port} est déjà utilisé : choisissez-en un autre, make demo PORT=8001") from None


def remembered_port(record):
    """A free port, the last one if possible: the pages that the simulator has handed out name it."""
    try:
        port = int(record.read_text())
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, ValueError):
        port = embedded.free_port()
        record.write_text(str(port))
    return port


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def answers_ok(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310
            return response.status == 200
    except (OSError, urllib.error.HTTPError):
        return False


def workers_answer(broker_url, number):
    with Celery(broker=broker_url) as celery:
        return len(celery.control.ping(timeout=1)) >= number


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
