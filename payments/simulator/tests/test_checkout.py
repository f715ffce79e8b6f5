import pytest
import stripe

from payments.simulator.errors import ApiError


def test_a_card_is_saved_for_later(shop):
    customer, method = shop.saved_card()
    saved = shop.v1.payment_methods.retrieve(method)
    assert (saved.customer, saved.card.last4) == (customer.id, "4242")
    assert shop.event_types()[-3:] == [
        "payment_method.attached",
        "setup_intent.succeeded",
        "checkout.session.completed",
    ]
    listed = shop.v1.customers.payment_methods.list(customer.id)
    assert [item.id for item in listed.data] == [method]


def test_a_detached_card_is_not_charged(shop):
    customer, method = shop.saved_card()
    shop.v1.payment_methods.detach(method)
    with pytest.raises(stripe.InvalidRequestError):
        shop.hold_later(customer, method)


def test_a_setup_session_holds_its_intent(shop):
    session = shop.setup_session(shop.customer())
    setup = shop.v1.setup_intents.retrieve(session.setup_intent)
    assert (setup.status, setup.metadata.mission_id) == ("requires_payment_method", "1")
    assert (session.status, session.payment_status) == ("open", "no_payment_required")


def test_a_refused_card_leaves_the_session_open(shop, sim):
    session = shop.payment_session()
    assert sim.hosted.pay(session.id, "4000 0000 0000 9995") == session.url
    assert sim.hosted.pay(session.id) == f"http://site.test/paiement/retour/?session_id={session.id}"
    assert shop.event_types().count("payment_intent.payment_failed") == 1


def test_a_card_that_cannot_be_saved_fails_the_setup(shop, sim):
    session = shop.setup_session(shop.customer())
    assert sim.hosted.pay(session.id, "4000 0000 0000 0002") == session.url
    assert shop.event_types()[-1] == "setup_intent.setup_failed"


@pytest.mark.parametrize("card", ["4000 0027 6000 3184", "4000 0025 0000 3155"])
def test_3d_secure_is_asked_and_accepted(shop, sim, card):
    session = shop.payment_session()
    page = sim.hosted.pay(session.id, card, authenticate=None)
    session = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (session.status, session.payment_intent.status) == ("open", "requires_action")
    assert page == f"{sim.base_url}/3d-secure/{session.payment_intent.id}"
    assert "session_id" in sim.hosted.authenticate(session.payment_intent.id, accept=True)
    charge = shop.v1.payment_intents.retrieve(session.payment_intent.id, {"expand": ["latest_charge"]}).latest_charge
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"


def test_3d_secure_refused_leaves_no_hold(shop, sim):
    session = shop.payment_session()
    assert sim.hosted.pay(session.id, "4000 0027 6000 3184", authenticate=False) == session.url
    session = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert session.payment_intent.status == "requires_payment_method"
    assert session.payment_intent.last_payment_error.code == "payment_intent_authentication_failure"


def test_3d_secure_too_late_finds_the_session_expired(shop, sim):
    session = shop.payment_session()
    sim.hosted.pay(session.id, "4000 0027 6000 3184", authenticate=None)
    intent_id = shop.v1.checkout.sessions.expire(session.id).payment_intent
    sim.hosted.authenticate(intent_id, accept=True)
    assert shop.v1.payment_intents.retrieve(intent_id).status == "canceled"


def test_a_session_expires_by_itself(shop, sim, clock):
    session = shop.payment_session(expires_at=sim.timestamp() + 1800)
    clock.advance(minutes=30)
    with pytest.raises(ApiError):
        sim.hosted.pay(session.id)
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert shop.event_types()[-1] == "checkout.session.expired"


def test_only_an_open_session_is_expired(shop, sim):
    session = shop.payment_session()
    shop.v1.checkout.sessions.expire(session.id)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.checkout.sessions.expire(session.id)
    assert [item.id for item in shop.v1.checkout.sessions.list({"status": "expired"}).data] == [session.id]
