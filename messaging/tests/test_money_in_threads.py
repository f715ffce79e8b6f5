"""What a thread says of the money: one line, and what to do when it is stuck."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Professional
from accounts.tests.factories import make_staff
from marketplace import formatting
from messaging.next_action import next_action
from messaging.queries import thread_of
from messaging.tests.factories import make_thread
from messaging.timeline import days
from missions.models import MissionEvent
from payments import actions, tasks
from payments.models import Payment
from payments.simulator import disputes
from payments.tests.factories import (
    fresh,
    keep,
    make_booked_payment,
    make_ended_payment,
    make_held_payment,
    make_payment,
    work,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(simulator):
    payment = make_held_payment(simulator)
    make_thread(mission=payment.mission)
    return payment


def action_of(payment, user):
    return next_action(thread_of(user, payment.mission_id), user, actions.clock.now())


def people(payment):
    return payment.mission.client.user, payment.mission.professional.user


def test_the_thread_says_where_the_money_is_and_leads_there(client, held):
    client.force_login(held.mission.client.user)
    page = client.get(held.mission.get_absolute_url()).content.decode()

    assert "276,00\u00a0€ bloqués sur votre carte, rien n’est débité" in page
    assert f'href="{reverse("payments:money", args=[held.mission_id])}"' in page


def test_while_a_bank_judges_both_sides_are_led_to_the_money(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    make_thread(mission=payment.mission)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    payment = work(payment)
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id)
    actions.sync.sync_dispute(found["id"])

    for user in people(payment):
        shown = action_of(payment, user)
        assert shown.badge == "Contesté à la banque"
        assert shown.url == reverse("payments:money", args=[payment.mission_id])
    disputes.close_dispute(simulator, found["id"], won=True)
    actions.sync.sync_dispute(found["id"])
    assert "Contesté à la banque" not in {action_of(payment, user).badge for user in people(payment)}


def test_a_request_without_a_price_has_no_money_to_follow(client):
    thread = make_thread()
    client.force_login(thread.mission.client.user)

    assert "Suivre l’argent" not in client.get(thread.get_absolute_url()).content.decode()


def test_the_line_costs_two_queries(client, django_assert_num_queries):
    thread = make_thread("accepted")
    client.force_login(thread.mission.client.user)
    client.get(thread.get_absolute_url())
    with django_assert_num_queries(14):
        client.get(thread.get_absolute_url())

    make_payment_for(thread.mission)
    with django_assert_num_queries(16):
        client.get(thread.get_absolute_url())


def make_payment_for(mission):
    return Payment.objects.create(mission=mission, amount_cents=mission.agreement.price.total_cents)


def test_an_open_page_hears_that_the_money_moved(client, held):
    client.force_login(held.mission.client.user)
    url = reverse("messaging:thread_updates", args=[held.mission_id])
    stamp = client.get(url).context["stamp"]
    assert client.get(url, {"stamp": stamp}).status_code == 204

    keep(held)
    assert "débités et conservés par Stripe" in client.get(url, {"stamp": stamp}).content.decode()


def test_a_payment_kept_before_the_mission_is_not_said_to_be_on_the_card(held):
    keep(held)

    client_user, professional_user = people(held)
    assert action_of(held, client_user).text == (
        "Le paiement a été débité, et il est conservé par Stripe jusqu’à votre validation."
    )
    assert action_of(held, professional_user).text.startswith("Le paiement est conservé par Stripe")


@pytest.mark.parametrize("status", ["secured", "confirmed", "cancelled"])
def test_a_payment_a_bank_took_back_is_said_first(held, status):
    Payment.objects.update(status=Payment.Status.LOST)
    type(held.mission).objects.update(status=status, ended_at=actions.clock.now())

    for user in people(held):
        action = action_of(fresh(held), user)
        assert (action.badge, action.button) == ("Repris par la banque", "Suivre l’argent")
        assert action.url == reverse("payments:money", args=[held.mission_id])


def test_a_professional_stripe_cannot_pay_is_told_what_to_do(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    make_thread(mission=payment.mission)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    Professional.objects.update(payable=False)
    work(payment)
    client_user, professional_user = people(payment)

    action = action_of(payment, professional_user)
    assert (action.title, action.mine) == ("Votre paiement vous attend", True)
    assert action.url == reverse("payments:onboarding")
    assert action_of(payment, client_user).title == "À vous\u00a0: donnez votre avis"

    Professional.objects.update(payable=True)
    clock.advance(timedelta(hours=2))
    work(payment)
    assert action_of(payment, professional_user).title == "La mission est terminée"


def test_not_being_payable_is_no_matter_once_paid_or_before_anything_is_due(simulator, clock):
    payment = make_payment()
    make_thread(mission=payment.mission)
    Professional.objects.update(payable=False)

    assert action_of(payment, payment.mission.professional.user).badge == "Paiement attendu"


# Before the start


def booked(simulator):
    payment = make_booked_payment(simulator, "4000 0000 0000 0341")
    make_thread(mission=payment.mission)
    return payment


def judge(payment, status):
    Professional.objects.filter(pk=payment.mission.professional_id).update(status=status)
    tasks.sweep_payments()


def badges(payment):
    return [action_of(payment, user).badge for user in people(payment)]


def test_past_the_hour_of_the_hold_no_side_reads_that_it_is_placed(simulator, clock):
    payment = booked(simulator)
    assert all(badge.startswith("Paiement bloqué le") for badge in badges(payment))

    clock.set(payment.hold_due_at + timedelta(minutes=1))
    assert badges(payment) == ["Blocage demandé à la banque"] * 2
    tasks.sweep_payments()
    assert badges(payment) == ["Blocage refusé, nouvel essai"] * 2
    retried = formatting.near(fresh(payment).hold_due_at, payment.mission)
    assert f"Nouvel essai {retried}." in action_of(payment, payment.mission.client.user).text


def test_a_file_out_of_order_is_said_to_both(simulator, clock):
    payment = booked(simulator)
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    judge(payment, "suspended")
    client_user, professional_user = people(payment)

    assert badges(payment) == ["Dossier du professionnel à revoir", "Dossier à mettre en ordre"]
    assert action_of(payment, client_user).url == reverse("payments:mission_cancel", args=[payment.mission_id])
    shown = action_of(payment, professional_user)
    assert (shown.mine, shown.deadline_at) == (True, payment.mission.starts_at - timedelta(hours=24))


def test_a_mission_paid_and_a_file_out_of_order_is_said_too(held):
    judge(held, "suspended")
    assert badges(held) == ["Dossier du professionnel à revoir", "Dossier à mettre en ordre"]

    judge(held, "approved")
    assert badges(held) == ["Paiement garanti", "Paiement garanti"]


def test_a_mission_the_team_cancels_is_said_to_be_cancelled_by_no_side(held):
    actions.cancel_for_both(held.mission, by=make_staff(), reason="Le site est fermé.")

    for user in people(held):
        entries = [entry for _day, found in days(thread_of(user, held.mission_id), user) for entry in found]
        (end,) = [e for e in entries if e.kind == "event" and e.thing.kind == MissionEvent.Kind.CANCELLED]
        assert end.words == "Mission annulée"
        assert end.details[0].html == "<p>Le site est fermé.</p>"
