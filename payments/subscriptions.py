"""Where Stripe sends its events, and whether it sends all those we handle."""

import stripe
from django.conf import settings
from django.urls import reverse

from payments import gateway
from payments.events import SNAPSHOT_HANDLERS, THIN_HANDLERS

# Each payload has its own address, because each is signed and read in its own way.
PAYLOADS = {"snapshot": (SNAPSHOT_HANDLERS, "stripe:webhook"), "thin": (THIN_HANDLERS, "stripe:webhook_thin")}


def missing_types():
    """The types of event that we handle and that no enabled destination sends us. Raises stripe.StripeError."""
    destinations = list(every_destination())
    for payload, (handlers, view) in PAYLOADS.items():
        received = {
            type
            for destination in destinations
            if is_ours(destination, payload, view)
            for type in destination.enabled_events
        }
        if "*" not in received:
            yield from sorted(handlers.keys() - received)


def every_destination():
    params = {"include": ["webhook_endpoint.url"], "limit": 100}
    return gateway.client().v2.core.event_destinations.list(params).auto_paging_iter()


def is_ours(destination, payload, view):
    endpoint = destination.webhook_endpoint
    is_enabled = destination.status == "enabled" and destination.event_payload == payload
    return is_enabled and endpoint is not None and endpoint.url == address(view)


def subscribe():
    """Have Stripe send all we handle; yields the name and the signing secret of each destination it had to create.

    Stripe tells a secret once, at creation. Raises stripe.StripeError.
    """
    known = {destination.name: destination for destination in every_destination()}
    for payload, (handlers, view) in PAYLOADS.items():
        wanted = {
            "name": f"MonAgentDeSécu {settings.STRIPE_ENV}, {payload}",
            "enabled_events": sorted(handlers),
            "webhook_endpoint": {"url": address(view)},
        }
        if destination := known.get(wanted["name"]):
            gateway.client().v2.core.event_destinations.update(destination.id, wanted)
        else:
            yield wanted["name"], create(wanted, payload).webhook_endpoint.signing_secret


def create(wanted, payload):
    version = {"snapshot_api_version": stripe.api_version} if payload == "snapshot" else {}
    fixed = {"type": "webhook_endpoint", "event_payload": payload, "include": ["webhook_endpoint.signing_secret"]}
    return gateway.client().v2.core.event_destinations.create({**wanted, **fixed, **version})


def address(view):
    return settings.SITE_URL + reverse(view)
