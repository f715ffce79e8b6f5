"""The calls the simulator knows, each with its handler and the SDK's type for its parameters."""

import re
from functools import cached_property
from typing import NamedTuple

from payments.simulator import (
    accounts,
    balance,
    charges,
    checkout,
    customers,
    destinations,
    disputes,
    events,
    intents,
    refunds,
    setups,
    transfers,
)
from payments.simulator.errors import ApiError, InvalidParams
from payments.simulator.validation import read_params

FOR_ACCOUNTS = {"balance.retrieve", "balance_settings.update"}  # that may be called in a connected account's name


class RouteFields(NamedTuple):
    name: str
    method: str
    path: str
    handler: callable
    params: str


class Route(RouteFields):
    """`name` is the SDK's: `payment_intents.capture` is `client.v1.payment_intents.capture`."""

    @cached_property
    def pattern(self):
        return re.compile(re.sub(r"\{\w+\}", r"([^/]+)", self.path))

    def check_account(self, call):
        if call.account and self.name not in FOR_ACCOUNTS:
            message = f"The simulator only takes Stripe-Account on {', '.join(sorted(FOR_ACCOUNTS))}."
            raise InvalidParams(400, message)

    def read(self, call):
        """The call's parameters; `page`, in the address of a v2 list's next page, is not among the SDK's types."""
        token = {"page": call.params["page"]} if call.version == "v2" and "page" in call.params else {}
        named = {name: value for name, value in call.params.items() if name not in token}
        return read_params(self.params, named, strict=call.is_json) | token


ROUTES = [
    Route(*fields)
    for fields in [
        ("customers.create", "POST", "/v1/customers", customers.create_customer, "CustomerCreateParams"),
        ("customers.retrieve", "GET", "/v1/customers/{id}", customers.retrieve_customer, "CustomerRetrieveParams"),
        ("customers.update", "POST", "/v1/customers/{id}", customers.update_customer, "CustomerUpdateParams"),
        (
            "customers.payment_methods.list",
            "GET",
            "/v1/customers/{id}/payment_methods",
            customers.list_payment_methods,
            "CustomerPaymentMethodListParams",
        ),
        (
            "payment_methods.retrieve",
            "GET",
            "/v1/payment_methods/{id}",
            customers.retrieve_payment_method,
            "PaymentMethodRetrieveParams",
        ),
        (
            "payment_methods.detach",
            "POST",
            "/v1/payment_methods/{id}/detach",
            customers.detach_payment_method,
            "PaymentMethodDetachParams",
        ),
        (
            "checkout.sessions.create",
            "POST",
            "/v1/checkout/sessions",
            checkout.create_session,
            "checkout.SessionCreateParams",
        ),
        (
            "checkout.sessions.list",
            "GET",
            "/v1/checkout/sessions",
            checkout.list_sessions,
            "checkout.SessionListParams",
        ),
        (
            "checkout.sessions.retrieve",
            "GET",
            "/v1/checkout/sessions/{id}",
            checkout.retrieve_session,
            "checkout.SessionRetrieveParams",
        ),
        (
            "checkout.sessions.expire",
            "POST",
            "/v1/checkout/sessions/{id}/expire",
            checkout.expire_session,
            "checkout.SessionExpireParams",
        ),
        (
            "payment_intents.create",
            "POST",
            "/v1/payment_intents",
            intents.create_payment_intent,
            "PaymentIntentCreateParams",
        ),
        ("payment_intents.list", "GET", "/v1/payment_intents", intents.list_payment_intents, "PaymentIntentListParams"),
        (
            "payment_intents.retrieve",
            "GET",
            "/v1/payment_intents/{id}",
            intents.retrieve_payment_intent,
            "PaymentIntentRetrieveParams",
        ),
        (
            "payment_intents.capture",
            "POST",
            "/v1/payment_intents/{id}/capture",
            intents.capture_payment_intent,
            "PaymentIntentCaptureParams",
        ),
        (
            "payment_intents.cancel",
            "POST",
            "/v1/payment_intents/{id}/cancel",
            intents.cancel_payment_intent,
            "PaymentIntentCancelParams",
        ),
        (
            "setup_intents.retrieve",
            "GET",
            "/v1/setup_intents/{id}",
            setups.retrieve_setup_intent,
            "SetupIntentRetrieveParams",
        ),
        ("charges.retrieve", "GET", "/v1/charges/{id}", charges.retrieve_charge, "ChargeRetrieveParams"),
        ("transfers.create", "POST", "/v1/transfers", transfers.create_transfer, "TransferCreateParams"),
        ("transfers.list", "GET", "/v1/transfers", transfers.list_transfers, "TransferListParams"),
        ("transfers.retrieve", "GET", "/v1/transfers/{id}", transfers.retrieve_transfer, "TransferRetrieveParams"),
        (
            "transfers.reversals.create",
            "POST",
            "/v1/transfers/{id}/reversals",
            transfers.create_reversal,
            "TransferReversalCreateParams",
        ),
        (
            "transfers.reversals.list",
            "GET",
            "/v1/transfers/{id}/reversals",
            transfers.list_reversals,
            "TransferReversalListParams",
        ),
        ("refunds.create", "POST", "/v1/refunds", refunds.create_refund, "RefundCreateParams"),
        ("refunds.list", "GET", "/v1/refunds", refunds.list_refunds, "RefundListParams"),
        ("refunds.retrieve", "GET", "/v1/refunds/{id}", refunds.retrieve_refund, "RefundRetrieveParams"),
        ("disputes.list", "GET", "/v1/disputes", disputes.list_disputes, "DisputeListParams"),
        ("disputes.retrieve", "GET", "/v1/disputes/{id}", disputes.retrieve_dispute, "DisputeRetrieveParams"),
        ("balance.retrieve", "GET", "/v1/balance", accounts.retrieve_balance, "BalanceRetrieveParams"),
        (
            "balance_settings.update",
            "POST",
            "/v1/balance_settings",
            accounts.update_settings,
            "BalanceSettingsUpdateParams",
        ),
        (
            "balance_transactions.list",
            "GET",
            "/v1/balance_transactions",
            balance.list_balance_transactions,
            "BalanceTransactionListParams",
        ),
        (
            "balance_transactions.retrieve",
            "GET",
            "/v1/balance_transactions/{id}",
            balance.retrieve_balance_transaction,
            "BalanceTransactionRetrieveParams",
        ),
        ("events.list", "GET", "/v1/events", events.list_events, "EventListParams"),
        ("events.retrieve", "GET", "/v1/events/{id}", events.retrieve_event, "EventRetrieveParams"),
        (
            "accounts.login_links.create",
            "POST",
            "/v1/accounts/{id}/login_links",
            accounts.create_login_link,
            "AccountLoginLinkCreateParams",
        ),
        ("core.accounts.create", "POST", "/v2/core/accounts", accounts.create_account, "v2.core.AccountCreateParams"),
        (
            "core.accounts.retrieve",
            "GET",
            "/v2/core/accounts/{id}",
            accounts.retrieve_account,
            "v2.core.AccountRetrieveParams",
        ),
        (
            "core.accounts.update",
            "POST",
            "/v2/core/accounts/{id}",
            accounts.update_account,
            "v2.core.AccountUpdateParams",
        ),
        (
            "core.accounts.close",
            "POST",
            "/v2/core/accounts/{id}/close",
            accounts.close_account,
            "v2.core.AccountCloseParams",
        ),
        (
            "core.account_links.create",
            "POST",
            "/v2/core/account_links",
            accounts.create_account_link,
            "v2.core.AccountLinkCreateParams",
        ),
        (
            "core.event_destinations.create",
            "POST",
            "/v2/core/event_destinations",
            destinations.create_destination,
            "v2.core.EventDestinationCreateParams",
        ),
        (
            "core.event_destinations.list",
            "GET",
            "/v2/core/event_destinations",
            destinations.list_destinations,
            "v2.core.EventDestinationListParams",
        ),
        (
            "core.event_destinations.retrieve",
            "GET",
            "/v2/core/event_destinations/{id}",
            destinations.retrieve_destination,
            "v2.core.EventDestinationRetrieveParams",
        ),
        (
            "core.event_destinations.update",
            "POST",
            "/v2/core/event_destinations/{id}",
            destinations.update_destination,
            "v2.core.EventDestinationUpdateParams",
        ),
        (
            "core.events.retrieve",
            "GET",
            "/v2/core/events/{id}",
            events.retrieve_thin_event,
            "v2.core.EventRetrieveParams",
        ),
    ]
]


def find_route(call):
    """The route of a call and the ids in its path. Raises ApiError."""
    for route in ROUTES:
        match = route.pattern.fullmatch(call.path)
        if match and route.method == call.method:
            route.check_account(call)
            return route, match.groups()
    raise ApiError(404, f"Unrecognized request URL ({call.method}: {call.path}).")
