"""What sequences of acts once did wrong, each in its smallest form."""

from contextlib import suppress
from datetime import timedelta

import pytest

from payments import actions, gateway, runner
from payments.errors import PaymentError
from payments.models import Customer, StripeOperation
from payments.tests.factories import make_payment, pay
from payments.tests.mortal import Death, MortalClient

pytestmark = pytest.mark.django_db


def test_a_page_owed_to_a_client_stripe_does_not_know_yet_is_not_made_and_the_next_click_pays(
    simulator, clock, monkeypatch
):
    payment = make_payment()
    process = MortalClient(simulator)
    monkeypatch.setattr(gateway, "client", lambda: gateway.connect(process, retries=0))
    process.die("after", on="customers.create")
    with suppress(Death):
        actions.start_checkout(payment, by=payment.mission.client.user)
    with suppress(PaymentError):
        actions.start_checkout(payment, by=payment.mission.client.user)

    runner.run_payment(payment.pk)

    assert not Customer.objects.exists()
    assert set(payment.operations.values_list("state", flat=True)) == {StripeOperation.State.REFUSED}
    clock.advance(timedelta(minutes=5))
    assert pay(payment, simulator).holds.live().count() == 1
