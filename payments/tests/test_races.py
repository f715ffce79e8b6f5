"""Rivals at one payment, over HTTP: each waits for a lock that the test holds, and finds what the first one left."""

from datetime import timedelta
from functools import partial
from itertools import permutations

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_staff
from marketplace.tests.races import race
from missions.errors import MissionError
from missions.locking import lock_professional
from missions.models import Contest, Mission
from payments import actions, runner, sync, tasks
from payments.errors import PaymentError
from payments.models import CheckoutSession, Payment, Refund, StripeEvent, StripeOperation
from payments.simulator import disputes
from payments.tests.books import books, check_books, moved
from payments.tests.factories import (
    fresh,
    keep,
    make_account,
    make_ended_payment,
    make_held_payment,
    make_payment,
    pay,
)
from payments.tests.webhooks import deliver, post, signed

pytestmark = pytest.mark.django_db(transaction=True)


def visit(user, name, payment, **data):
    """A click of this user on a page of the mission, for later."""
    browser = Client()
    browser.force_login(user)
    return partial(browser.post, reverse(f"payments:{name}", args=[payment.mission_id]), data)


def said(answer):
    """What the site answered to a click: its level and its sentence."""
    assert answer.status_code == 302
    (message,) = get_messages(answer.wsgi_request)
    return message.level_tag, str(message)


def lock(payment):
    return partial(sync.lock_payment, payment)


def captures(simulator):
    """How many captures Stripe made."""
    return len(simulator.book.every("event", type="payment_intent.succeeded"))


def confirmation(payment):
    return visit(payment.mission.client.user, "mission_confirm", payment)


def contestation(payment):
    return visit(payment.mission.client.user, "mission_contest", payment, reason="no_show", text="Personne à 20 h.")


def cancellation(payment, user):
    seen = actions.cancellation_fee(payment, user)
    return visit(user, "mission_cancel", payment, reason="Plus besoin", seen=seen)


# Paying


def test_the_return_page_and_three_copies_of_the_webhook_hold_once_and_tell_once(simulator):
    payment = make_payment()
    make_account(payment.mission.professional, simulator)
    actions.start_checkout(payment, by=payment.mission.client.user)
    session_id = payment.sessions.get().stripe_id
    back = simulator.hosted.pay(session_id)
    delivery = signed(simulator, "checkout.session.completed")
    event_id = simulator.book.every("event", type="checkout.session.completed")[0]["id"]
    mail.outbox.clear()

    def lock_payment_and_event():
        sync.lock_payment(payment)
        StripeEvent.objects.create(
            event_id=event_id, type="checkout.session.completed", object_id=session_id, due_at=actions.clock.now()
        )

    copies = [partial(post, Client(), *delivery)] * 3
    answers = race(lock_payment_and_event, *copies, partial(Client().get, back))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 302]
    payment = fresh(payment)
    assert (payment.status, payment.mission.status) == (Payment.Status.HELD, Mission.Status.SECURED)
    assert payment.holds.count() == 1
    assert payment.mission.events.filter(kind="secured").count() == 1
    assert StripeEvent.objects.get(event_id=event_id).attempts == 1
    for user in (payment.mission.client.user, payment.mission.professional.user):
        assert user.notifications.filter(template__startswith="payments/emails/secured_").count() == 1
        assert sum(message.to == [user.email] for message in mail.outbox) == 1


def test_two_events_of_one_hold_secure_the_mission_once(simulator):
    payment = make_payment()
    make_account(payment.mission.professional, simulator)
    actions.start_checkout(payment, by=payment.mission.client.user)
    simulator.hosted.pay(payment.sessions.get().stripe_id)
    types = ("checkout.session.completed", "payment_intent.amount_capturable_updated")
    posts = [partial(post, Client(), *signed(simulator, type)) for type in types]

    assert [answer.status_code for answer in race(lock(payment), *posts)] == [200, 200]
    assert payment.holds.count() == 1
    assert payment.mission.events.filter(kind="secured").count() == 1
    assert not StripeEvent.objects.exclude(state="done").filter(type__in=types).exists()


def test_ten_clicks_on_pay_leave_one_page_open(simulator):
    payment = make_payment()
    user = payment.mission.client.user
    answers = race(lock(payment), *[visit(user, "checkout_start", payment, early_start="on") for _click in range(10)])

    assert {answer.status_code for answer in answers} - {302} == {303}
    assert {said(answer)[0] for answer in answers if answer.status_code == 302} <= {"error"}
    runner.run_payment(payment.pk)
    ours = list(payment.sessions.filter(status=CheckoutSession.Status.OPEN).values_list("stripe_id", flat=True))
    assert ours == [session["id"] for session in simulator.book.every("checkout.session", status="open")]
    assert len(ours) == 1
    assert len(simulator.book.every("customer")) == 1


def test_a_hold_due_is_placed_once_by_two_workers(simulator, clock):
    payment = make_payment(starts_at=clock.now().replace(microsecond=0) + timedelta(days=20))
    make_account(payment.mission.professional, simulator)
    payment = pay(payment, simulator)
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    place = partial(tasks.perform, "place_hold", payment.pk)
    race(lock(payment), place, place)

    assert fresh(payment).status == Payment.Status.HELD
    assert payment.operations.filter(kind="place_hold").count() == 1
    assert len(simulator.book.every("payment_intent")) == 1


# Deciding


def test_confirming_twice_at_once_captures_and_transfers_once(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    first, second = race(lock(payment), confirmation(payment), confirmation(payment))

    assert said(first) == ("success", "Mission validée\xa0: le paiement du professionnel part.")
    assert said(second) == ("error", "Ce n’est plus possible\xa0: la mission est à l’état «\xa0Validée\xa0».")
    assert (captures(simulator), len(simulator.book.every("transfer"))) == (1, 1)
    assert moved(simulator) == (payment.price.total_cents, payment.price.professional_cents, 0)
    assert payment.mission.client.user.notifications.filter(template="payments/emails/receipt_client").count() == 1
    check_books(simulator)


@pytest.mark.parametrize("order", list(permutations(["confirm", "contest", "cancel"])), ids="-".join)
@pytest.mark.parametrize("ended", [True, False])
def test_of_confirming_contesting_and_cancelling_exactly_one_wins(simulator, clock, order, ended):
    """Each was possible when it was clicked; the clock then stands before the start, or after the end."""
    payment = make_held_payment(simulator)
    before, after = payment.mission.starts_at - timedelta(minutes=5), payment.mission.ends_at + timedelta(minutes=5)
    clicks = {
        "confirm": (after, confirmation(payment)),
        "contest": (after, contestation(payment)),
        "cancel": (before, cancellation(payment, payment.mission.professional.user)),
    }

    def click(name):
        instant, answer = clicks[name]
        clock.set(instant)
        return answer()

    rivals = [partial(click, name) for name in order]
    answers = race(lock(payment), *rivals, once_all_wait=partial(clock.set, after if ended else before))

    winner = next(name for name in order if name != "cancel") if ended else "cancel"
    levels = [level for level, _sentence in map(said, answers)]
    assert levels == ["success" if name == winner else "error" for name in order]
    ends = {
        "confirm": (Payment.Status.RELEASED, (payment.price.total_cents, payment.price.professional_cents, 0)),
        "contest": (Payment.Status.HELD, (0, 0, 0)),
        "cancel": (Payment.Status.RETURNED, (0, 0, 0)),
    }
    assert (fresh(payment).status, moved(simulator)) == ends[winner]
    check_books(simulator)


@pytest.mark.parametrize(("first", "taken"), [("client", 8_280), ("professional", 0)])
def test_when_both_sides_cancel_at_once_the_first_one_counts(simulator, clock, first, taken):
    payment = make_held_payment(simulator)
    clock.set(payment.mission.starts_at - timedelta(hours=30))
    sides = {"client": payment.mission.client.user, "professional": payment.mission.professional.user}
    second = "professional" if first == "client" else "client"
    answers = race(lock(payment), *[cancellation(payment, sides[side]) for side in (first, second)])

    assert [level for level, _sentence in map(said, answers)] == ["success", "error"]
    assert (payment.mission.events.filter(kind="cancelled").count(), moved(simulator)[0]) == (1, taken)
    check_books(simulator)


def test_a_client_who_waits_past_a_step_of_the_policy_is_shown_what_cancelling_costs_by_now(simulator, clock):
    payment = make_held_payment(simulator)
    user, limit = payment.mission.client.user, payment.mission.starts_at - timedelta(hours=24)
    clock.set(limit - timedelta(minutes=1))
    (answer,) = race(lock(payment), cancellation(payment, user), once_all_wait=partial(clock.set, limit))

    assert (answer.status_code, fresh(payment).mission.status) == (200, Mission.Status.SECURED)
    page = answer.content.decode()
    for words in ("Le montant dû vient de changer", "Vous paierez 138,00\xa0€ sur", "Plus besoin</textarea>"):
        assert words in page
    assert said(cancellation(payment, user)()) == ("success", "La mission est annulée.")
    assert moved(simulator)[0] == 13_800


def test_staff_who_settle_twice_at_once_share_once(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.contest(payment.mission, by=payment.mission.client.user, reason="no_show", text="Personne à 20 h.")
    found, staff = fresh(payment).mission.contest, make_staff()

    def settle(basis_points):
        try:
            actions.settle(found, by=staff, performed_basis_points=basis_points, note="Vu")
        except MissionError as error:
            return str(error)

    first, second = race(lock(payment), partial(settle, 5000), partial(settle, 10_000))
    assert (first, bool(second)) == (None, True)
    assert moved(simulator) == (13_800, 12_000, 0)
    check_books(simulator)


def test_staff_who_wait_while_a_bank_takes_a_part_are_shown_what_is_left(simulator, clock):
    payment = keep(make_ended_payment(simulator, clock))
    actions.contest(payment.mission, by=payment.mission.client.user, reason="no_show", text="Personne à 20 h.")
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id, amount=1_000)
    disputes.close_dispute(simulator, found["id"], won=False)
    browser = Client()
    browser.force_login(make_staff())
    url = reverse("admin:contest_settle", args=[Contest.objects.get().pk])
    click = partial(browser.post, url, {"percent": "50", "note": "Vu", "seen": "5000 27600"})
    (answer,) = race(lock(payment), click, once_all_wait=partial(sync.sync_payment, payment))

    page = answer.content.decode()
    assert "Les montants viennent de changer" in page
    assert "Voir les montants" in page
    assert fresh(payment).mission.status == Mission.Status.CONTESTED


# Capturing


def test_two_workers_at_one_capture_make_it_once(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    simulator.faults.add("refuse_connection", on="payment_intents.capture")
    actions.confirm(payment.mission, by=payment.mission.client.user)
    clock.advance(timedelta(minutes=5))
    work = partial(runner.run_payment, payment.pk)
    capture = StripeOperation.objects.filter(kind="capture")
    race(lambda: capture.select_for_update().get(), work, work)

    assert (capture.get().state, capture.get().attempts) == ("done", 2)
    assert (captures(simulator), len(simulator.book.every("transfer"))) == (1, 1)
    check_books(simulator)


@pytest.mark.parametrize("kept_first", [True, False])
def test_keeping_a_dying_hold_against_confirming_captures_once(simulator, clock, kept_first):
    payment = make_ended_payment(simulator, clock)
    clock.set(payment.holds.get().capture_before - timedelta(hours=11))
    rivals = [partial(tasks.perform, "keep_hold", payment.pk), confirmation(payment)]
    race(lock(payment), *(rivals if kept_first else reversed(rivals)))

    assert fresh(payment).status == Payment.Status.RELEASED
    assert (captures(simulator), len(simulator.book.every("transfer"))) == (1, 1)
    assert payment.operations.filter(kind="capture").count() == 1
    assert moved(simulator) == (payment.price.total_cents, payment.price.professional_cents, 0)
    check_books(simulator)


# Returning


def make_shared_payment(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return fresh(payment)


def refund(payment, staff, cents):
    try:
        actions.refund(payment, by=staff, cents=cents, bearer=Refund.Bearer.BOTH, reason="Retard")
    except PaymentError as error:
        return str(error)


def test_staff_who_refund_twice_at_once_return_no_more_than_was_shared(simulator, clock):
    payment, staff = make_shared_payment(simulator, clock), make_staff()
    rival = partial(refund, payment, staff, 20_000)
    first, second = race(lock(payment), rival, rival)

    assert (first, second) == (None, "Le montant dépasse ce qui reste à rembourser de ce paiement.")
    assert moved(simulator) == (27_600, 24_000 - 17_391, 20_000)
    check_books(simulator)


@pytest.mark.parametrize("refund_first", [True, False])
def test_a_chargeback_against_a_refund_never_returns_the_money_twice(simulator, clock, refund_first):
    payment, staff = make_shared_payment(simulator, clock), make_staff()
    simulator.outbox.clear()
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id)
    told = partial(post, Client(), *signed(simulator, "charge.dispute.created"))
    rivals = [partial(refund, payment, staff, 10_000), told]
    answers = race(lock(payment), *(rivals if refund_first else reversed(rivals)))
    assert Refund.objects.exists() is refund_first
    if not refund_first:
        assert answers[1].startswith("La banque du client a déjà repris ce paiement")

    disputes.close_dispute(simulator, found["id"], won=False)
    deliver(Client(), simulator)
    clock.advance(timedelta(hours=2))
    tasks.sweep_payments()
    assert moved(simulator) == (27_600, 0, 0)
    assert books(payment).keys() == {"stripe", "stripe_fees"}
    check_books(simulator)


# The locks themselves

LOCKS = {
    "professional": lambda payment: lock_professional(payment.mission.professional_id),
    "mission": lambda payment: Mission.objects.select_for_update(no_key=True).get(pk=payment.mission_id),
    "payment": lambda payment: Payment.objects.select_for_update(no_key=True).get(pk=payment.pk),
}


@pytest.mark.parametrize("row", LOCKS)
def test_a_payment_is_read_only_once_each_row_above_it_is_ours(simulator, row):
    """Whoever holds one of the three rows alone is waited for, and what they wrote is then read."""
    payment = make_held_payment(simulator)
    write = partial(Payment.objects.filter(pk=payment.pk).update, status=Payment.Status.KEPT)
    rival = transaction.atomic(lock(payment))
    (found,) = race(partial(LOCKS[row], payment), rival, once_all_wait=write)

    assert found.status == Payment.Status.KEPT
