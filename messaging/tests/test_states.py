"""docs/mission-states.md, walked whole: every act in every state, as every actor, does what it says or nothing."""

from datetime import timedelta
from itertools import product

import pytest
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from accounts.tests.factories import make_client, make_staff
from marketplace.errors import MarketplaceError
from messaging import actions as messaging
from messaging.tests.factories import make_proposal, make_thread
from missions import actions as missions
from missions.models import Contest, Mission
from payments import actions
from payments.tests.factories import make_account, make_payment, pay, work

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
    return pay(accepted(simulator, starts_at=in_days(10)).payment, simulator).mission


def secured(simulator):
    return pay(accepted(simulator).payment, simulator).mission


def contested(simulator):
    mission = secured(simulator)
    actions.clock.set(mission.starts_at)
    actions.contest(mission, by=mission.client.user, reason=Contest.Reason.NO_SHOW)
    return mission


def in_days(days):
    return actions.clock.now().replace(microsecond=0) + timedelta(days=days)


STATES = {make.__name__: make for make in (inquiry, accepted, booked, secured, contested)}


# Each act, at the moment it is meant for


def accept(mission, by, simulator):
    messaging.accept_proposal(mission.thread.proposals.get(), by=by)


def decline(mission, by, simulator):
    messaging.decline_inquiry(mission.thread, by=by)


def withdraw(mission, by, simulator):
    messaging.withdraw_inquiry(mission.thread, by=by)


def pay_by_card(mission, by, simulator):
    actions.start_checkout(mission.payment, by=by)
    session = mission.payment.sessions.get(status="open")
    simulator.hosted.pay(session.stripe_id)
    actions.sync.sync_session(session.stripe_id)


def place_hold(mission, by, simulator):
    if mission.payment.hold_due_at:
        actions.clock.set(mission.payment.hold_due_at)
    actions.place_hold(mission.payment)
    work(mission.payment)


def lapse(mission, by, simulator):
    actions.clock.set(max(mission.deadline_at, actions.clock.now()) + timedelta(minutes=1))
    missions.expire_inquiry(mission)
    if mission.status == Mission.Status.INQUIRY:
        return
    actions.expire_unpaid(mission.payment)
    actions.cancel_unheld(mission.payment)
    actions.contest_by_silence(mission.payment)


def cancel(mission, by, simulator):
    actions.cancel(mission, by=by)


def cancel_for_both(mission, by, simulator):
    actions.cancel_for_both(mission, by=by, reason="Site fermé")


def lose_papers(mission, by, simulator):
    """Warned, they leave it so until a day before the start."""
    mission.professional.documents.filter(kind="insurance").update(status="pending")
    actions.check_papers(mission.payment)
    actions.clock.set(mission.starts_at - timedelta(hours=24))
    actions.check_papers(mission.payment)


def confirm(mission, by, simulator):
    actions.clock.set(max(mission.ends_at, actions.clock.now()))
    actions.confirm(mission, by=by)


def contest(mission, by, simulator):
    actions.clock.set(max(mission.starts_at, actions.clock.now()))
    actions.contest(mission, by=by, reason=Contest.Reason.NO_SHOW)


def settle(mission, by, simulator):
    actions.settle(mission.contest, by=by, performed_basis_points=5000, note="La moitié")


ACTS = {
    "accept": accept,
    "decline": decline,
    "withdraw": withdraw,
    "hold": pay_by_card,
    "save card": pay_by_card,
    "cancel": cancel,
    "cancel for both": cancel_for_both,
    "confirm": confirm,
    "contest": contest,
    "settle": settle,
}
BY_THE_CLOCK = {"hold": place_hold, "lapse": lapse, "lose papers": lose_papers}


def people_of(mission):
    return {
        "client": mission.client.user,
        "professional": mission.professional.user,
        "staff": make_staff(),
        "stranger": make_client().user,
    }


def attempt(act, mission, by, simulator):
    try:
        with transaction.atomic():
            act(mission, by, simulator)
    except (MarketplaceError, ObjectDoesNotExist):
        return


def status_of(mission):
    return Mission.objects.get(pk=mission.pk).status


def test_the_table_names_only_acts_and_states_that_exist():
    assert {act for _state, act, who in TABLE if who != "clock"} == set(ACTS)
    assert {act for _state, act, who in TABLE if who == "clock"} == set(BY_THE_CLOCK)
    assert {state for state, _act, _who in TABLE} == set(STATES)
    assert {*STATES, *FINAL} == set(Mission.Status)
    assert set(FINAL) == set(Mission.FINAL)


ROWS = sorted(TABLE)


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_each_act_of_the_table_leads_where_it_says(simulator, clock, row):
    state, act, who = row
    mission = accepted(simulator, starts_at=in_days(10)) if act == "save card" else STATES[state](simulator)
    # The proposal is the professional's, so the client is the other side.
    by = {**people_of(mission), "other side": mission.client.user, "clock": None}[who]

    (BY_THE_CLOCK if who == "clock" else ACTS)[act](mission, by, simulator)

    assert status_of(mission) == TABLE[row]


@pytest.mark.parametrize("state", STATES)
def test_nobody_else_does_any_of_it(simulator, clock, state):
    mission = STATES[state](simulator)
    allowed = {(act, "client" if who == "other side" else who) for at, act, who in TABLE if at == state}
    now = clock.now()

    for (act, function), (who, by) in product(ACTS.items(), people_of(mission).items()):
        if (act, who) in allowed or (function is pay_by_card and ("hold", who) in allowed):
            continue
        clock.set(now)
        attempt(function, fresh_mission(mission), by, simulator)
        assert status_of(mission) == state, f"{act} by {who}"


@pytest.mark.parametrize("end", [("secured", "cancel"), ("inquiry", "decline"), ("contested", "settle")], ids=str)
def test_a_final_mission_stays_as_it_is(simulator, clock, end):
    state, last_act = end
    mission = STATES[state](simulator)
    people = people_of(mission)
    ACTS[last_act](mission, people["staff" if last_act == "settle" else "professional"], simulator)
    final = status_of(mission)

    for function, (_who, by) in product([*ACTS.values(), place_hold], people.items()):
        attempt(function, fresh_mission(mission), by, simulator)
    assert status_of(mission) == final
    assert final in FINAL


def fresh_mission(mission):
    return Mission.objects.select_related("client__user", "professional__user").get(pk=mission.pk)


def test_the_thread_says_the_decision_its_reasons_and_each_ones_amount(simulator, clock, client):
    mission = contested(simulator)
    settle(mission, make_staff(), simulator)
    for user, amount in ((mission.client.user, "138,00\xa0€"), (mission.professional.user, "120,00\xa0€")):
        client.force_login(user)
        page = client.get(mission.get_absolute_url()).content.decode()
        assert "Notre équipe retient 50\xa0% de la mission." in page
        assert "La moitié" in page
        assert "Validation" in page
        assert "Avis</span>" not in page
        assert amount in page
