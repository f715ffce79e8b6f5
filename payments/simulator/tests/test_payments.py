import pytest
import stripe

DAY = 24 * 3600


def test_a_client_present_hold_lasts_seven_days(shop, sim):
    intent = shop.hold()
    card = intent.latest_charge.payment_method_details.card
    assert intent.status == "requires_capture"
    assert intent.amount_capturable == 57408
    assert card.capture_before == sim.timestamp() + 7 * DAY
    assert card.amount_authorized == 57408


def test_the_browser_goes_back_to_the_site_with_the_session(shop, sim):
    session = shop.payment_session()
    assert session.url == f"{sim.base_url}/c/pay/{session.id}"
    assert sim.hosted.pay(session.id) == f"http://site.test/paiement/retour/?session_id={session.id}"
    assert shop.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"


def test_a_paid_hold_tells_what_happened_in_order(shop):
    shop.hold()
    assert shop.event_types() == [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_method.attached",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
    ]


def test_a_capture_takes_the_money_and_a_fee(shop):
    hold = shop.hold()
    intent = shop.v1.payment_intents.capture(hold.id, {"expand": ["latest_charge.balance_transaction"]})
    line = intent.latest_charge.balance_transaction
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 57408, 0)
    assert (line.amount, line.fee, line.net) == (57408, 886, 56522)  # 1.5 % of 574.08 € and 25 c


def test_a_partial_capture_releases_the_rest(shop):
    hold = shop.hold()
    params = {"amount_to_capture": 50000, "expand": ["latest_charge"]}
    charge = shop.v1.payment_intents.capture(hold.id, params).latest_charge
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (50000, 7408, False)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": hold.id, "amount": 50001})
    assert refused.value.param == "amount"


def test_a_second_capture_is_refused_and_carries_the_intent(shop):
    intent = shop.capture()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error.payment_intent.status == "succeeded"


def test_a_hold_expires_by_itself(shop, clock):
    hold = shop.hold()
    clock.advance(days=7)
    intent = shop.v1.payment_intents.retrieve(hold.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")
    assert (intent.latest_charge.captured, intent.latest_charge.refunded) == (False, True)
    assert shop.event_types()[-3:] == ["charge.expired", "charge.refunded", "payment_intent.canceled"]


def test_an_expired_hold_cannot_be_captured(shop, clock):
    hold = shop.hold()
    clock.advance(days=7)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.capture(hold.id)
    assert refused.value.error.payment_intent.status == "canceled"


def test_a_cancelled_hold_is_a_refund_of_nothing(shop):
    hold = shop.hold()
    intent = shop.v1.payment_intents.cancel(hold.id, {"cancellation_reason": "requested_by_customer"})
    event = shop.v1.events.list({"types": ["charge.refunded"]}).data[0]
    assert intent.status == "canceled"
    assert event.data.object.captured is False
    assert shop.v1.refunds.list({"payment_intent": hold.id}).data[0].balance_transaction is None


def test_a_saved_card_is_held_later(shop, sim):
    customer, method = shop.saved_card()
    card = shop.hold_later(customer, method).latest_charge.payment_method_details.card
    assert card.capture_before == sim.timestamp() + 4 * DAY + 18 * 3600


def test_a_mastercard_is_held_seven_days_even_off_session(shop, sim):
    customer, method = shop.saved_card("5555 5555 5555 4444")
    card = shop.hold_later(customer, method).latest_charge.payment_method_details.card
    assert card.capture_before == sim.timestamp() + 7 * DAY


def test_a_card_authenticated_once_is_held_later(shop):
    customer, method = shop.saved_card("4000 0025 0000 3155")
    assert shop.hold_later(customer, method).status == "requires_capture"


def test_a_card_that_always_authenticates_cannot_be_held_off_session(shop):
    customer, method = shop.saved_card("4000 0027 6000 3184")
    with pytest.raises(stripe.CardError) as refused:
        shop.hold_later(customer, method)
    assert refused.value.code == "authentication_required"
    assert refused.value.error.payment_intent.status == "requires_payment_method"


def test_a_card_saved_then_declined(shop):
    customer, method = shop.saved_card("4000 0000 0000 0341")
    with pytest.raises(stripe.CardError) as refused:
        shop.hold_later(customer, method)
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert refused.value.error.decline_code == "generic_decline"


def test_an_off_session_payment_can_be_made_to_need_its_holder(shop, sim):
    customer, method = shop.saved_card()
    sim.faults.add("authentication_required")
    with pytest.raises(stripe.CardError):
        shop.hold_later(customer, method)
    assert shop.hold_later(customer, method).status == "requires_capture"


def test_intents_are_listed_newest_first(shop, sim):
    first, second = shop.hold(), shop.hold()
    listed = shop.v1.payment_intents.list({"limit": 1, "created": {"gte": sim.timestamp()}})
    assert ([intent.id for intent in listed.data], listed.has_more) == ([second.id], True)
    assert [intent.id for intent in listed.auto_paging_iter()] == [second.id, first.id]


def test_a_refund_gives_back_what_was_captured_once(shop):
    intent = shop.capture()
    params = {"payment_intent": intent.id, "amount": 57408, "reason": "requested_by_customer", "metadata": {"a": "1"}}
    refund = shop.v1.refunds.create(params)
    assert (refund.status, refund.amount) == ("succeeded", 57408)
    assert shop.v1.charges.retrieve(intent.latest_charge.id).refunded is True
    assert [item.id for item in shop.v1.refunds.list({"payment_intent": intent.id}).data] == [refund.id]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create(params)
    assert refused.value.code == "charge_already_refunded"


def test_an_uncaptured_hold_is_not_refunded(shop):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": shop.hold().id})
    assert refused.value.error.payment_intent.status == "requires_capture"
