import json
import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import pytest
import requests
import stripe

from payments.simulator.__main__ import make_server, read_options
from payments.simulator.server import UNREACHABLE
from payments.simulator.tests.conftest import CONNECTED, Shop
from payments.simulator.tests.serving import serving


class Inbox(HTTPServer):
    """A site that accepts every webhook."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), InboxHandler)
        self.received = Queue()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/"


class InboxHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.put((body, self.headers["Stripe-Signature"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format, *args):
        pass


@pytest.fixture(name="inbox")
def make_inbox():
    with serving(Inbox()) as inbox:
        yield inbox


@pytest.fixture(name="server")
def make_simulator_server(tmp_path, inbox):
    state = str(tmp_path / "stripe.json")
    options = ["--port", "0", "--state", state, "--webhook-url", inbox.url, "--secret", "whsec_a", "--api-key", ""]
    with serving(make_server(read_options(options))) as server:
        yield server


@pytest.fixture(name="shop")
def make_shop(server):
    with requests.Session() as session:
        addresses = {"api": server.url}
        http_client = stripe.RequestsClient(timeout=(3, 20), session=session)
        client = stripe.StripeClient("sk_test_1", base_addresses=addresses, http_client=http_client)
        yield Shop(server.simulator, client)


@pytest.fixture(name="browser")
def make_browser():
    with requests.Session() as browser:
        yield browser


def action(server, path, **body):
    answer = requests.post(f"{server.url}/_controle/{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_client_pays_with_3d_secure_in_a_browser(shop, server, browser):
    session = shop.payment_session()
    page = browser.get(session.url).text
    assert "Simulateur – aucun argent réel" in page
    assert "Numéro de carte" in page
    assert "Payer 574,08\u00a0€" in page
    page = browser.post(session.url, {"number": "4000 0027 6000 3184"})
    assert ("Authentifier" in page.text, "Refuser" in page.text) == (True, True)
    answer = browser.post(page.url, {"answer": "accept"}, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"http://site.test/paiement/retour/?session_id={session.id}",
    )
    assert browser.get(session.url, allow_redirects=False).headers["Location"] == answer.headers["Location"]


def test_a_refused_card_is_told_in_french(shop, browser):
    session = shop.payment_session()
    page = browser.post(session.url, {"test_card": "4000000000009995"})
    assert "Provision insuffisante" in page.text
    assert browser.post(session.url, {"number": "1234"}).status_code == 422
    assert browser.post(session.url, {}).status_code == 200


def test_a_card_is_saved_in_a_browser(shop, browser):
    session = shop.setup_session(shop.customer())
    assert "Enregistrer la carte" in browser.get(session.url).text
    answer = browser.post(session.url, {"test_card": "4242424242424242"}, allow_redirects=False)
    assert answer.headers["Location"].endswith(session.id)


def test_an_expired_page_says_so(shop, browser):
    session = shop.payment_session()
    shop.v1.checkout.sessions.expire(session.id)
    page = browser.get(session.url)
    assert (page.status_code, "Cette page de paiement a expiré" in page.text) == (410, True)


def test_a_professional_is_onboarded_in_a_browser(shop, browser):
    account = shop.account(active=False)
    link = shop.account_link(account)
    assert "Vigie Rhône" in browser.get(link.url).text
    assert browser.get(link.url, allow_redirects=False).headers["Location"] == "http://site.test/refaire/"
    answer = browser.post(link.url, {"answer": "complete"}, allow_redirects=False)
    assert answer.headers["Location"] == "http://site.test/pro/paiements/"
    express = shop.v1.accounts.login_links.create(account.id)
    assert "Les virements sont actifs." in browser.get(express.url).text


def test_the_book_shows_captures_and_transfers(shop, server, browser):
    intent = shop.capture()
    transfer = shop.transfer(intent.latest_charge.id, shop.account(), 50000)
    page = browser.get(f"{server.url}/livre/").text
    row = re.search(rf"<tr><td>{intent.id}</td>.*?</tr>", page).group()
    assert ("574,08\u00a0€" in row, "succeeded" in row) == (True, True)
    row = re.search(rf"<tr><td>{transfer.id}</td>.*?</tr>", page).group()
    assert "500,00\u00a0€" in row


def test_what_is_put_in_a_page_is_escaped(shop, server, browser):
    shop.v2.core.accounts.create(CONNECTED | {"display_name": "<script>alert(1)</script>"})
    assert "<script>" not in browser.get(f"{server.url}/livre/").text


def test_webhooks_are_posted_and_signed(shop, inbox):
    shop.customer()
    body, signature = inbox.received.get(timeout=10)
    client = stripe.StripeClient("sk_test_1")
    assert client.construct_event(body, signature, "whsec_a").type == "customer.created"


def test_webhooks_go_to_the_destination_that_wants_them(shop, server, inbox):
    server.urls["snapshot"] = "http://127.0.0.1:9/"
    shop.destination(["customer.updated"], url=inbox.url)
    customer = shop.customer()
    shop.v1.customers.update(customer.id, {"name": "Léa"})
    body, _signature = inbox.received.get(timeout=10)
    assert json.loads(body)["type"] == "customer.updated"


def test_a_site_that_is_away_is_unreachable(server):
    assert server.post("http://127.0.0.1:9/", "{}", {}) == UNREACHABLE


def test_a_lost_answer_closes_the_connection(shop, server):
    action(server, "fault", kind="lose_answer", on="customers.create")
    with pytest.raises(stripe.APIConnectionError):
        shop.customer()
    assert len(server.simulator.book.every("customer")) == 1


def test_half_an_answer_is_not_json(shop, server):
    action(server, "fault", kind="half_answer", on="customers.create")
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        shop.customer()
    assert len(server.simulator.book.every("customer")) == 1


def test_the_controls(shop, server):
    charge = shop.capture().latest_charge.id
    account = shop.account()
    shop.transfer(charge, account, 1000)
    line = next(iter(server.simulator.book.every("balance_transaction", type="transfer")))
    line["status"] = "available"
    assert action(server, "payout", account=account.id)["amount"] == 1000
    refund = shop.v1.refunds.create({"charge": charge, "amount": 1000})
    assert action(server, "refund/fail", refund=refund.id)["status"] == "failed"
    dispute = action(server, "dispute", charge=charge, reason="fraudulent", inquiry=False)
    assert action(server, "dispute/submit", dispute=dispute["id"])["status"] == "under_review"
    assert action(server, "dispute/close", dispute=dispute["id"], won=True)["status"] == "won"
    action(server, "capability", account=account.id, status="restricted")
    action(server, "fault", kind="drop")
    action(server, "faults/clear")
    assert action(server, "book")["faults"] == []
    assert action(server, "tick")["now"].endswith("Z")


@pytest.mark.parametrize("body", ["[]", "{", '{"kind": "earthquake"}', "{}"])
def test_a_bad_control_is_refused(server, body):
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{server.url}/_controle/fault", body, headers=headers, timeout=10)
    assert answer.status_code == 400


def test_controls_are_not_for_forms(server):
    assert requests.post(f"{server.url}/_controle/tick", {"a": "1"}, timeout=10).status_code == 403
    assert requests.get(f"{server.url}/_controle/book", timeout=10).status_code == 403


def test_unknown_pages_and_the_stylesheet(server, browser):
    assert browser.get(f"{server.url}/rien/").status_code == 404
    assert browser.get(f"{server.url}/c/pay/cs_test_nothing").status_code == 404
    assert browser.get(f"{server.url}/onboarding/link_nothing").status_code == 404
    assert browser.get(f"{server.url}/simulator.css").headers["Content-Type"] == "text/css; charset=utf-8"
    assert browser.get(f"{server.url}/").url == f"{server.url}/livre/"


def test_a_live_key_stops_the_server_from_starting():
    with pytest.raises(ValueError, match="live keys"):
        make_server(read_options(["--port", "0", "--api-key", "sk_live_1"]))


def test_the_state_file_is_json(shop, tmp_path):
    shop.customer()
    assert "customer" in json.loads((tmp_path / "stripe.json").read_text())["objects"]
