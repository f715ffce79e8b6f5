"""How each operation is said to Stripe (API 2026-10-28.endive): a function takes the client and the row,
and returns Stripe's object, or None when it is wanted no longer.
"""

from django.conf import settings
from django.urls import reverse as address_of

from payments import returns, shares
from payments.errors import NotSure
from payments.gateway import metadata_of
from payments.models import CheckoutSession, ConnectedAccount, Customer, Difference, StripeOperation

CURRENCY = "eur"
CARD_ONLY = {"allowed_payment_method_types": ["card"]}
WITH_CHARGE = ["latest_charge.balance_transaction"]
ACCOUNT_DETAILS = ["configuration.recipient", "requirements", "identity", "defaults"]

# What must not be sent while Stripe has one that we know nothing of.
DOUBTS = dict.fromkeys(StripeOperation.TO_PROFESSIONAL, Difference.Kind.UNKNOWN_TRANSFER)
DOUBTS |= {
    StripeOperation.Kind.REFUND: Difference.Kind.UNKNOWN_REFUND,
    StripeOperation.Kind.REVERSE: Difference.Kind.UNKNOWN_REVERSAL,
}


def create_customer(client, operation):
    person = operation.client
    return client.v1.customers.create(
        {"email": person.user.email, "name": person.name, "metadata": metadata(operation), "preferred_locales": ["fr"]},
        options(operation),
    )


def create_session(client, operation):
    """None while the client is still unknown to Stripe: whoever clicked was told to try again."""
    if not Customer.objects.filter(client=operation.payment.mission.client_id).exists():
        return None
    session = operation.session
    build = setup_params if session.mode == CheckoutSession.Mode.SETUP else payment_params
    return client.v1.checkout.sessions.create(
        {
            "mode": session.mode,
            "customer": customer_id(operation),
            "locale": "fr",
            "client_reference_id": str(operation.payment_id),
            "expires_at": int(session.expires_at.timestamp()),
            "metadata": metadata(operation),
            "success_url": absolute("payments:checkout_return") + "?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": absolute("payments:payment", operation.payment.mission_id),
            **CARD_ONLY,
            **build(operation),
        },
        options(operation),
    )


def setup_params(operation):
    return {"currency": CURRENCY, "setup_intent_data": {"metadata": metadata(operation)}}


def payment_params(operation):
    payment = operation.payment
    line = {
        "quantity": 1,
        "price_data": {
            "currency": CURRENCY,
            "unit_amount": payment.amount_cents,
            "product_data": {"name": f"{payment.mission.get_service_display()}, mission n° {payment.mission_id}"},
        },
    }
    intent = {
        "capture_method": "manual",
        "setup_future_usage": "off_session",
        "transfer_group": payment.transfer_group,
        "metadata": metadata(operation),
    }
    return {"line_items": [line], "payment_intent_data": intent}


def expire_session(client, operation):
    return client.v1.checkout.sessions.expire(operation.session.stripe_id, None, options(operation))


def place_hold(client, operation):
    payment = operation.payment
    found = made_before(client, operation)
    if found or payment.is_closed:
        return found
    return client.v1.payment_intents.create(
        {
            "amount": operation.amount_cents,
            "currency": CURRENCY,
            "customer": customer_id(operation),
            "payment_method": payment.payment_method,
            "capture_method": "manual",
            "confirm": True,
            "off_session": True,
            "transfer_group": payment.transfer_group,
            "metadata": metadata(operation),
            "expand": ["latest_charge"],
            **CARD_ONLY,
        },
        options(operation),
    )


def capture(client, operation):
    intent_id = operation.hold.intent_id
    if operation.attempts > 1:
        found = client.v1.payment_intents.retrieve(intent_id, {"expand": WITH_CHARGE})
        if found.status == "succeeded":
            return found
    return client.v1.payment_intents.capture(
        intent_id, {"amount_to_capture": operation.amount_cents, "expand": WITH_CHARGE}, options(operation)
    )


def cancel_hold(client, operation):
    return client.v1.payment_intents.cancel(
        operation.hold.intent_id, {"cancellation_reason": "requested_by_customer"}, options(operation)
    )


def transfer(client, operation):
    payment = operation.payment
    found = made_before(client, operation)
    if found or not shares.is_all_owed(payment):
        return found
    return client.v1.transfers.create(
        {
            "amount": operation.amount_cents,
            "currency": CURRENCY,
            "destination": payment.mission.professional.account.stripe_id,
            # The charge, not the intent: it ties the transfer to this very money, settled or not.
            "source_transaction": payment.holds.get(status="captured").charge_id,
            "transfer_group": payment.transfer_group,
            "metadata": metadata(operation),
        },
        options(operation),
    )


def refund(client, operation):
    found = made_before(client, operation)
    if found or returns.left_cents(operation.payment) < 0:
        return found
    return client.v1.refunds.create(
        {
            "payment_intent": operation.hold.intent_id,
            "amount": operation.amount_cents,
            "reason": "requested_by_customer",
            "metadata": metadata(operation),
        },
        options(operation),
    )


def reverse(client, operation):
    found = made_before(client, operation)
    if found or (operation.dispute and operation.dispute.is_won):
        return found
    return client.v1.transfers.reversals.create(
        operation.source, {"amount": operation.amount_cents, "metadata": metadata(operation)}, options(operation)
    )


# Once more the professional's share, for a chargeback that was won.
pay_again = transfer


def create_account(client, operation):
    return client.v2.core.accounts.create(account_params(operation), options(operation))


def account_params(operation):
    professional = operation.professional
    capability = {"stripe_balance": {"stripe_transfers": {"requested": True}}}
    return {
        "contact_email": professional.user.email,
        "display_name": professional.trade_name,
        "dashboard": "express",
        "identity": {"country": "fr", "entity_type": "company" if professional.is_company else "individual"},
        "configuration": {"recipient": {"capabilities": capability}},
        "defaults": {
            "currency": CURRENCY,
            "locales": ["fr-FR"],
            "responsibilities": {"fees_collector": "application", "losses_collector": "application"},
        },
        "metadata": metadata(operation),
        "include": ACCOUNT_DETAILS,
    }


def set_payouts(client, operation):
    """To their bank once a week rather than each day, Stripe's default: what is taken back is still there till then.

    https://docs.stripe.com/connect/manage-payout-schedule
    """
    schedule = {"interval": "weekly", "weekly_payout_days": ["monday"]}
    account = {"stripe_account": operation.professional.account.stripe_id}
    return client.v1.balance_settings.update(
        {"payments": {"payouts": {"schedule": schedule}}}, options(operation) | account
    )


def onboarding_link(client, account: ConnectedAccount):
    """A page of Stripe's for one visit: made on click, never stored, never e-mailed."""
    pages = {
        "refresh_url": absolute("payments:onboarding_refresh"),
        "return_url": absolute("payments:onboarding_return"),
        "collection_options": {"fields": "eventually_due", "future_requirements": "include"},
    }
    use_case = {"type": "account_onboarding", "account_onboarding": pages}
    return client.v2.core.account_links.create({"account": account.stripe_id, "use_case": use_case}).url


def dashboard_link(client, account: ConnectedAccount):
    """Stripe's pages on this account, for one visit: made on click, never stored."""
    return client.v1.accounts.login_links.create(account.stripe_id).url


def made_before(client, operation):
    """The object an earlier attempt of this very operation made, if its answer was lost; None at the first attempt.

    Raises NotSure when it did not, and a bank has yet to judge, the professional to be payable again, or the team to
    say what another one is.
    """
    doubtful = is_doubtful(operation)
    if operation.attempts <= 1 and not doubtful:
        return None
    found = made(client, operation)
    if doubtful and found is None:
        raise NotSure
    return found


def made(client, operation):
    """The object that Stripe made for this very operation, None when there is none."""
    things = LISTS[operation.kind](client.v1, operation).auto_paging_iter()
    return next((thing for thing in things if metadata_of(thing).get("operation") == operation.key), None)


def holds(client, operation):
    wanted = {"customer": customer_id(operation), "expand": ["data.latest_charge"], "limit": 100}
    return client.payment_intents.list(wanted)


def transfers(client, operation):
    return client.transfers.list({"transfer_group": operation.payment.transfer_group, "limit": 100})


def refunds(client, operation):
    return client.refunds.list({"payment_intent": operation.hold.intent_id, "limit": 100})


def reversals(client, operation):
    return client.transfers.reversals.list(operation.source, {"limit": 100})


# Where what a call may have made is listed.
LISTS = {
    StripeOperation.Kind.PLACE_HOLD: holds,
    StripeOperation.Kind.TRANSFER: transfers,
    StripeOperation.Kind.PAY_AGAIN: transfers,
    StripeOperation.Kind.REFUND: refunds,
    StripeOperation.Kind.REVERSE: reversals,
}


def is_doubtful(operation):
    """Whether it would have to wait, or Stripe has what we may have made and forgotten: after a restore, say."""
    if operation.kind not in DOUBTS:
        return False
    unknown = operation.payment.differences.open().filter(kind=DOUBTS[operation.kind])
    return unknown.exists() or has_to_wait(operation)


def has_to_wait(operation):
    """For a bank that holds the money, or until Stripe can pay the professional."""
    payment, is_paying = operation.payment, operation.kind in StripeOperation.TO_PROFESSIONAL
    if not is_paying and operation.kind != StripeOperation.Kind.REFUND:
        return False
    return payment.disputes.open().exists() or (is_paying and not payment.mission.professional.payable)


def options(operation):
    return {"idempotency_key": operation.idempotency_key}


def metadata(operation):
    """Lets any object of Stripe's be traced back to our rows."""
    found = {"env": settings.STRIPE_ENV, "operation": operation.key}
    if operation.payment_id:
        found |= {"payment_id": str(operation.payment_id), "mission_id": str(operation.payment.mission_id)}
    return found


def customer_id(operation):
    return operation.payment.mission.client.customer.stripe_id


def absolute(name, *args):
    return settings.SITE_URL + address_of(name, args=args)


CALLS = {kind: globals()[kind.value] for kind in StripeOperation.Kind}
