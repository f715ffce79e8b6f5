"""Webhooks as Stripe posts them: signed by the simulator, received by the site's own views."""

from django.urls import reverse

NAMES = {"snapshot": "stripe:webhook", "thin": "stripe:webhook_thin"}


def post(client, kind, body, headers):
    """The answer to one delivery."""
    signature = {"Stripe-Signature": headers["Stripe-Signature"]}
    return client.post(reverse(NAMES[kind]), body, content_type="application/json", headers=signature)


def deliver(client, simulator, *types):
    """Post all that the simulator owes the site, or only the events of these types: the others are lost."""
    if types:
        simulator.outbox[:] = [delivery for delivery in simulator.outbox if type_of(simulator, delivery) in types]
    return simulator.deliver_all(lambda kind, body, headers: post(client, kind, body, headers).status_code)


def signed(simulator, type):
    """The kind, body and headers of the waiting delivery of this type."""
    delivery = next(delivery for delivery in simulator.outbox if type_of(simulator, delivery) == type)
    return delivery["kind"], *simulator.webhooks.signed(delivery)


def type_of(simulator, delivery):
    return simulator.book.find(delivery["event"])["type"]
