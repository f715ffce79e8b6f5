from datetime import timedelta

import pytest

from payments import tasks
from payments.tests.banks import Bank, share
from payments.tests.factories import fresh, make_ended_payment


@pytest.fixture
def shared(simulator, clock):
    return share(simulator, clock)


@pytest.fixture
def kept(simulator, clock):
    """Captured because its hold was dying, not confirmed yet."""
    payment = make_ended_payment(simulator, clock)
    clock.set(payment.holds.get().capture_before - timedelta(hours=11))
    tasks.sweep_payments()
    return fresh(payment)


@pytest.fixture
def bank(client, simulator):
    return Bank(client, simulator)
