"""Two people, one slot: on PostgreSQL, with threads that really wait for one another."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.tests.factories import make_professional
from marketplace.tests.races import PATIENCE, alone, wait_for_blocked
from messaging.actions import accept_proposal
from messaging.models import Proposal
from messaging.tests.factories import make_proposal, make_thread
from missions.actions import reserve_seats
from missions.errors import SlotTaken
from missions.locking import answer_rivals, lock_professional
from missions.models import Mission, SeatReservation
from missions.tests.factories import make_mission

pytestmark = pytest.mark.django_db(transaction=True)

RIVALS = 16


def run(function, *args):
    """Call in a thread of its own: the answer, or SlotTaken."""
    try:
        return alone(function, *args)
    except SlotTaken as error:
        return error


def make_rivals(agents=1):
    """Sixteen proposals to sixteen clients for the same hours of one professional."""
    professional = make_professional(agents=agents)
    starts_at = make_mission().starts_at
    threads = [make_thread(professional=professional, starts_at=starts_at) for _number in range(RIVALS)]
    return professional, [make_proposal(thread) for thread in threads]


def accept(proposal):
    accept_proposal(proposal, by=proposal.thread.mission.client.user)


@pytest.mark.parametrize("agents", [1, 3])
def test_sixteen_acceptances_of_one_slot_leave_as_many_as_there_are_agents(agents):
    professional, proposals = make_rivals(agents)
    with ThreadPoolExecutor(RIVALS) as pool:
        with transaction.atomic():
            lock_professional(professional.pk)
            answers = [pool.submit(run, accept, proposal) for proposal in proposals]
            wait_for_blocked(RIVALS)
        results = [answer.result() for answer in answers]

    assert sum(isinstance(result, SlotTaken) for result in results) == RIVALS - agents
    assert Mission.objects.filter(status=Mission.Status.ACCEPTED).count() == agents
    assert Proposal.objects.filter(status=Proposal.Status.ACCEPTED).count() == agents
    assert SeatReservation.objects.live().filter(professional=professional).count() == agents


def test_an_acceptance_waits_for_the_one_under_way_and_then_finds_the_slot_taken():
    _professional, (first, second, *_others) = make_rivals()
    accepted, go_on = Event(), Event()

    def accept_slowly():
        with transaction.atomic():
            accept(first)
            accepted.set()
            go_on.wait(PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        winner = pool.submit(run, accept_slowly)
        accepted.wait(PATIENCE)
        rival = pool.submit(run, accept, second)
        wait_for_blocked(1)
        go_on.set()
        winner.result()
        assert isinstance(rival.result(), SlotTaken)
    assert Mission.objects.filter(status=Mission.Status.ACCEPTED).get() == first.thread.mission


def test_the_database_refuses_a_seat_taken_twice_even_without_the_lock():
    professional, (first, second, *_others) = make_rivals()
    reserve_seats(professional, first.thread.mission)
    period = DateTimeTZRange(second.starts_at, second.ends_at)
    with pytest.raises(IntegrityError, match="seat_reserved_once"):
        SeatReservation.objects.create(
            professional=professional, number=1, mission=second.thread.mission, period=period
        )


def test_without_the_lock_the_constraint_still_leaves_one_and_answers_in_words():
    professional, (first, second, *_others) = make_rivals()
    reserved, go_on = Event(), Event()

    @answer_rivals
    @transaction.atomic
    def reserve_unlocked(mission, before_commit=lambda: None):
        reserve_seats(professional, mission)
        before_commit()

    def hold():
        reserved.set()
        go_on.wait(PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        winner = pool.submit(run, reserve_unlocked, first.thread.mission, hold)
        reserved.wait(PATIENCE)
        rival = pool.submit(run, reserve_unlocked, second.thread.mission)
        wait_for_blocked(1)
        go_on.set()
        winner.result()
        assert isinstance(rival.result(), SlotTaken)
    assert SeatReservation.objects.live().get().mission == first.thread.mission


def test_a_rival_that_waits_too_long_is_told_so_in_words():
    professional, (proposal, *_others) = make_rivals()

    def accept_impatiently():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        accept(proposal)

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        lock_professional(professional.pk)
        assert isinstance(pool.submit(run, accept_impatiently).result(), SlotTaken)
    assert Mission.objects.get(pk=proposal.thread_id).status == Mission.Status.INQUIRY
