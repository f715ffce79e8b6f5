"""Events: snapshots of v1 objects, thin notices about v2 accounts, and the calls that list them."""

from copy import deepcopy

import stripe

from payments.simulator import lists
from payments.simulator.book import new_id
from payments.simulator.errors import InvalidParams
from payments.simulator.validation import check_object

CLOSED = "v2.core.account.closed"
CAPABILITY_UPDATED = "v2.core.account[configuration.recipient].capability_status_updated"
REQUIREMENTS_UPDATED = "v2.core.account[requirements].updated"


def emit(sim, type, thing):
    """Record a snapshot event about `thing` as it is now, and queue its webhook."""
    event = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": stripe.api_version,
        "created": sim.timestamp(),
        "data": {"object": deepcopy(thing)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": sim.request_id, "idempotency_key": sim.idempotency_key},
        "type": type,
    }
    check_object(event)
    sim.webhooks.queue(sim.book.add(event), kind="snapshot")


def emit_thin(sim, type, account, data=None):
    """Record a thin event about a v2 account, and queue its notification."""
    event = {
        "id": new_id("evt"),
        "object": "v2.core.event",
        "created": sim.iso(),
        "livemode": False,
        "related_object": {
            "id": account["id"],
            "type": "v2.core.account",
            "url": f"/v2/core/accounts/{account['id']}",
        },
        "type": type,
    }
    if data:
        event["data"] = data
    check_object(event)
    sim.webhooks.queue(sim.book.add(event), kind="thin")


def notification(event):
    """What Stripe sends of a thin event: everything but its data."""
    return {name: value for name, value in event.items() if name != "data"}


def retrieve_event(sim, params, event_id):
    return sim.get("event", event_id)


def retrieve_thin_event(sim, params, event_id):
    return sim.get("v2.core.event", event_id)


def list_events(sim, params):
    """Newest first. `delivery_success` false: events whose webhook is still awaited or was never accepted."""
    if "type" in params and "types" in params:
        raise InvalidParams(400, "You may pass either `type` or `types`, but not both.", param="types")
    events = sim.book.every("event")
    if wanted := params.get("types") or [params["type"]] if {"type", "types"} & params.keys() else None:
        events = [event for event in events if event["type"] in wanted]
    if "delivery_success" in params:
        events = [event for event in events if (event["pending_webhooks"] == 0) == params["delivery_success"]]
    return lists.page(events, params, "/v1/events")
