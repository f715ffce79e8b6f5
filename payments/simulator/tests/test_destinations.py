import pytest

from payments.simulator.engine import WEBHOOK_SECRETS
from payments.simulator.events import CAPABILITY_UPDATED
from payments.simulator.tests.test_webhooks import make_receiver  # noqa: F401

EVERYTHING = {"include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"]}


@pytest.mark.parametrize(("payload", "type"), [("snapshot", "customer.created"), ("thin", CAPABILITY_UPDATED)])
def test_the_secret_is_given_once_and_only_to_who_asks(shop, payload, type):
    assert shop.destination([type], payload=payload).webhook_endpoint.signing_secret is None
    created = shop.destination([type], payload=payload, **EVERYTHING)
    assert created.webhook_endpoint.signing_secret == WEBHOOK_SECRETS[payload]
    again = shop.v2.core.event_destinations.retrieve(created.id, EVERYTHING)
    assert (again.webhook_endpoint.signing_secret, again.webhook_endpoint.url) == (None, "http://site.test/webhook/")
    assert shop.v2.core.event_destinations.retrieve(created.id).webhook_endpoint.url is None


def test_only_events_that_a_destination_wants_are_delivered(shop, sim, receiver):
    shop.destination(["customer.updated"])
    shop.v1.customers.update(shop.customer().id, {"name": "Léa"})
    shop.account()
    sim.deliver_all(receiver)
    assert receiver.types[0] == "customer.updated"
    assert len(receiver.types) == 3  # thin events have no destination: all are sent
    assert shop.v1.events.list({"delivery_success": False}).data == []


def test_thin_events_are_filtered_too(shop, sim, receiver):
    shop.destination([CAPABILITY_UPDATED], payload="thin")
    shop.account()
    sim.deliver_all(receiver)
    assert receiver.types == [CAPABILITY_UPDATED]


def test_each_destination_gets_its_own(shop, sim):
    for url in ("http://one.test/", "http://two.test/"):
        shop.destination(["customer.created"], url=url)
    shop.customer()
    urls = []
    sim.webhooks.send_all(lambda delivery, body, headers: urls.append(sim.webhooks.url_of(delivery)) or 200)
    assert urls == ["http://one.test/", "http://two.test/"]


def test_a_destination_is_edited(shop, sim, clock):
    created = shop.destination(["customer.created"], metadata={"env": "demo", "old": "1"})
    clock.advance(hours=1)
    changes = {"enabled_events": ["customer.updated"], "webhook_endpoint": {"url": "http://new.test/"}}
    more = {"metadata": {"old": None}, "include": ["webhook_endpoint.url"]}
    edited = shop.v2.core.event_destinations.update(created.id, changes | more)
    assert (edited.enabled_events, edited.webhook_endpoint.url) == (["customer.updated"], "http://new.test/")
    assert (edited.metadata.to_dict(), edited.updated > created.updated) == ({"env": "demo"}, True)


def test_destinations_are_listed_page_by_page(shop):
    ids = [shop.destination(["customer.created"]).id for _ in range(3)]
    page = shop.v2.core.event_destinations.list({"limit": 2, "include": ["webhook_endpoint.url"]})
    assert [item.id for item in page.data] == ids[:0:-1]
    assert page.data[0].webhook_endpoint.url == "http://site.test/webhook/"
    assert [item.id for item in page.auto_paging_iter()] == ids[::-1]
