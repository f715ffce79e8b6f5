from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AvailabilityException, BusyPeriod, Document, ExternalCalendar, Notification
from accounts.tests.factories import make_client, make_professional
from messaging import actions
from messaging.actions import (
    accept_proposal,
    decline_inquiry,
    decline_proposal,
    expire_proposal,
    withdraw_inquiry,
    write_proposal,
)
from messaging.errors import ProposalError
from messaging.models import Proposal
from messaging.tasks import sweep_threads
from messaging.tests.factories import make_proposal, make_thread
from missions.errors import MissionError, SlotTaken
from missions.models import Mission
from missions.tests.factories import make_mission

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread():
    professional = make_professional(agents=2, rates={"guarding": 2700, "event": 3000})
    return make_thread(professional=professional)


def told(user):
    return [
        template.rpartition("/")[2] for template in user.notifications.order_by("pk").values_list("template", flat=True)
    ]


def moved(thread, **changes):
    return thread.mission.terms | changes


# Writing


def test_the_professional_names_the_rate_and_the_price_is_frozen(thread, professional_user):
    proposal = write_proposal(thread, by=professional_user, terms=thread.mission.terms, hourly_cents=2600)
    assert (proposal.number, proposal.hourly_cents, proposal.service_cents) == (1, 2600, 20800)
    assert proposal.price.total_cents == 20800 + 4160 + 3120 + 624


def test_a_client_offers_the_published_rate_whatever_they_ask(thread, client_user):
    proposal = write_proposal(thread, by=client_user, terms=moved(thread, service="event"), hourly_cents=100)
    assert proposal.hourly_cents == 3000


def test_a_newer_proposal_takes_the_place_of_the_older(thread, client_user, professional_user):
    first = write_proposal(thread, by=professional_user, terms=thread.mission.terms, hourly_cents=2600)
    second = write_proposal(thread, by=client_user, terms=thread.mission.terms)
    first.refresh_from_db()
    assert (first.status, second.status, second.number) == ("superseded", "open", 2)


def test_a_proposal_lives_72_hours_or_until_2_hours_before_the_start(thread, professional_user, clock):
    far = write_proposal(thread, by=professional_user, terms=thread.mission.terms)
    assert far.expires_at == far.written_at + timedelta(hours=72)

    starts_at = clock.now() + timedelta(hours=5)
    terms = moved(thread, starts_at=starts_at, ends_at=starts_at + timedelta(hours=4))
    near = write_proposal(thread, by=professional_user, terms=terms)
    assert near.expires_at == starts_at - timedelta(hours=2)


@pytest.mark.parametrize(
    "change",
    [
        {"agents": 3},
        {"service": "close_protection"},
    ],
)
def test_what_the_professional_cannot_do_is_not_proposed(thread, client_user, change):
    with pytest.raises(ProposalError):
        write_proposal(thread, by=client_user, terms=moved(thread, **change))


def test_beyond_12_hours_each_post_takes_two_agents(thread, client_user):
    ends_at = thread.mission.starts_at + timedelta(hours=13)
    write_proposal(thread, by=client_user, terms=moved(thread, ends_at=ends_at))
    with pytest.raises(ProposalError, match="relève"):
        write_proposal(thread, by=client_user, terms=moved(thread, ends_at=ends_at, agents=2))


def test_a_start_within_2_hours_is_refused(thread, client_user, clock):
    starts_at = clock.now() + timedelta(hours=2)
    with pytest.raises(ProposalError, match="deux heures"):
        write_proposal(thread, by=client_user, terms=moved(thread, starts_at=starts_at))


def test_nothing_is_proposed_once_agreed(client_user):
    thread = make_thread("accepted")
    with pytest.raises(MissionError):
        write_proposal(thread, by=thread.mission.client.user, terms=thread.mission.terms)


def test_a_proposal_is_told_to_the_other_side(thread, client_user, professional_user):
    write_proposal(thread, by=professional_user, terms=thread.mission.terms)
    assert (told(client_user), told(professional_user)) == (["proposal"], [])


# Accepting


def test_accepting_agrees_reserves_and_opens_the_payment(thread, client_user, professional_user, clock):
    ends_at = thread.mission.starts_at + timedelta(hours=10)
    proposal = write_proposal(
        thread, by=professional_user, terms=moved(thread, ends_at=ends_at, agents=2), hourly_cents=2600
    )
    accept_proposal(proposal, by=client_user)

    mission = Mission.objects.get(pk=thread.pk)
    assert (mission.status, mission.agents, mission.ends_at) == ("accepted", 2, ends_at)
    assert mission.agreement.price == proposal.price
    assert mission.payment.amount_cents == proposal.price.total_cents
    assert sorted(mission.reservations.live().values_list("number", flat=True)) == [1, 2]
    assert mission.deadline_at - clock.now() <= timedelta(hours=24)
    proposal.refresh_from_db()
    assert proposal.status == "accepted"
    assert told(client_user) == ["proposal", "to_pay_client"]
    assert told(professional_user) == ["accepted"]


def test_the_professional_accepts_what_the_client_proposed(thread, client_user, professional_user):
    accept_proposal(write_proposal(thread, by=client_user, terms=thread.mission.terms), by=professional_user)
    assert Mission.objects.get(pk=thread.pk).agreement.accepted_by == professional_user


def test_nobody_accepts_their_own_proposal(thread, client_user):
    with pytest.raises(ProposalError):
        accept_proposal(make_proposal(thread, client_user), by=client_user)


@pytest.mark.parametrize("status", ["superseded", "declined", "expired", "accepted"])
def test_a_closed_proposal_is_not_accepted(thread, client_user, status):
    with pytest.raises(ProposalError):
        accept_proposal(make_proposal(thread, status=status), by=client_user)


def test_a_proposal_out_of_time_is_not_accepted(thread, client_user, clock):
    proposal = make_proposal(thread)
    clock.advance(timedelta(hours=72))
    with pytest.raises(ProposalError):
        accept_proposal(proposal, by=client_user)


def test_a_taken_slot_gets_its_own_answer_and_changes_nothing(thread, client_user):
    mission = thread.mission
    make_mission(
        "secured", professional=mission.professional, starts_at=mission.starts_at + timedelta(hours=1), agents=2
    )
    proposal = make_proposal(thread)
    with pytest.raises(SlotTaken):
        accept_proposal(proposal, by=client_user)
    assert Mission.objects.get(pk=thread.pk).status == "inquiry"
    assert Proposal.objects.get().status == "open"


def test_papers_must_cover_the_last_day_of_the_mission(thread, client_user):
    first_day = thread.mission.starts_at.date()
    Document.objects.filter(kind="car").update(expires_on=first_day - timedelta(days=1))
    with pytest.raises(ProposalError, match="documents"):
        accept_proposal(make_proposal(thread), by=client_user)


def test_a_professional_who_cannot_be_paid_is_not_booked(thread, client_user):
    thread.mission.professional.payable = False
    thread.mission.professional.save(update_fields=["payable"])
    with pytest.raises(ProposalError, match="paiements"):
        accept_proposal(make_proposal(thread), by=client_user)


def test_a_fourth_unpaid_mission_waits(client_user, thread):
    for _number in range(3):
        make_mission("accepted", client=thread.mission.client)
    with pytest.raises(ProposalError, match="Trois missions"):
        accept_proposal(make_proposal(thread), by=client_user)


# Declining, expiring


def test_declining_leaves_the_request_open(thread, client_user, professional_user):
    proposal = make_proposal(thread)
    decline_proposal(proposal, by=client_user)
    proposal.refresh_from_db()
    assert (proposal.status, Mission.objects.get(pk=thread.pk).status) == ("declined", "inquiry")
    assert told(professional_user) == ["declined"]


def test_nobody_declines_their_own_proposal(thread, professional_user):
    with pytest.raises(ProposalError):
        decline_proposal(make_proposal(thread), by=professional_user)


def test_a_request_declined_takes_its_proposal_with_it(thread, professional_user, client_user):
    proposal = make_proposal(thread, client_user)
    decline_inquiry(thread, by=professional_user)
    proposal.refresh_from_db()
    assert (proposal.status, Mission.objects.get(pk=thread.pk).status) == ("declined", "declined")
    assert told(client_user) == ["declined"]


def test_a_request_withdrawn_takes_its_proposal_with_it(thread, client_user):
    proposal = make_proposal(thread)
    withdraw_inquiry(thread, by=client_user)
    proposal.refresh_from_db()
    assert (proposal.status, Mission.objects.get(pk=thread.pk).status) == ("declined", "cancelled")


def test_the_sweep_closes_what_is_out_of_time_or_whose_request_is_closed(thread, clock):
    late, open_one = make_proposal(thread, expires_at=clock.now()), make_proposal(make_thread())
    orphan = make_proposal(make_thread("expired"))
    sweep_threads()
    for proposal, status in ((late, "expired"), (orphan, "expired"), (open_one, "open")):
        proposal.refresh_from_db()
        assert proposal.status == status


def test_a_sweep_that_stumbles_on_one_closes_the_rest(thread, clock, monkeypatch):
    stuck, late = (make_proposal(each, expires_at=clock.now()) for each in (thread, make_thread()))

    def stumble(proposal):
        if proposal == stuck:
            raise OSError("No route to the database")
        expire_proposal(proposal)

    monkeypatch.setattr(actions, "expire_proposal", stumble)
    sweep_threads()
    assert set(Proposal.objects.values_list("pk", "status")) == {(stuck.pk, "open"), (late.pk, "expired")}


def test_a_proposal_still_in_time_does_not_expire(thread):
    proposal = make_proposal(thread)
    expire_proposal(proposal)
    proposal.refresh_from_db()
    assert proposal.is_open


def test_e_mails_never_carry_the_rate_or_the_instructions(thread, professional_user):
    terms = moved(thread, instructions="Code du portail 4812")
    write_proposal(thread, by=professional_user, terms=terms, hourly_cents=2600)
    told_context = str(Notification.objects.get().context)
    assert "4812" not in told_context
    assert "2600" not in told_context


def test_an_unpaid_client_of_another_name_is_not_counted(thread, client_user):
    for _number in range(3):
        make_mission("accepted", client=make_client("Quelqu’un d’autre"))
    accept_proposal(make_proposal(thread), by=client_user)


@pytest.mark.parametrize(("hours_before", "refused"), [(1, True), (30, False)])
def test_a_period_closed_since_then_is_not_agreed_on(thread, client_user, hours_before, refused):
    """Closed from some hours before the start, for two hours."""
    proposal = make_proposal(thread)
    start = timezone.localtime(proposal.starts_at, proposal.zone) - timedelta(hours=hours_before)
    end = start + timedelta(hours=2)
    AvailabilityException.objects.create(
        professional=thread.mission.professional,
        starts_on=start.date(),
        starts_at=start.time(),
        ends_on=end.date(),
        ends_at=end.time(),
    )
    if refused:
        with pytest.raises(ProposalError, match="a fermé cette période"):
            accept_proposal(proposal, by=client_user)
    else:
        accept_proposal(proposal, by=client_user)
    thread.mission.refresh_from_db()
    assert (thread.mission.status == Mission.Status.ACCEPTED) is not refused


@pytest.mark.parametrize(("hours_before", "refused"), [(1, True), (2, False)])
def test_a_period_taken_in_the_outside_calendar_is_not_agreed_on(thread, client_user, hours_before, refused):
    """Busy from some hours before the start, for two hours: an event that ends at the start only touches it."""
    proposal = make_proposal(thread)
    starts_at = proposal.starts_at - timedelta(hours=hours_before)
    calendar = ExternalCalendar.objects.create(
        professional=thread.mission.professional, url="https://exemple.fr/agenda.ics", due_at=starts_at
    )
    BusyPeriod.objects.create(calendar=calendar, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    if refused:
        with pytest.raises(ProposalError, match="l’a prise ailleurs"):
            accept_proposal(proposal, by=client_user)
    else:
        accept_proposal(proposal, by=client_user)
    thread.mission.refresh_from_db()
    assert (thread.mission.status == Mission.Status.ACCEPTED) is not refused
