"""Event destinations (v2): where Stripe sends which events. With none for a kind of payload, all of it is sent."""

from copy import deepcopy

import stripe

from payments.simulator import lists
from payments.simulator.book import new_id
from payments.simulator.errors import InvalidParams
from payments.simulator.validation import is_event_type

URL = "/v2/core/event_destinations"
EDITABLE = ("description", "enabled_events", "name", "webhook_endpoint")


def create_destination(sim, params):
    check_transport(params)
    check_version(params)
    check_types(params["event_payload"], params["enabled_events"])
    destination = {
        "id": new_id("ed_test"),
        "object": "v2.core.event_destination",
        "created": sim.iso(),
        "description": params.get("description", ""),
        "enabled_events": params["enabled_events"],
        "event_payload": params["event_payload"],
        "events_from": params.get("events_from", ["@self"]),
        "livemode": False,
        "metadata": dict(params.get("metadata") or {}),
        "name": params["name"],
        "snapshot_api_version": stripe.api_version if params["event_payload"] == "snapshot" else None,
        "status": "enabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": sim.iso(),
        "webhook_endpoint": dict(params["webhook_endpoint"]),
    }
    sim.book.add(destination)
    return shown(destination, params, secret=sim.webhooks.secrets[destination["event_payload"]])


def check_transport(params):
    if params["type"] != "webhook_endpoint" or "webhook_endpoint" not in params:
        raise InvalidParams(400, "The simulator only knows webhook endpoints, and needs their url.", param="type")


def check_version(params):
    """A snapshot is rendered in the version the destination names; a thin event has none."""
    allowed = {"snapshot": {None, stripe.api_version}, "thin": {None}}[params["event_payload"]]
    if params.get("snapshot_api_version") not in allowed:
        message = f"The simulator only renders snapshots, and in {stripe.api_version}."
        raise InvalidParams(400, message, param="snapshot_api_version")


def check_types(payload, types):
    if not types:
        raise InvalidParams(400, "At least one event type is needed.", param="enabled_events")
    for type in types:
        if not is_event_type(payload, type):
            raise InvalidParams(400, f"Unknown {payload} event type: {type}", param="enabled_events")


def retrieve_destination(sim, params, destination_id):
    return shown(sim.get("v2.core.event_destination", destination_id), params)


def update_destination(sim, params, destination_id):
    destination = sim.get("v2.core.event_destination", destination_id)
    if "enabled_events" in params:
        check_types(destination["event_payload"], params["enabled_events"])
    sim.book.changed = True
    destination |= {name: params[name] for name in EDITABLE if name in params} | {"updated": sim.iso()}
    edited = destination["metadata"] | dict(params.get("metadata") or {})
    destination["metadata"] = {name: value for name, value in edited.items() if value is not None}
    return shown(destination, params)


def list_destinations(sim, params):
    destinations = [shown(destination, params) for destination in every(sim)]
    return lists.v2_page(destinations, params, URL)


def shown(destination, params, *, secret=None):
    """What a webhook's address and secret are is told only to who asks in `include`; the secret, on creation only."""
    included = params.get("include", [])
    url = destination["webhook_endpoint"]["url"]
    endpoint = {
        "signing_secret": secret if "webhook_endpoint.signing_secret" in included else None,
        "url": url if "webhook_endpoint.url" in included else None,
    }
    return deepcopy(destination) | {"webhook_endpoint": endpoint}


# Sending


def every(sim, **fields):
    return sim.book.every("v2.core.event_destination", **fields)


def destinations_of(sim, event, payload):
    """The ids of those that want this event; `[None]`, the default address, while the payload has no destination."""
    known = every(sim, event_payload=payload)
    wanting = [destination["id"] for destination in known if event["type"] in destination["enabled_events"]]
    return wanting if known else [None]


def url_of(sim, destination_id):
    """Where to post, or None for the default address."""
    return sim.get("v2.core.event_destination", destination_id)["webhook_endpoint"]["url"] if destination_id else None
