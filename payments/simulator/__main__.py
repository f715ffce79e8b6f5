"""python -m payments.simulator --port 12111 --state var/stripe.json --webhook-url http://127.0.0.1:8000/stripe/webhook/"""

import argparse
import os
import signal
import sys
import threading

from payments.simulator.engine import WEBHOOK_SECRETS, Simulator
from payments.simulator.errors import LiveKeyRefused
from payments.simulator.server import SimulatorServer


def main(arguments=None):
    options = read_options(arguments)
    try:
        server = make_server(options)
    except LiveKeyRefused as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The simulator cannot listen on port {options.port}: {error.strerror}.")
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"Stripe simulator: {server.simulator.base_url}/livre/", flush=True)
    server.serve_forever()
    server.server_close()


def read_options(arguments):
    parser = argparse.ArgumentParser(prog="python -m payments.simulator", description="Stripe, offline.")
    parser.add_argument("--port", type=int, default=12111, help="0 picks a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--public-url", help="the address browsers use, when it is not http://HOST:PORT")
    parser.add_argument("--state", help="file that keeps the book from one run to the next")
    parser.add_argument("--webhook-url", help="where snapshot events are posted")
    parser.add_argument("--thin-webhook-url", help="where thin events are posted")
    parser.add_argument("--secret", default=WEBHOOK_SECRETS["snapshot"], help="signs snapshot events")
    parser.add_argument("--thin-secret", default=WEBHOOK_SECRETS["thin"], help="signs thin events")
    parser.add_argument("--api-key", default=os.environ.get("STRIPE_SECRET_KEY"), help="refused when it is a live key")
    return parser.parse_args(arguments)


def make_server(options):
    secrets = {"snapshot": options.secret, "thin": options.thin_secret}
    simulator = Simulator(state=options.state, secrets=secrets, api_key=options.api_key)
    urls = {"snapshot": options.webhook_url, "thin": options.thin_webhook_url}
    server = SimulatorServer((options.host, options.port), simulator, urls)
    simulator.base_url = options.public_url or server.url
    return server


if __name__ == "__main__":
    main()
