"""A hold the bank drops once the mission is secured: what is said, and how it is paid again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from messaging.next_action import next_action
from messaging.queries import thread_of
from messaging.tests.factories import make_thread
from missions.models import Mission
from payments import actions, gateway
from payments.errors import PaymentError
from payments.models import Payment
from payments.tests.banks import letter
from payments.tests.books import moved
from payments.tests.factories import fresh, make_ended_payment, make_held_payment, make_payment, pay, work
from payments.where import where_is

pytestmark = pytest.mark.django_db


def lose_hold(payment):
    hold = payment.holds.live().get()
    gateway.client().v1.payment_intents.cancel(hold.intent_id)
    actions.sync.sync_intent(hold.intent_id)


def people(payment):
    return payment.mission.client.user, payment.mission.professional.user


def contest(payment, by, reason="no_show"):
    actions.contest(fresh(payment).mission, by=by, reason=reason, text="Les faits")


def action_of(payment, user):
    return next_action(thread_of(user, payment.mission_id), user, actions.clock.now())


@pytest.fixture
def ended(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    make_thread(mission=payment.mission)
    return payment


def settle(payment, basis_points):
    found = fresh(payment).mission.contest
    actions.settle(found, by=make_staff(), performed_basis_points=basis_points, note="Vu")


def test_a_hold_lost_while_contested_is_told_to_both_sides_and_the_client_pays_again(ended):
    client, professional = people(ended)
    contest(ended, client)
    lose_hold(ended)

    shown = action_of(ended, client)
    assert (shown.button, shown.url) == ("Refaire le paiement", reverse("payments:payment", args=[ended.mission_id]))
    assert where_is(fresh(ended), client, actions.clock.now()).url == shown.url
    assert "a libéré le montant bloqué" in action_of(ended, professional).text
    assert action_of(ended, professional).url == reverse("payments:contest_answer", args=[ended.mission_id])


def test_who_is_accused_and_pays_again_still_finds_where_to_answer(client, ended):
    user, professional = people(ended)
    contest(ended, professional, "client_absent")
    lose_hold(ended)
    assert action_of(ended, user).button == "Refaire le paiement"
    assert action_of(ended, professional).badge == "Paiement à refaire"

    client.force_login(user)
    answer = reverse("payments:contest_answer", args=[ended.mission_id])
    assert answer in client.get(ended.mission.get_absolute_url()).content.decode()
    client.post(answer, {"answer": "J’y étais."})
    assert answer not in client.get(ended.mission.get_absolute_url()).content.decode()


def test_a_contested_mission_is_paid_again_as_long_as_it_is_contested_then_settled(client, simulator, clock, ended):
    user, professional = people(ended)
    contest(ended, user)
    lose_hold(ended)
    clock.set(fresh(ended).mission.deadline_at + timedelta(days=3))
    with pytest.raises(PaymentError, match="refaire son paiement"):
        settle(ended, 5000)

    client.force_login(user)
    url = reverse("payments:payment", args=[ended.mission_id])
    assert "possible jusqu’à la décision de notre équipe" in client.get(url).content.decode()
    payment = pay(fresh(ended), simulator)
    assert (payment.status, payment.mission.status) == (Payment.Status.HELD, Mission.Status.CONTESTED)
    for told in (user, professional):
        side = "client" if told == user else "professional"
        texts = [one.context["contested"] for one in told.notifications.filter(template__endswith=f"secured_{side}")]
        assert texts == [False, True]

    settle(ended, 5000)
    assert work(ended).status == Payment.Status.RELEASED
    assert moved(simulator) == (13_800, 12_000, 0)


def test_staff_settle_at_nothing_what_is_never_paid_again_and_read_so(client, ended):
    contest(ended, ended.mission.client.user)
    lose_hold(ended)
    client.force_login(make_staff())
    page = client.get(reverse("admin:contest_settle", args=[fresh(ended).mission.contest.pk])).content.decode()
    assert "vous ne pouvez retenir que 0\u00a0%" in page

    settle(ended, 0)
    assert fresh(ended).status == Payment.Status.RETURNED


def test_what_becomes_late_no_longer_promises_a_past_day(clock, ended):
    client, professional = people(ended)
    contest(ended, client)
    mission = fresh(ended).mission
    for user in (client, professional):
        assert where_is(fresh(ended), user, clock.now()).then.startswith("Notre équipe décide au plus tard")
    clock.set(mission.deadline_at + timedelta(days=1))
    for user in (client, professional):
        assert where_is(fresh(ended), user, clock.now()).then.startswith("Notre équipe devait décider")
        assert action_of(ended, user).title == "Notre équipe examine toujours la contestation"


def test_nobody_is_asked_to_confirm_while_nothing_is_held(simulator, clock):
    payment = make_held_payment(simulator)
    mission = payment.mission
    owed = mission.client.user.notifications.filter(template__endswith="to_confirm", withdrawn_at=None)
    assert owed.count() == 3

    lose_hold(payment)
    assert owed.count() == 0
    clock.set(mission.ends_at + timedelta(hours=25))
    pay(fresh(payment), simulator)
    assert [notification.due_at for notification in owed] == [mission.ends_at + timedelta(hours=72)]


def test_a_client_who_never_paid_is_not_told_that_an_amount_is_freed(simulator, clock):
    payment = make_payment()
    actions.cancel(payment.mission, by=payment.mission.professional.user)
    assert "Rien n’est bloqué ni débité sur votre carte" in letter(payment.mission.client.user, "cancelled_client")

    payment = make_held_payment(simulator)
    actions.cancel(payment.mission, by=payment.mission.client.user)
    assert "Le reste est libéré sur votre carte." in letter(payment.mission.client.user, "cancelled_client")


def test_the_team_is_not_told_that_a_decided_mission_may_be_paid_again(ended):
    staff = make_staff()
    actions.confirm(ended.mission, by=ended.mission.client.user)
    lose_hold(ended)
    assert "rien ne le sera plus" in letter(staff, "hold_missed_staff")
