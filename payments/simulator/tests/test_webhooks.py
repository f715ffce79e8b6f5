import pytest
import stripe

from payments.simulator.engine import WEBHOOK_SECRETS
from payments.simulator.events import CAPABILITY_UPDATED, REQUIREMENTS_UPDATED


class Receiver:
    """Keeps what it is given, read by the real SDK."""

    def __init__(self, client, status=200):
        self.client = client
        self.status = status
        self.received = []

    def __call__(self, kind, body, headers):
        read = {"snapshot": self.client.construct_event, "thin": self.client.parse_event_notification}[kind]
        self.received.append(read(body, headers["Stripe-Signature"], WEBHOOK_SECRETS[kind]))
        return self.status

    @property
    def types(self):
        return [event.type for event in self.received]


@pytest.fixture(name="receiver")
def make_receiver(stripe_client):
    return Receiver(stripe_client)


def test_snapshot_events_are_signed(shop, sim, receiver):
    hold = shop.hold()
    sim.deliver_all(receiver)
    events = {event.type: event for event in receiver.received}
    assert events["payment_intent.amount_capturable_updated"].data.object.id == hold.id
    assert sim.outbox == []


def test_thin_events_are_signed_and_lead_to_the_account(shop, sim, receiver):
    account = shop.account()
    sim.deliver_all(receiver)
    assert receiver.types == [REQUIREMENTS_UPDATED, CAPABILITY_UPDATED]
    assert receiver.received[1].fetch_related_object().id == account.id
    assert receiver.received[1].fetch_event().data.updated_capability == "stripe_balance.stripe_transfers"


def test_each_kind_refuses_the_other(shop, sim, stripe_client):
    shop.customer()
    shop.account()
    bodies = {}
    sim.deliver_all(lambda kind, body, headers: bodies.setdefault(kind, (body, headers["Stripe-Signature"])) and 200)
    with pytest.raises(ValueError, match="parse_event_notification"):
        stripe_client.construct_event(*bodies["thin"], WEBHOOK_SECRETS["thin"])
    with pytest.raises(ValueError, match="construct_event"):
        stripe_client.parse_event_notification(*bodies["snapshot"], WEBHOOK_SECRETS["snapshot"])
    with pytest.raises(stripe.SignatureVerificationError):
        stripe_client.construct_event(*bodies["snapshot"], WEBHOOK_SECRETS["thin"])


def test_a_refused_webhook_comes_back_later(shop, sim, receiver, clock):
    shop.customer()
    receiver.status = 500
    assert sim.deliver_all(receiver) == 0
    assert sim.deliver_all(receiver) == 0
    clock.advance(seconds=2)
    receiver.status = 200
    assert sim.deliver_all(receiver) == 1
    assert receiver.types == ["customer.created", "customer.created"]


def test_a_webhook_is_given_up_after_three_days(shop, sim, receiver, clock):
    shop.customer()
    receiver.status = 500
    clock.advance(days=3)
    sim.deliver_all(receiver)
    assert sim.outbox == []


def test_events_not_delivered_are_listed(shop, sim, receiver):
    shop.customer()
    sim.deliver_all(receiver)
    sim.faults.add("drop", on="charge.*")
    shop.hold()
    sim.deliver_all(receiver)
    missed = shop.v1.events.list({"delivery_success": False, "created": {"gte": sim.timestamp()}, "limit": 100})
    assert [event.type for event in missed.data] == ["charge.succeeded"]
    assert shop.v1.events.retrieve(missed.data[0].id).data.object.object == "charge"


def test_events_are_listed_by_type(shop):
    shop.hold()
    listed = shop.v1.events.list({"types": ["charge.succeeded", "checkout.session.completed"]})
    assert [event.type for event in listed.data] == ["checkout.session.completed", "charge.succeeded"]


def test_a_webhook_can_come_twice(shop, sim, receiver):
    sim.faults.add("duplicate", on="customer.created")
    shop.customer()
    sim.deliver_all(receiver)
    assert len({event.id for event in receiver.received}) == 1
    assert receiver.types == ["customer.created", "customer.created"]


def test_a_webhook_can_be_late(shop, sim, receiver, clock):
    sim.faults.add("delay", on="customer.created", seconds=60)
    shop.customer()
    assert sim.deliver_all(receiver) == 0
    clock.advance(seconds=60)
    assert sim.deliver_all(receiver) == 1


def test_webhooks_can_come_out_of_order(shop, sim, receiver):
    sim.faults.add("reorder", on="payment_intent.created")
    shop.hold()
    sim.deliver_all(receiver)
    assert receiver.types[:3] == ["customer.created", "charge.succeeded", "payment_intent.created"]


def test_events_are_forgotten_after_thirty_days(shop, clock):
    shop.customer()
    clock.advance(days=31)
    assert shop.v1.events.list().data == []


def test_a_webhook_about_a_forgotten_event_is_no_longer_sent(shop, sim, clock, receiver):
    shop.customer()
    clock.advance(days=31)
    sim.tick()
    assert sim.outbox == []
    assert sim.deliver_all(receiver) == 0


def test_an_event_forgotten_while_it_is_delivered_is_let_go(shop, sim, clock, receiver):
    shop.customer()
    (delivery,) = sim.outbox
    clock.advance(days=31)
    sim.tick()
    assert not sim.webhooks.attempt(delivery, receiver)
