"""What keeps the simulator honest: the types of the pinned Stripe SDK, not ours.

Requests are read by the SDK's `stripe.params` TypedDicts with nothing extra allowed. Answers are compared with the
attributes that the SDK's classes declare: required ⊆ present ⊆ declared.
"""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import ClassVar, NamedTuple, Union, get_args, get_origin

import stripe
import stripe.checkout
import stripe.params
import stripe.params.checkout
import stripe.params.v2.core
import stripe.v2.core
from pydantic import ConfigDict, TypeAdapter, ValidationError
from stripe.events._event_classes import get_v2_event_class
from typing_extensions import TypedDict, get_type_hints

from payments.simulator.errors import InvalidParams

MIXED_IN = {"Mapping": Mapping, "StripeContext": stripe.StripeContext}  # named by the options, unknown to the params
REQUEST_OPTIONS = frozenset(stripe.RequestOptions.__annotations__)
SCALARS = {int, str, bool}
CLASSES = {
    "balance": stripe.Balance,
    "balance_settings": stripe.BalanceSettings,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "list": stripe.ListObject,
    "login_link": stripe.LoginLink,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
    "transfer": stripe.Transfer,
    "transfer_reversal": stripe.TransferReversal,
    "v2.core.account": stripe.v2.core.Account,
    "v2.core.account_link": stripe.v2.core.AccountLink,
    "v2.core.event_destination": stripe.v2.core.EventDestination,
}


V2_PAGE = {"data", "next_page_url", "previous_page_url"}


class NotStripe(AssertionError):
    """The simulator was about to answer something Stripe's SDK does not declare."""


# Requests


def read_params(name, values, *, strict):
    """The values with their types, as `stripe.params.<name>` declares them. Raises InvalidParams.

    A v1 body is made of strings, so numbers and booleans are read from them; a v2 body is JSON, hence `strict`.
    """
    try:
        return adapter(name).validate_python([values], strict=strict)[0]
    except ValidationError as error:
        raise refusal(error.errors(include_url=False)) from None


@cache
def adapter(name):
    # Only a type that is not itself a TypedDict takes a config here, hence the list; nested TypedDicts inherit it.
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    return TypeAdapter(list[body_type(name)], config=config)


def body_type(name):
    """The TypedDict called `checkout.SessionCreateParams`, without the request options the SDK mixes into it."""
    declared = stripe.params
    for part in name.split("."):
        declared = getattr(declared, part)
    hints = get_type_hints(declared, localns=MIXED_IN, include_extras=True)
    fields = {field: hint for field, hint in hints.items() if field not in REQUEST_OPTIONS}
    return TypedDict(declared.__name__, fields)


def refusal(errors):
    first = min(errors, key=lambda error: error["type"] != "extra_forbidden")
    param = param_name(first["loc"][1:])
    if first["type"] == "extra_forbidden":
        return InvalidParams(400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param)
    if first["type"] == "missing":
        return InvalidParams(400, f"Missing required param: {param}.", code="parameter_missing", param=param)
    return InvalidParams(400, f"Invalid {param}: {first['msg']}", code="parameter_invalid", param=param)


def param_name(location):
    """`line_items[0][price_data]` from pydantic's location, which also names the union branches it tried."""
    parts = [part for part in location if isinstance(part, int) or is_field(part)]
    return "".join(str(part) if position == 0 else f"[{part}]" for position, part in enumerate(parts))


def is_field(part):
    return part.isidentifier() and part.islower() and part not in {"int", "bool", "str", "float"}


# Answers


def check_object(value):
    """Raise NotStripe unless the SDK declares this object's attributes, nested ones included."""
    if value.keys() == V2_PAGE:
        for item in value["data"]:
            check_object(item)
    else:
        check_fields(class_of(value), value, value["object"])


def class_of(value):
    if value["object"] == "v2.core.event":
        return get_v2_event_class(value["type"])
    try:
        return CLASSES[value["object"]]
    except KeyError:
        raise NotStripe(f"Unknown object: {value['object']}") from None


def is_event_type(payload, type):
    """Whether Stripe has snapshot, or thin, events of this type."""
    if payload == "snapshot":
        return type in get_args(inspect.get_annotations(stripe.Event)["type"])
    return get_v2_event_class(type) is not stripe.v2.core.Event


def check_fields(cls, value, path):
    shape = shape_of(cls)
    if undeclared := value.keys() - shape.declared:
        raise NotStripe(f"{path}: Stripe declares no {sorted(undeclared)}")
    if absent := shape.required - value.keys():
        raise NotStripe(f"{path}: Stripe always gives {sorted(absent)}")
    for name, item in value.items():
        if item is not None and name in shape.scalars and type(item) not in shape.scalars[name]:
            raise NotStripe(f"{path}.{name}: {item!r} is not one of {shape.scalars[name]}")
        check_nested(shape.inner.get(name), item, f"{path}.{name}")


def check_nested(inner, item, path):
    if isinstance(item, list):
        for child in item:
            check_nested(inner, child, path)
    elif isinstance(item, dict) and isinstance(item.get("object"), str):
        check_object(item)
    elif isinstance(item, dict) and inner:
        check_fields(inner, item, path)


class Shape(NamedTuple):
    """What a class declares: its attributes, those always given, the types of the plain ones, its inner classes."""

    declared: set
    required: set
    scalars: dict
    inner: dict


@cache
def shape_of(cls):
    hints = declared(cls)
    required = {name for name, hint in hints.items() if type(None) not in get_args(hint)}
    kinds = {name: plain_types(hint) for name, hint in hints.items()}
    scalars = {name: types for name, types in kinds.items() if types <= SCALARS}
    return Shape(set(hints), required, scalars, getattr(cls, "_inner_class_types", {}))


def plain_types(hint):
    return set(get_args(hint) if get_origin(hint) is Union else [hint]) - {type(None)}


def declared(cls):
    """Every attribute the class and its bases declare, with its annotation."""
    fields = {"object": str} if hasattr(cls, "OBJECT_NAME") else {}
    for base in reversed(cls.__mro__):
        if base not in {object, dict, stripe.StripeObject}:
            fields |= inspect.get_annotations(base)
    return {name: hint for name, hint in fields.items() if not is_internal(name, hint)}


def is_internal(name, hint):
    return name.startswith("_") or hint is ClassVar or get_origin(hint) is ClassVar
