"""People in a real Chromium, before the site's own server and Stripe's simulator, both over HTTP."""

import os
import threading

import pytest
from django.urls import reverse
from playwright.sync_api import expect, sync_playwright

from payments import gateway
from payments.simulator import Simulator
from payments.simulator.server import SimulatorServer

PATIENCE = 20_000  # milliseconds, for a machine that does much else meanwhile
# Without animations: Chromium reports as errors those between pages that it has to give up.
HABITS = {
    "locale": "fr-FR",
    "timezone_id": "Europe/Paris",
    "viewport": {"width": 1280, "height": 900},
    "reduced_motion": "reduce",
}
# Nothing here may leave this machine, Chromium's own requests included.
OFFLINE = [
    "--disable-domain-reliability",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="package")
def chromium():
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop in this thread, beside which Django would refuse the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=PATIENCE)
        chromium = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"] or None, args=OFFLINE)
        yield chromium
        chromium.close()


@pytest.fixture
def site(live_server, transactional_db, settings, tmp_path):
    """The address of the site, its uploads in a folder of their own."""
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": files, "private_files": files}
    settings.SITE_URL = live_server.url
    return live_server.url


@pytest.fixture
def stripe(site, settings):
    """The simulator, listening on a port of its own and posting its webhooks to the site."""
    simulator = Simulator()
    webhooks = {"snapshot": site + reverse("stripe:webhook"), "thin": site + reverse("stripe:webhook_thin")}
    server = SimulatorServer(("127.0.0.1", 0), simulator, webhooks)
    simulator.base_url = settings.STRIPE_API_BASE = server.url
    allow_forms_to(server.url, settings)
    gateway.client.cache_clear()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield simulator
    server.shutdown()
    server.server_close()
    thread.join()
    server.sender.join()
    gateway.client.cache_clear()


def allow_forms_to(origin, settings):
    """What STRIPE_API_BASE does to the policy when it is set before the site starts."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    form_action = [*directives["form-action"], origin]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | {"form-action": form_action}}


@pytest.fixture
def newcomer(chromium, site, stripe):
    """Gives a page to someone new, with no past; the test fails on anything their browser complains about."""
    contexts, troubles = [], []

    def come(**options):
        context = chromium.new_context(base_url=site, **HABITS, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watch(page, troubles)
        return page

    yield come
    for context in contexts:
        context.close()
    assert troubles == []


def watch(page, troubles):
    """Note errors in scripts and in the console (where breaches of the policy and missing files show)."""
    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    page.on("console", lambda said: said.type == "error" and troubles.append(f"{said.location['url']}: {said.text}"))
    page.on("response", lambda answer: answer.status >= 500 and troubles.append(f"{answer.url}: {answer.status}"))
