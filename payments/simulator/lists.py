"""Stripe's lists: newest first, with cursors."""

import operator
from itertools import islice

from payments.simulator.errors import InvalidParams

COMPARISONS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def page(things, params, url):
    """One page of `things` (given oldest first): `limit`, `starting_after`, `ending_before`, `created`."""
    newest_first = (thing for thing in reversed(things) if was_created(thing, params.get("created")))
    limit = page_size(params)
    if "ending_before" in params:
        rest = up_to(newest_first, params["ending_before"], "ending_before")
        return as_list(rest[-limit:], url, has_more=len(rest) > limit)
    if "starting_after" in params:
        up_to(newest_first, params["starting_after"], "starting_after")
    rest = list(islice(newest_first, limit + 1))
    return as_list(rest[:limit], url, has_more=len(rest) > limit)


def up_to(things, identifier, param):
    """What comes before the object with this id; `things`, an iterator, is then just after it."""
    before = []
    for thing in things:
        if thing["id"] == identifier:
            return before
        before.append(thing)
    raise InvalidParams(400, f"No such object: '{identifier}'", code="resource_missing", param=param)


def as_list(things, url, *, has_more=False):
    return {"object": "list", "data": things, "has_more": has_more, "url": url}


def v2_page(things, params, url):
    """v2's shape, newest first; `page` in the next page's address counts what was given before."""
    limit, start = page_size(params), int(params.get("page", 0))
    newest_first = things[::-1][start : start + limit]
    before, after = max(start - limit, 0), start + limit
    return {
        "data": newest_first,
        "next_page_url": f"{url}?limit={limit}&page={after}" if after < len(things) else None,
        "previous_page_url": f"{url}?limit={limit}&page={before}" if start else None,
    }


def page_size(params):
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise InvalidParams(400, "Invalid limit: must be between 1 and 100.", param="limit")
    return limit


def was_created(thing, bounds):
    if bounds is None:
        return True
    if isinstance(bounds, int):
        return thing["created"] == bounds
    return all(COMPARISONS[name](thing["created"], bound) for name, bound in bounds.items())
