"""Failures that other projects had in public, one test each, named after what must not happen here."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_staff
from marketplace.tests.races import race
from missions.models import Mission
from payments import actions, events, sync, tasks
from payments.errors import PaymentError
from payments.models import Hold, LedgerTransaction, Payment, StripeEvent
from payments.simulator import accounts
from payments.tests.books import books, check_books, moved
from payments.tests.factories import fresh, make_account, make_ended_payment, make_held_payment, make_payment, pay
from payments.tests.webhooks import deliver, post, signed

pytestmark = pytest.mark.django_db(transaction=True)

NEEDS_THE_CLIENT = "4000 0027 6000 3184"


def told(user, template):
    return user.notifications.filter(template=f"payments/emails/{template}").count()


def test_a_hold_that_expires_before_the_mission_is_told_to_everyone(client, simulator, clock):
    """A hold expired before the delivery and nobody knew: coopcycle-web#1388, woocommerce-payments#739."""
    staff, payment = make_staff(), make_held_payment(simulator)
    clock.set(payment.holds.get().capture_before + timedelta(hours=1))
    simulator.tick()
    deliver(client, simulator)

    payment = fresh(payment)
    assert (payment.status, payment.mission.status) == (Payment.Status.CARD_REFUSED, Mission.Status.SECURED)
    mission = payment.mission
    assert told(mission.client.user, "hold_lost_client") == 1
    assert told(mission.professional.user, "hold_lost_professional") == 1
    assert told(staff, "hold_lost_staff") == 1
    with pytest.raises(PaymentError, match="Le blocage sur la carte a été perdu"):
        actions.confirm(mission, by=mission.client.user)
    assert fresh(payment).mission.status == Mission.Status.SECURED

    payment = pay(payment, simulator)
    assert (payment.status, payment.mission.status) == (Payment.Status.HELD, Mission.Status.SECURED)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    assert fresh(payment).status == Payment.Status.RELEASED
    check_books(simulator)


def test_a_hold_about_to_expire_on_a_live_mission_is_captured_and_not_lost(simulator, clock):
    """The same, prevented: the sweep takes the money and keeps it until the mission is decided."""
    payment = make_ended_payment(simulator, clock)
    clock.set(payment.holds.get().capture_before - timedelta(hours=11, minutes=59))
    tasks.sweep_payments()
    clock.advance(timedelta(days=2))
    simulator.tick()

    assert fresh(payment).status == Payment.Status.KEPT
    assert moved(simulator) == (payment.amount_cents, 0, 0)


def test_the_refund_of_a_void_is_not_booked(client, simulator):
    """`charge.refunded` of a hold that was let go, booked as a refund: odoo/odoo PR 259230."""
    payment = make_held_payment(simulator)
    actions.cancel(payment.mission, by=payment.mission.professional.user)
    assert any(event["type"] == "charge.refunded" for event in simulator.book.every("event"))
    deliver(client, simulator)

    assert fresh(payment).status == Payment.Status.RETURNED
    assert not LedgerTransaction.objects.exists()
    assert told(payment.mission.client.user, "refunded_client") == 0
    assert not StripeEvent.objects.filter(state=StripeEvent.State.PENDING).exists()


def test_no_refund_is_asked_of_an_uncaptured_hold(simulator, clock):
    """A refund was called on a hold never captured, and refused: artsy/exchange PR 463."""
    payment = make_ended_payment(simulator, clock)
    actions.contest(payment.mission, by=payment.mission.client.user, reason="no_show", text="Personne à 20 h.")
    actions.settle(fresh(payment).mission.contest, by=make_staff(), performed_basis_points=0, note="Absent")

    assert fresh(payment).status == Payment.Status.RETURNED
    assert simulator.book.get("payment_intent", payment.holds.get().intent_id)["status"] == "canceled"
    assert list(payment.operations.filter(kind__in=["refund", "capture"])) == []
    assert not payment.operations.filter(state="stuck").exists()


def test_page_and_webhook_at_once_settle_once(simulator):
    """Both ran and the order was settled twice: medusajs/medusa#13301, vendure-ecommerce plugins#620."""
    payment = make_payment()
    make_account(payment.mission.professional, simulator)
    actions.start_checkout(payment, by=payment.mission.client.user)
    back = simulator.hosted.pay(payment.sessions.get().stripe_id)
    told_by_stripe = partial(post, Client(), *signed(simulator, "checkout.session.completed"))
    answers = race(partial(sync.lock_payment, payment), partial(Client().get, back), told_by_stripe)

    assert [answer.status_code for answer in answers] == [302, 200]
    assert payment.holds.count() == 1
    assert payment.mission.events.filter(kind="secured").count() == 1
    assert len(simulator.book.every("payment_intent", status="requires_capture")) == 1


def test_a_duplicate_event_is_answered_200(simulator):
    """Two inserts of one event at once, the second answered 500 and sent again for days: dj-stripe#1239."""
    payment = make_payment()
    actions.start_checkout(payment, by=payment.mission.client.user)
    session_id = payment.sessions.get().stripe_id
    simulator.hosted.pay(session_id)
    copy = partial(post, Client(), *signed(simulator, "checkout.session.completed"))
    event_id = simulator.book.every("event", type="checkout.session.completed")[0]["id"]
    insert = partial(events.receive, event_id, "checkout.session.completed", session_id)

    assert [answer.status_code for answer in race(insert, copy, copy, copy)] == [200, 200, 200]
    assert StripeEvent.objects.get().state == StripeEvent.State.DONE
    assert copy().status_code == 200


@pytest.mark.parametrize("page_silent", [True, False])
def test_paid_after_cancellation_by_a_late_3d_secure_is_freed_at_once(client, simulator, clock, page_silent):
    """The client answers their bank once the mission is cancelled: openfoodnetwork#7922, woocommerce-gateway-stripe
    PR 5703. The page is closed first; if Stripe did not hear it, what is held by it goes back at once.
    """
    payment = make_payment()
    actions.start_checkout(payment, by=payment.mission.client.user)
    session_id = payment.sessions.get().stripe_id
    simulator.hosted.pay(session_id, NEEDS_THE_CLIENT, authenticate=None)
    (intent,) = simulator.book.every("payment_intent")
    if page_silent:
        simulator.faults.add("refuse_connection", on="checkout.sessions.expire")
    actions.cancel(payment.mission, by=payment.mission.client.user)
    simulator.hosted.authenticate(intent["id"], accept=True)
    client.get(reverse("payments:checkout_return"), {"session_id": session_id})

    payment = fresh(payment)
    assert (payment.mission.status, payment.status) == (Mission.Status.CANCELLED, Payment.Status.RETURNED)
    assert intent["status"] == "canceled"
    assert list(payment.holds.values_list("status", flat=True)) == [Hold.Status.CANCELLED] * page_silent
    assert told(payment.mission.client.user, "secured_client") == 0
    assert moved(simulator) == (0, 0, 0)


@pytest.mark.parametrize("end", ["confirmed", "cancelled late"])
def test_every_transfer_names_its_charge(simulator, clock, end):
    """Without `source_transaction` a transfer waits for, or empties, another mission's money: stripe-node#936."""
    payment = make_ended_payment(simulator, clock)
    client = payment.mission.client.user
    if end == "confirmed":
        actions.confirm(payment.mission, by=client)
    else:
        clock.set(payment.mission.starts_at - timedelta(hours=1))
        actions.cancel(payment.mission, by=client)

    (transfer,) = simulator.book.every("transfer")
    assert transfer["source_transaction"] == payment.holds.get().charge_id
    assert transfer["transfer_group"] == f"mission_{payment.mission_id}"


@pytest.mark.parametrize("known", [True, False])
def test_an_account_not_payable_at_release_is_told_and_paid_later(client, simulator, clock, known):
    """Transfers to closed accounts failed in silence, 1 221 times: gumroad. Whether we knew of it (`known`) or not."""
    payment = make_ended_payment(simulator, clock)
    professional = payment.mission.professional
    account = simulator.book.get("v2.core.account", professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    if known:
        deliver(client, simulator)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    assert moved(simulator) == (payment.price.total_cents, 0, 0)
    assert books(payment)["payable"] == -payment.price.professional_cents
    assert told(professional.user, "not_payable_professional") == 1

    accounts.set_status(simulator, account, "active")
    deliver(client, simulator)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()
    assert moved(simulator) == (payment.price.total_cents, payment.price.professional_cents, 0)
    assert told(professional.user, "paid_professional") == 1
    check_books(simulator)
