"""The simulator over HTTP, a development tool: the API, the hosted pages, the controls, and webhooks that go out."""

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import requests

from payments.simulator import control, site
from payments.simulator.errors import ConnectionBroken
from payments.simulator.pages import Page

LOOPBACK = {"127.0.0.1", "::1"}
LARGEST_BODY = 1_000_000  # bytes
HEARTBEAT = 0.5  # seconds between two looks at the clock and at the webhooks to send
NOBODY_LISTENS = 200
UNREACHABLE = 599

log = logging.getLogger(__name__)


class SimulatorServer(ThreadingHTTPServer):
    """Serves a Simulator, and posts its webhooks to `urls["snapshot"]` and `urls["thin"]`, or to their destinations."""

    daemon_threads = True

    def __init__(self, address, simulator, urls=None):
        super().__init__(address, Handler)
        self.simulator = simulator
        self.urls = urls or {}
        self.stopping = threading.Event()
        self.sender = threading.Thread(target=self.keep_sending, daemon=True)

    @property
    def url(self):
        return f"http://{self.server_address[0]}:{self.server_address[1]}"

    def serve_forever(self, poll_interval=0.1):
        self.sender.start()
        super().serve_forever(poll_interval)

    def shutdown(self):
        self.stopping.set()
        super().shutdown()

    def keep_sending(self):
        while not self.stopping.wait(HEARTBEAT):
            try:
                self.simulator.tick()
                self.simulator.webhooks.send_all(self.send)
            except Exception:
                log.exception("The simulator could not send its webhooks")

    def send(self, delivery, body, headers):
        url = self.simulator.webhooks.url_of(delivery) or self.urls.get(delivery["kind"])
        return self.post(url, body, headers) if url else NOBODY_LISTENS

    def post(self, url, body, headers):
        """Send one webhook; the status of the answer, or UNREACHABLE."""
        if self.stopping.is_set():
            return UNREACHABLE
        try:
            return requests.post(url, body.encode(), headers=headers, timeout=(3, 20)).status_code
        except requests.RequestException:
            return UNREACHABLE


class Handler(BaseHTTPRequestHandler):
    server_version = "StripeSimulator"
    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes: without this the second waits 40 ms for the first to be acknowledged.
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        try:
            status, headers, text = self.respond(self.read_body())
        except ConnectionBroken:
            self.close_connection = True
            return
        self.send(status, headers, text.encode())

    def respond(self, body):
        path = urlsplit(self.path).path
        if path.startswith(("/v1/", "/v2/")):
            return self.server.simulator.request(self.command, self.path, dict(self.headers), body)
        if path.startswith("/_controle/"):
            return self.control(path, body)
        return site.answer(self.server.simulator, self.command, path, dict(parse_qsl(body)))

    def control(self, path, body):
        """For this machine only; JSON only, which no form of another site can send."""
        is_json = self.headers.get("Content-Type", "").startswith("application/json")
        if self.command != "POST" or not is_json or self.client_address[0] not in LOOPBACK:
            return Page(403, {"Content-Type": "text/plain"}, "Controls are JSON posted from this machine.\n")
        return control.answer(self.server.simulator, path, body)

    def read_body(self):
        length = min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY)
        return self.rfile.read(length).decode("utf-8", "replace")

    def send(self, status, headers, content):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format, *args):
        log.debug(format, *args)
