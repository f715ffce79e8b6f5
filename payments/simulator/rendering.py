"""The answer to a call: a copy of the object, with the ids it was asked to expand replaced by what they name."""

from copy import deepcopy

from payments.simulator.errors import invalid
from payments.simulator.validation import check_object


def render(book, thing, paths):
    """The JSON value to answer. Raises ApiError for a path that cannot be expanded."""
    answer = deepcopy(thing)
    for path in sorted(paths):
        expand(book, answer, path.split("."), path)
    check_object(answer)
    return answer


def expand(book, thing, names, path):
    first, *rest = names
    if not isinstance(thing, dict) or first not in thing:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    if thing[first] is None:
        return
    if isinstance(thing[first], str):
        thing[first] = expanded(book, thing[first], path)
    for child in thing[first] if isinstance(thing[first], list) else [thing[first]]:
        if rest:
            expand(book, child, rest, path)


def expanded(book, identifier, path):
    target = book.find(identifier)
    if target is None:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    return deepcopy(target)
