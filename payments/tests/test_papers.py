"""What follows when a professional may not work any more a mission they agreed to."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.actions import suspend_professional
from accounts.emails import write_email
from accounts.models import Professional
from accounts.tests.factories import make_staff
from marketplace import formatting
from missions.models import Mission
from missions.search import is_listed, may_work
from payments import actions, tasks
from payments.models import Payment
from payments.tests import invariants
from payments.tests.books import moved
from payments.tests.factories import fresh, keep, make_booked_payment, make_held_payment, make_payment
from payments.where import where_is

pytestmark = pytest.mark.django_db

SAVED_THEN_DECLINED = "4000 0000 0000 0341"
DAY = timedelta(hours=24)
SKEW = timedelta(minutes=16)


@pytest.fixture
def held(simulator):
    return make_held_payment(simulator)


@pytest.fixture
def booked(simulator):
    return make_booked_payment(simulator)


def suspend(payment):
    suspend_professional(payment.mission.professional, by=make_staff(), reason="Faux documents")


def approve(payment):
    Professional.objects.filter(pk=payment.mission.professional_id).update(status="approved")


def lose_document(payment):
    payment.mission.professional.documents.filter(kind="insurance").update(status="pending")


def lose_account(payment):
    Professional.objects.filter(pk=payment.mission.professional_id).update(payable=False)


def sweep_at(clock, instant):
    clock.set(instant)
    tasks.sweep_payments()


def people(payment):
    return payment.mission.client.user, payment.mission.professional.user


def letters(user, template):
    owed = user.notifications.filter(template=f"payments/emails/{template}").order_by("pk")
    return [write_email(user, one.template, one.context).body for one in owed]


def states(payment):
    payment = fresh(payment)
    return payment.mission.status, payment.status


def read(payment, user):
    """What the money page says."""
    return where_is(fresh(payment), user, actions.clock.now())


# Secured


def test_a_suspended_professional_is_warned_once_and_told_by_when(held, clock):
    suspend(held)
    sweep_at(clock, clock.now())
    sweep_at(clock, clock.now() + timedelta(hours=20))

    (letter,) = letters(held.mission.professional.user, "papers_missing_professional")
    assert "Votre compte n’est plus approuvé" in letter
    assert formatting.moment(held.mission.starts_at - DAY, held.mission.timezone) in letter
    assert letters(held.mission.client.user, "called_off_client") == []
    assert states(held) == ("secured", "held")


@pytest.mark.parametrize(
    ("lose", "reason"),
    [
        (suspend, "Le compte du professionnel n’est plus approuvé sur notre site."),
        (lose_document, "Un document obligatoire du professionnel n’est pas valable pour cette mission."),
    ],
)
def test_a_day_before_the_start_the_mission_is_cancelled_without_fee_and_both_are_told_why(
    held, simulator, clock, lose, reason
):
    lose(held)
    sweep_at(clock, clock.now())
    sweep_at(clock, held.mission.starts_at - DAY + timedelta(minutes=14))
    assert states(held) == ("secured", "held")
    sweep_at(clock, held.mission.starts_at - DAY + SKEW)

    assert states(held) == ("cancelled", "returned")
    cancellation = fresh(held).mission.cancellation
    assert (cancellation.by, cancellation.reason, cancellation.fee_basis_points) == (None, reason, 0)
    (letter,) = letters(held.mission.client.user, "called_off_client")
    assert reason in letter
    assert "Le montant bloqué sur votre carte est libéré." in letter
    assert reverse("missions:search") in letter
    (letter,) = letters(held.mission.professional.user, "called_off_professional")
    assert reason in letter
    assert moved(simulator) == (0, 0, 0)
    assert invariants.found_wrong(simulator) == []


def test_once_that_day_is_past_the_mission_is_cancelled_at_once(held, clock):
    clock.set(held.mission.starts_at - timedelta(hours=3))
    suspend(held)
    tasks.sweep_payments()

    assert states(held) == ("cancelled", "returned")
    assert letters(held.mission.professional.user, "papers_missing_professional") == []


def test_a_document_that_lapses_in_the_last_day_is_the_teams_to_judge(held, clock):
    clock.set(held.mission.starts_at - timedelta(hours=3))
    staff = make_staff()
    lose_document(held)
    for _sweep in range(2):
        tasks.sweep_payments()

    assert states(held) == ("secured", "held")
    assert staff.notifications.get().template == "payments/emails/papers_lapsed_staff"


def test_a_mission_that_started_is_left_to_its_two_sides(held, clock):
    suspend(held)
    sweep_at(clock, held.mission.starts_at)

    assert states(held) == ("secured", "held")


def test_what_was_captured_already_goes_back(simulator, clock):
    payment = keep(make_held_payment(simulator))
    clock.set(payment.mission.starts_at - timedelta(hours=3))
    suspend(payment)
    tasks.sweep_payments()

    assert states(payment) == ("cancelled", "returned")
    assert moved(simulator) == (payment.amount_cents, 0, payment.amount_cents)
    (letter,) = letters(payment.mission.client.user, "called_off_client")
    assert "il vous est remboursé sur votre carte" in letter


def test_a_file_put_right_in_time_saves_the_mission_and_a_second_lapse_is_told_again(held, clock):
    suspend(held)
    tasks.sweep_payments()
    approve(held)
    sweep_at(clock, clock.now() + timedelta(hours=1))
    assert fresh(held).papers_missing_at is None
    lose_document(held)
    sweep_at(clock, clock.now() + timedelta(hours=1))
    held.mission.professional.documents.update(status="approved")
    sweep_at(clock, held.mission.starts_at - DAY + SKEW)

    assert states(held) == ("secured", "held")
    told = letters(held.mission.professional.user, "papers_missing_professional")
    assert len(told) == 2
    assert "Un document qu’elle demande" in told[1]


def test_an_account_that_stripe_cannot_pay_cancels_nothing(held, clock):
    lose_account(held)
    sweep_at(clock, held.mission.starts_at - DAY + SKEW)
    actions.check_papers(fresh(held))

    assert states(held) == ("secured", "held")
    assert not held.mission.professional.user.notifications.filter(template__contains="papers_missing").exists()


@pytest.mark.parametrize("kind", ["agd", "insurance"])
def test_titles_are_valid_on_the_last_day_and_the_other_papers_today(held, clock, kind):
    """The same answer for one mission as `is_listed`, and by the day on site."""
    last_day = held.mission.ends_at.astimezone(held.mission.zone).date()
    held.mission.professional.documents.filter(kind=kind).update(expires_on=last_day - timedelta(days=1))

    assert may_work(held.mission, now=clock.now()) == (kind == "insurance")
    assert is_listed(held.mission.professional, held.mission, now=clock.now()) == (kind == "insurance")
    assert not may_work(held.mission, now=held.mission.ends_at)


def test_cancelling_costs_a_client_nothing_while_the_professional_may_not_work(held, simulator, clock, client):
    clock.set(held.mission.starts_at - timedelta(hours=20))
    user = held.mission.client.user
    assert actions.cancellation_fee(fresh(held), user) == 5000
    suspend(held)

    client.force_login(user)
    page = client.get(reverse("payments:mission_cancel", args=[held.mission_id]))
    assert page.context["fee"].total_cents == 0
    assert "Vous ne payez rien" in page.content.decode()
    actions.cancel(fresh(held).mission, by=user)
    tasks.sweep_payments()
    assert (states(held), moved(simulator)) == (("cancelled", "returned"), (0, 0, 0))


@pytest.mark.parametrize("count", [1, 3])
def test_whose_papers_changed_is_one_query(simulator, clock, count, django_assert_num_queries):
    for _number in range(count):
        suspend(make_held_payment(simulator))
    make_held_payment(simulator)

    with django_assert_num_queries(1):
        assert len(Payment.objects.papers_changed(clock.now())) == count


# Booked


@pytest.mark.parametrize(
    ("lose", "to_mend", "reason"),
    [
        (suspend, "n’est plus approuvé", "Le compte du professionnel n’est plus approuvé sur notre site."),
        (lose_document, "Un document qu’elle", "Un document obligatoire du professionnel n’est pas valable pour"),
        (lose_account, "Stripe ne peut pas vous payer", "Le compte de paiement du professionnel n’est pas actif."),
    ],
)
def test_a_hold_that_waits_is_told_at_once_and_its_end_has_its_own_reason(booked, clock, lose, to_mend, reason):
    client_user, professional_user = people(booked)
    lose(booked)
    sweep_at(clock, booked.hold_due_at + timedelta(minutes=1))
    (letter,) = letters(client_user, "papers_awaited_client")
    assert "Votre carte n’est pas en cause" in letter
    assert "annuler sans frais" in letter
    sweep_at(clock, clock.now() + timedelta(hours=2))

    assert len(letters(client_user, "papers_awaited_client")) == 1
    (letter,) = letters(professional_user, "papers_missing_professional")
    assert to_mend in letter
    assert not booked.operations.filter(kind="place_hold").exists()
    sweep_at(clock, booked.mission.deadline_at + SKEW)
    assert states(booked) == ("cancelled", "returned")
    assert fresh(booked).mission.cancellation.reason.startswith(reason)
    for user, template in ((client_user, "called_off_client"), (professional_user, "called_off_professional")):
        (letter,) = letters(user, template)
        assert reason in letter
        assert "carte est libéré" not in letter


def test_a_hold_the_bank_refuses_is_not_told_as_missing_papers(simulator, clock):
    payment = make_booked_payment(simulator, SAVED_THEN_DECLINED)
    for hours in (0, 7):
        sweep_at(clock, payment.mission.starts_at - timedelta(hours=48 - hours) + SKEW)
    suspend(payment)
    sweep_at(clock, payment.mission.deadline_at + SKEW)

    assert fresh(payment).mission.cancellation.reason == "Le montant n’a pas pu être bloqué sur la carte."
    (letter,) = letters(payment.mission.client.user, "called_off_client")
    assert "rien n’a été débité" in letter


def test_a_file_put_right_in_the_last_hour_is_still_in_time(booked, clock):
    suspend(booked)
    deadline = booked.mission.deadline_at
    sweep_at(clock, deadline - timedelta(minutes=40))
    approve(booked)
    sweep_at(clock, deadline)

    assert states(booked) == ("secured", "held")
    assert fresh(booked).papers_missing_at is None


def test_the_money_page_names_the_end_and_no_hour_that_slides(booked, clock):
    client_user, professional_user = people(booked)
    suspend(booked)
    sweep_at(clock, booked.hold_due_at + timedelta(minutes=1))
    first = read(booked, client_user)
    sweep_at(clock, clock.now() + timedelta(hours=2))

    assert read(booked, client_user) == first
    assert first.title == "Rien n’est bloqué ni débité"
    assert first.url == reverse("payments:mission_cancel", args=[booked.mission_id])
    assert read(booked, professional_user).title == "Votre dossier n’est plus en ordre"


def test_past_its_hour_a_hold_is_asked_and_not_announced(booked, clock):
    clock.set(booked.hold_due_at + timedelta(minutes=1))

    assert [read(booked, user).situation for user in people(booked)] == ["hold_asked", "hold_asked"]


# The team


@pytest.mark.parametrize("make", [make_held_payment, lambda simulator: make_payment()])
def test_the_team_ends_a_mission_for_both(simulator, clock, make):
    payment = make(simulator)
    actions.cancel_for_both(payment.mission, by=make_staff(), reason="Le site est fermé.")
    tasks.sweep_payments()

    assert states(payment) == ("cancelled", "returned")
    for user, template in zip(people(payment), ("called_off_client", "called_off_professional"), strict=True):
        (letter,) = letters(user, template)
        assert "Le site est fermé." in letter


def test_missions_of_others_stay(held, simulator, clock):
    other = make_held_payment(simulator)
    clock.set(held.mission.starts_at - timedelta(hours=3))
    suspend(held)
    tasks.sweep_payments()

    assert states(other) == ("secured", "held")
    assert Mission.objects.allowed(clock.now()).get() == other.mission
