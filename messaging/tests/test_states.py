"""docs/mission-states.md, walked whole: every act in every state, as every actor, does what it says or nothing."""

from datetime import timedelta
from itertools import product

import pytest
from django.conf import settings

from accounts.tests.factories import make_staff
from marketplace.errors import MarketplaceError
from messaging import actions as messaging
from messaging.tests.factories import make_proposal, make_thread
from missions import actions as missions
from missions.models import Contest, Mission
from payments import actions as payments
from payments.tests.factories import fresh, make_account, make_payment, pay, work

pytestmark = pytest.mark.django_db

FINAL = ("confirmed", "settled", "declined", "expired", "cancelled")


def read_table():
    """{(from, act, who): to}"""
    lines = (settings.BASE_DIR / "docs/mission-states.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    acts = rows[1 : next(number for number, row in enumerate(rows) if row[0] == "state")]
    return {(row[0], row[1], row[2]): row[3] for row in acts}


TABLE = read_table()


# A mission in each state that waits, made by the acts that lead there


def inquiry(simulator):
    mission = make_thread().mission
    make_account(mission.professional, simulator)
    make_proposal(mission.thread)
    return mission


def accepted(simulator, **fields):
    payment = make_payment(**fields)
    make_proposal(make_thread(mission=payment.mission))
    make_account(payment.mission.professional, simulator)
    return payment.mission


def booked(simulator):
    starts_at = payments.clock.now().replace(microsecond=0) + timedelta(days=10)
    return pay(accepted(simulator, starts_at=starts_at).payment, simulator).mission


def secured(simulator):
    return pay(accepted(simulator).payment, simulator).mission


def contested(simulator):
    mission = secured(simulator)
    payments.clock.set(mission.starts_at)
    payments.contest(mission, by=mission.client.user, reason=Contest.Reason.NO_SHOW)
    return mission


STATES = {make.__name__: make for make in (inquiry, accepted, booked, secured, contested)}


# Each act, at the moment it is meant for


def accept(mission, by):
    messaging.accept_proposal(mission.thread.proposals.get(), by=by)


def lapse(mission, by):
    payments.clock.set(max(mission.deadline_at, payments.clock.now()) + timedelta(minutes=1))
    missions.expire_inquiry(mission)
    if hasattr(mission, "payment"):
        payments.expire_unpaid(mission.payment)
        payments.cancel_unheld(mission.payment)
        payments.contest_by_silence(mission)


def hold(mission, by):
    if not hasattr(mission, "payment"):
        return
    if by is None:
        payments.place_hold(mission.payment)
        work(mission.payment)
    else:
        pay(mission.payment, by)


def confirm(mission, by):
    payments.clock.set(max(mission.ends_at, payments.clock.now()))
    payments.confirm(mission, by=by)


def contest(mission, by):
    payments.clock.set(max(mission.starts_at, payments.clock.now()))
    payments.contest(mission, by=by, reason=Contest.Reason.NO_SHOW)


def settle(mission, by):
    payments.settle(mission.contest, by=by, performed_basis_points=5000, note="La moitié")


ACTS = {
    ("accept", "other side"): lambda mission, people: accept(mission, people["client"]),
    ("decline", "professional"): lambda mission, people: messaging.decline_inquiry(
        mission.thread, by=people["professional"]
    ),
    ("withdraw", "client"): lambda mission, people: messaging.withdraw_inquiry(mission.thread, by=people["client"]),
    ("lapse", "clock"): lambda mission, people: lapse(mission, None),
    ("hold", "client"): lambda mission, people: hold(mission, people["simulator"]),
    ("save card", "client"): lambda mission, people: hold(mission, people["simulator"]),
    ("hold", "clock"): lambda mission, people: hold(mission, None),
    ("cancel", "client"): lambda mission, people: payments.cancel(mission, by=people["client"]),
    ("cancel", "professional"): lambda mission, people: payments.cancel(mission, by=people["professional"]),
    ("confirm", "client"): lambda mission, people: confirm(mission, people["client"]),
    ("contest", "client"): lambda mission, people: contest(mission, people["client"]),
    ("contest", "professional"): lambda mission, people: contest(mission, people["professional"]),
    ("settle", "staff"): lambda mission, people: settle(mission, people["staff"]),
}


def attempt(act, mission, people):
    try:
        act(mission, people)
    except (MarketplaceError, Mission.payment.RelatedObjectDoesNotExist, Mission.contest.RelatedObjectDoesNotExist):
        return


def test_the_table_names_only_acts_and_states_that_exist():
    assert {(act, who) for _state, act, who in TABLE} == set(ACTS)
    assert {state for state, _act, _who in TABLE} == set(STATES)
    assert {*STATES, *FINAL} == set(Mission.Status)
    assert set(FINAL) == set(Mission.FINAL)


@pytest.mark.parametrize(("state", "act"), list(product(STATES, ACTS)), ids=str)
def test_every_act_in_every_state_leads_where_the_table_says(simulator, clock, state, act):
    mission = STATES[state](simulator)
    expected = TABLE.get((state, *act), state)
    if act == ("save card", "client") and state == "accepted":
        mission = accepted(simulator, starts_at=clock.now().replace(microsecond=0) + timedelta(days=10))
    people = {
        "client": mission.client.user,
        "professional": mission.professional.user,
        "staff": make_staff(),
        "simulator": simulator,
    }
    if state == "booked" and act == ("hold", "clock"):
        clock.set(fresh(mission.payment).hold_due_at)

    attempt(ACTS[act], mission, people)

    assert Mission.objects.get(pk=mission.pk).status == expected


@pytest.mark.parametrize("act", list(ACTS), ids=str)
def test_a_final_mission_stays_as_it_is(simulator, clock, act):
    mission = secured(simulator)
    payments.cancel(mission, by=mission.professional.user)
    people = {
        "client": mission.client.user,
        "professional": mission.professional.user,
        "staff": make_staff(),
        "simulator": simulator,
    }
    mission.deadline_at = clock.now()

    attempt(ACTS[act], mission, people)

    assert Mission.objects.get(pk=mission.pk).status == Mission.Status.CANCELLED
