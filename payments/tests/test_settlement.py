"""The page where the team settles a contested mission: what it is told, the amounts it sees, and only then decides."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff
from missions.actions import answer_contest
from missions.models import Contest, Mission
from payments import actions, sync
from payments.errors import PaymentError
from payments.models import Payment
from payments.simulator import disputes
from payments.tests.factories import fresh, keep, make_ended_payment, work

pytestmark = pytest.mark.django_db

STILL_DUE = "L’autre partie peut encore répondre"


@pytest.fixture
def payment(simulator, clock):
    """A payment of 276,00 €, kept, whose client says that nobody came."""
    payment = keep(make_ended_payment(simulator, clock))
    actions.contest(payment.mission, by=payment.mission.client.user, reason="no_show", text="Personne")
    return fresh(payment)


@pytest.fixture
def as_staff(client):
    client.force_login(make_staff())
    return client


def page_of(payment):
    return reverse("admin:contest_settle", args=[payment.mission.contest.pk])


def read(client, payment, **data):
    """The page, or what it answers to these fields."""
    url = page_of(payment)
    return (client.post(url, data) if data else client.get(url)).content.decode()


def test_the_amounts_are_seen_before_they_are_decided(as_staff, payment):
    decision = {"percent": "50", "note": "Moitié faite"}
    page = read(as_staff, payment, **decision)
    for amount in ("138,00\u00a0€", "120,00\u00a0€", "18,00\u00a0€"):
        assert amount in page
    read(as_staff, payment, **decision, seen="9000 27600")
    assert fresh(payment).mission.status == Mission.Status.CONTESTED

    read(as_staff, payment, **decision, seen="5000 27600")
    assert fresh(payment).mission.status == Mission.Status.SETTLED


def test_a_part_too_small_to_be_captured_is_refused_with_those_that_are_not(as_staff, simulator, clock):
    payment = make_ended_payment(simulator, clock)
    actions.contest(payment.mission, by=payment.mission.client.user, reason="no_show", text="Personne")
    page = read(as_staff, payment, percent="0.1", note="Presque rien", seen="10 27600")
    assert "Stripe ne débite pas moins de 0,50\xa0€\xa0: retenez 0\xa0%, ou au moins 0,2\xa0%." in page
    with pytest.raises(PaymentError, match="Stripe ne débite pas moins"):
        actions.settle(payment.mission.contest, by=make_staff(), performed_basis_points=10, note="Presque rien")

    read(as_staff, payment, percent="0.2", note="Presque rien", seen="20 27600")
    assert work(payment).status == Payment.Status.RELEASED
    assert payment.holds.get().captured_cents == 55


def test_what_was_captured_already_is_shared_however_little_is_due(as_staff, payment):
    read(as_staff, payment, percent="0.1", note="Presque rien", seen="10 27600")
    assert work(payment).operations.get(kind="refund").amount_cents == 27_600 - 28


def test_the_amounts_are_those_of_what_a_bank_left(as_staff, payment, simulator):
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id, amount=1_000)
    sync.sync_payment(payment)
    assert "rien n’est versé avant sa décision" in read(as_staff, payment)

    disputes.close_dispute(simulator, found["id"], won=False)
    sync.sync_payment(payment)
    page = read(as_staff, payment, percent="100", note="Fait")
    assert "rien n’est versé avant sa décision" not in page
    for amount in ("10,00\u00a0€", "266,00\u00a0€", "231,30\u00a0€", "34,70\u00a0€", ">0,00\u00a0€"):
        assert amount in page


def test_the_team_reads_until_when_the_other_side_may_answer(as_staff, payment, clock):
    assert STILL_DUE in read(as_staff, payment)
    clock.advance(timedelta(hours=72))
    assert STILL_DUE not in read(as_staff, payment)


def test_once_the_other_side_has_answered_nobody_is_waited_for(as_staff, payment):
    answer_contest(payment.mission.contest, by=payment.mission.professional.user, text="J’y étais.")
    assert STILL_DUE not in read(as_staff, payment)


def test_nobody_is_waited_for_where_nobody_complained(as_staff, payment):
    Contest.objects.update(by=None, reason=Contest.Reason.SILENCE)
    assert STILL_DUE not in read(as_staff, payment)


def test_a_contested_payment_and_its_settlement_lead_to_each_other(as_staff, payment):
    settle, money = page_of(payment), reverse("admin:payments_payment_change", args=[payment.pk])
    assert money in read(as_staff, payment)
    for url in (money, reverse("admin:missions_contest_change", args=[payment.mission.contest.pk])):
        assert settle in as_staff.get(url).content.decode()
