"""Where the money is, as each side reads it, in payments made the way people make them."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Professional
from accounts.tests.factories import make_staff
from missions.models import Contest
from payments import actions, tasks
from payments.tests.factories import fresh, make_account, make_ended_payment, make_held_payment, make_payment, pay, work
from payments.where import where_is

pytestmark = pytest.mark.django_db

SAVED_THEN_DECLINED = "4000 0000 0000 0341"


def url_of(payment):
    return reverse("payments:money", args=[payment.mission_id])


def page_of(client, payment, user):
    client.force_login(user)
    answer = client.get(url_of(payment))
    assert answer.status_code == 200
    return answer.content.decode()


def situations(payment):
    """What the client and the professional read."""
    payment = fresh(payment)
    people = (payment.mission.client.user, payment.mission.professional.user)
    return tuple(where_is(payment, user, actions.clock.now()).situation for user in people)


def far(clock):
    return clock.now().replace(microsecond=0) + timedelta(days=20)


def contest(payment):
    actions.contest(
        payment.mission, by=payment.mission.client.user, reason=Contest.Reason.EARLY_DEPARTURE, text="Parti"
    )


def settle(payment, basis_points):
    actions.settle(fresh(payment).mission.contest, by=make_staff(), performed_basis_points=basis_points, note="Vu")


# Payments in the situations of the table


def awaited(simulator, clock):
    return make_payment()


def saved(simulator, clock, card="4242 4242 4242 4242"):
    payment = make_payment(starts_at=far(clock))
    make_account(payment.mission.professional, simulator)
    return pay(payment, simulator, card)


def retried(simulator, clock):
    payment = saved(simulator, clock, SAVED_THEN_DECLINED)
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    tasks.sweep_payments()
    return payment


def refused(simulator, clock):
    payment = retried(simulator, clock)
    clock.advance(timedelta(hours=6, minutes=1))
    tasks.sweep_payments()
    return payment


def asked(simulator, clock):
    payment = saved(simulator, clock)
    clock.set(payment.hold_due_at)
    actions.place_hold(payment)
    return payment


def held(simulator, clock):
    return make_held_payment(simulator)


def hold_lost(simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.holds.get().capture_before + timedelta(hours=1))
    simulator.tick()
    actions.sync.sync_intent(payment.holds.get().intent_id)
    return payment


def ended(simulator, clock):
    return make_ended_payment(simulator, clock)


def contested(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    contest(payment)
    return payment


def kept(simulator, clock):
    """Captured because the hold was dying, an hour before the mission's end."""
    payment = make_held_payment(simulator)
    actions.keep_hold(payment)
    return work(payment)


def kept_to_confirm(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.keep_hold(payment)
    return work(payment)


def kept_contested(simulator, clock):
    payment = contested(simulator, clock)
    actions.keep_hold(payment)
    return work(payment)


def taking(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return payment


def paid(simulator, clock):
    return work(taking(simulator, clock))


def not_payable(simulator, clock):
    payment = taking(simulator, clock)
    Professional.objects.update(payable=False)
    return work(payment)


def settled_half(simulator, clock):
    payment = contested(simulator, clock)
    settle(payment, 5000)
    return work(payment)


def settled_and_refunded(simulator, clock):
    payment = kept_contested(simulator, clock)
    settle(payment, 6000)
    return work(payment)


def settled_at_nothing(simulator, clock):
    payment = kept_contested(simulator, clock)
    settle(payment, 0)
    return work(payment)


def cancelled_late(simulator, clock):
    payment = make_held_payment(simulator)
    clock.set(payment.mission.starts_at - timedelta(hours=30))
    actions.cancel(payment.mission, by=payment.mission.client.user)
    return work(payment)


def being_freed(simulator, clock):
    payment = make_held_payment(simulator)
    actions.cancel(payment.mission, by=payment.mission.professional.user)
    return payment


def freed(simulator, clock):
    return work(being_freed(simulator, clock))


def never_paid(simulator, clock):
    payment = make_payment()
    actions.cancel(payment.mission, by=payment.mission.client.user)
    return work(payment)


def refunded_by_the_team(simulator, clock):
    payment = paid(simulator, clock)
    actions.refund(payment, by=make_staff(), cents=10_000, bearer="both", reason="Retard")
    return work(payment)


def refunded_by_us_alone(simulator, clock):
    payment = paid(simulator, clock)
    actions.refund(payment, by=make_staff(), cents=10_000, bearer="platform", reason="Geste")
    return work(payment)


SITUATIONS = {
    awaited: ("card_awaited", "card_awaited"),
    saved: ("card_saved", "card_saved"),
    asked: ("hold_asked", "hold_asked"),
    retried: ("hold_retried", "hold_retried"),
    refused: ("card_refused", "card_refused"),
    held: ("held", "held"),
    hold_lost: ("hold_lost", "hold_lost"),
    ended: ("held_to_confirm", "held_to_confirm"),
    contested: ("held_contested", "held_contested"),
    kept: ("kept", "kept"),
    kept_to_confirm: ("kept_to_confirm", "kept_to_confirm"),
    kept_contested: ("kept_contested", "kept_contested"),
    taking: ("taking", "taking"),
    paid: ("debited", "paid"),
    not_payable: ("debited", "not_payable"),
    settled_half: ("debited_in_part", "paid"),
    settled_and_refunded: ("rest_refunded", "paid"),
    settled_at_nothing: ("refunded", "nothing_due"),
    cancelled_late: ("debited_in_part", "paid"),
    being_freed: ("freeing", "nothing_due"),
    freed: ("freed", "nothing_due"),
    never_paid: ("nothing_taken", "nothing_due"),
    refunded_by_the_team: ("team_refunded", "team_taking_back"),
    refunded_by_us_alone: ("team_refunded", "paid"),
}


@pytest.mark.parametrize(("make", "expected"), SITUATIONS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_each_side_reads_its_own_situation(client, simulator, clock, make, expected):
    payment = make(simulator, clock)

    assert situations(payment) == expected
    for user in (payment.mission.client.user, payment.mission.professional.user):
        page = page_of(client, payment, user)
        assert "séquestre" not in page
        assert "%(" not in page
