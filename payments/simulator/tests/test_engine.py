import json

import pytest
import stripe

from payments.simulator import Simulator, SimulatorHTTPClient
from payments.simulator.disputes import open_dispute
from payments.simulator.errors import LiveKeyRefused
from payments.simulator.tests.conftest import Shop, client_of
from payments.simulator.validation import NotStripe, check_object

KEY = {"idempotency_key": "customer:1"}


def create(shop, email="lea@example.org", options=KEY):
    return shop.v1.customers.create({"email": email}, options)


def test_a_key_replays_the_first_answer(shop, sim):
    first, second = create(shop), create(shop)
    assert first.id == second.id
    assert second.last_response.headers["idempotent-replayed"] == "true"
    assert len(sim.book.every("customer")) == 1


def test_a_key_with_other_parameters_is_an_error(shop):
    create(shop)
    with pytest.raises(stripe.IdempotencyError) as refused:
        create(shop, "autre@example.org")
    assert refused.value.http_status == 400


def test_a_key_protects_for_24_hours(shop, clock):
    first = create(shop)
    clock.advance(hours=24)
    assert create(shop).id != first.id


def test_a_500_is_replayed_too(shop, sim):
    sim.faults.add("server_error", on="customers.create")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            create(shop)
    assert sim.book.every("customer") == []
    assert create(shop, options={"idempotency_key": "customer:2"}).email == "lea@example.org"


def test_a_declined_card_is_replayed_too(shop):
    customer, method = shop.saved_card("4000 0000 0000 0341")
    params = {"amount": 1000, "currency": "eur", "customer": customer.id, "payment_method": method, "confirm": True}
    intents = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            shop.v1.payment_intents.create(params, {"idempotency_key": "hold:1"})
        intents.add(refused.value.error.payment_intent.id)
    assert len(intents) == 1


def test_bad_parameters_do_not_use_up_the_key(shop):
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.customers.create({"color": "blue"}, KEY)
    assert create(shop).email == "lea@example.org"


OK = None


@pytest.mark.parametrize(
    ("fault", "alone", "with_retries", "effects"),
    [
        ("refuse_connection", stripe.APIConnectionError, OK, 0),
        ("bad_gateway", stripe.APIError, OK, 0),
        ("rate_limit", stripe.RateLimitError, stripe.RateLimitError, 0),
        ("expire_key", stripe.AuthenticationError, stripe.AuthenticationError, 0),
        ("forbid", stripe.InvalidRequestError, stripe.InvalidRequestError, 0),
        ("server_error", stripe.APIError, stripe.APIError, 0),
        ("lose_answer", stripe.APIConnectionError, OK, 1),
        ("half_answer", stripe.APIError, stripe.APIError, 1),
    ],
)
def test_what_the_sdk_makes_of_a_fault(sim, no_wait, fault, alone, with_retries, effects):
    for retries, expected in [(0, alone), (2, with_retries)]:
        client, known = client_of(sim, retries=retries), len(sim.book.every("customer"))
        sim.faults.add(fault, on="customers.create")
        assert raised(client.v1.customers.create, {"name": "Léa"}) is expected
        assert len(sim.book.every("customer")) - known == (1 if expected is OK else effects)
        assert sim.book.faults == []


def test_the_sdk_gives_up_after_two_retries(sim, no_wait):
    sim.faults.add("bad_gateway", times=3)
    assert raised(client_of(sim, retries=2).v1.customers.create, {}) is stripe.APIError
    assert sim.book.faults == []


@pytest.fixture(name="no_wait")
def make_retries_immediate(monkeypatch):
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0)


def raised(call, *args):
    """The class of the error, or None."""
    try:
        call(*args)
    except stripe.StripeError as error:
        return type(error)


@pytest.mark.parametrize("fault", ["lose_answer", "half_answer"])
def test_a_call_whose_answer_was_lost_is_not_made_twice(shop, sim, fault):
    sim.faults.add(fault, on="customers.create")
    with pytest.raises(stripe.APIError if fault == "half_answer" else stripe.APIConnectionError):
        create(shop)
    assert create(shop).id == sim.book.every("customer")[0]["id"]


@pytest.mark.parametrize("fault", ["refuse_connection", "rate_limit", "bad_gateway"])
def test_a_failure_before_the_effect_leaves_the_key_unused(shop, sim, fault):
    sim.faults.add(fault, on="customers.*")
    assert raised(create, shop) is not OK
    assert create(shop).last_response.headers.get("idempotent-replayed") is None


def test_live_keys_are_refused(sim):
    with pytest.raises(LiveKeyRefused):
        Simulator(api_key="sk_live_123")
    live = stripe.StripeClient("rk_live_123", http_client=SimulatorHTTPClient(sim))
    with pytest.raises(LiveKeyRefused):
        live.v1.customers.create({})


def test_a_customer_can_be_edited_and_read(shop):
    customer = create(shop)
    shop.v1.customers.update(customer.id, {"name": "Léa", "metadata": {"user_id": "3"}})
    customer = shop.v1.customers.retrieve(customer.id)
    assert (customer.name, customer.metadata.user_id) == ("Léa", "3")


def test_the_book_survives_a_restart(clock, tmp_path):
    state = tmp_path / "stripe.json"
    customer = client_of(Simulator(clock=clock, state=state)).v1.customers.create({"email": "lea@example.org"}, KEY)
    again = Simulator(clock=clock, state=state)
    client = client_of(again)
    assert client.v1.customers.retrieve(customer.id).email == "lea@example.org"
    assert client.v1.customers.create({"email": "lea@example.org"}, KEY).id == customer.id
    assert len(again.outbox) == 1
    session = Shop(again, client).payment_session(customer)
    once_more = client_of(Simulator(clock=clock, state=state))
    assert [item.id for item in once_more.v1.checkout.sessions.list({"customer": customer.id}).data] == [session.id]


def test_the_file_is_the_book_after_every_call(clock, tmp_path):
    sim = Simulator(clock=clock, state=tmp_path / "stripe.json")
    shop = Shop(sim, client_of(sim))
    for step in [
        lambda: shop.transfer(shop.capture().latest_charge.id, shop.account(), 1000),
        lambda: shop.v2.core.accounts.update(sim.book.every("v2.core.account")[0]["id"], {"display_name": "Autre"}),
        lambda: shop.v1.transfers.reversals.create(sim.book.every("transfer")[0]["id"]),
        lambda: shop.v1.payment_methods.detach(shop.saved_card()[1]),
        lambda: open_dispute(sim, sim.book.every("charge")[0]["id"]) and sim.tick(),
        lambda: sim.deliver_all(lambda *_: 200),
        lambda: (clock.advance(days=8), shop.customer()),
        lambda: (clock.advance(days=31), sim.tick()),
    ]:
        step()
        assert json.loads((tmp_path / "stripe.json").read_text()) == sim.book.contents()


def test_an_object_is_found_by_a_field_it_was_given_late(shop, sim):
    session, (customer, method) = shop.payment_session(), shop.saved_card()
    sim.hosted.pay(session.id)
    intent = shop.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert [item.id for item in shop.v1.checkout.sessions.list({"payment_intent": intent}).data] == [session.id]
    assert [item.id for item in shop.v1.customers.payment_methods.list(customer.id).data] == [method]
    shop.v1.payment_methods.detach(method)
    assert shop.v1.customers.payment_methods.list(customer.id).data == []


def test_the_clock_acts_once_a_second(shop, sim, clock):
    session = shop.payment_session(expires_at=sim.timestamp() + 1800)
    shop.customer()
    sim.get("checkout.session", session.id)["expires_at"] = sim.timestamp()
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "open"
    clock.advance(seconds=1)
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_the_clock_acts_when_told_to(shop, sim):
    session = shop.payment_session(expires_at=sim.timestamp() + 1800)
    sim.get("checkout.session", session.id)["expires_at"] = sim.timestamp()
    sim.tick()
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_objects_are_held_to_what_the_sdk_declares(shop, sim):
    shop.capture()
    charge = sim.book.every("charge")[0]
    check_object(charge)
    with pytest.raises(NotStripe):
        check_object(charge | {"colour": "blue"})
    with pytest.raises(NotStripe):
        check_object({name: value for name, value in charge.items() if name != "amount"})
    with pytest.raises(NotStripe):
        check_object(charge | {"amount": "574.08"})
