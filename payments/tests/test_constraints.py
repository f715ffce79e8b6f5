"""What the database itself refuses of the money, whatever the code above it forgets."""

import pytest
from django.db import IntegrityError

from marketplace import clock as site_clock
from payments import actions
from payments.models import LedgerTransaction, StripeEvent, StripeOperation
from payments.tests.factories import make_held_payment, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(simulator):
    return make_held_payment(simulator)


@pytest.fixture
def shared(held, clock):
    clock.set(held.mission.ends_at)
    actions.confirm(held.mission, by=held.mission.client.user)
    return work(held)


def copy(row, **fields):
    """Write the row once more, with these fields changed."""
    row.pk = None
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def test_a_payment_has_one_live_hold(held):
    with pytest.raises(IntegrityError, match="one_live_hold_per_payment"):
        copy(held.holds.get(), intent_id="pi_another")


def test_a_payment_is_captured_once(shared):
    with pytest.raises(IntegrityError, match="one_capture_per_payment"):
        copy(shared.holds.get(), intent_id="pi_another")


@pytest.mark.parametrize("state", ["pending", "done"])
@pytest.mark.parametrize("kind", ["capture", "transfer"])
def test_a_payment_has_one_call_to_capture_and_one_to_transfer(shared, kind, state):
    with pytest.raises(IntegrityError, match="one_capture_and_one_transfer_per_payment"):
        copy(shared.operations.get(kind=kind), key="another", state=state)


def test_a_call_is_booked_once(shared):
    movement = LedgerTransaction.objects.get(payment=shared, kind="capture")
    with pytest.raises(IntegrityError, match="operation_booked_once"):
        copy(movement)


def test_a_price_is_shared_once(shared):
    with pytest.raises(IntegrityError, match="payment_released_once"):
        copy(LedgerTransaction.objects.get(payment=shared, kind="release"))


def test_an_event_is_kept_once():
    event = StripeEvent.objects.create(event_id="evt_1", type="charge.expired", due_at=site_clock.now())
    with pytest.raises(IntegrityError, match="event_id"):
        copy(event)


def test_a_key_is_one_call(held):
    with pytest.raises(IntegrityError, match="key"):
        copy(StripeOperation.objects.get(payment=held, kind="create_session"))
