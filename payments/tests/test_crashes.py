"""Each call that writes at Stripe's, cut at each moment it can be: done once, and right within two sweeps."""

from contextlib import suppress
from datetime import timedelta

import pytest

from accounts.tests.factories import make_professional
from marketplace.errors import MarketplaceError
from payments import actions, audit, gateway, runner, sync, tasks
from payments.models import StripeOperation
from payments.simulator import disputes
from payments.tests import invariants, worlds
from payments.tests.factories import onboard, pay
from payments.tests.mortal import Death, MortalClient

pytestmark = pytest.mark.django_db

Kind = StripeOperation.Kind
State = StripeOperation.State

A_DAY_LATER = "killed before our commit, the key forgotten"
CUTS = {
    "killed before the call": lambda process, route: process.die("before", on=route),
    "killed before our commit": lambda process, route: process.die("after", on=route),
    A_DAY_LATER: lambda process, route: process.die("after", on=route),
    "killed after our commit": lambda process, route: None,
    "answer lost": lambda process, route: process.simulator.faults.add("lose_answer", on=route),
    "half an answer": lambda process, route: process.simulator.faults.add("half_answer", on=route),
    "done, then a 500": lambda process, route: process.die("failing", on=route),
    "500 stored under the key": lambda process, route: process.simulator.faults.add("server_error", on=route),
    "connection refused": lambda process, route: process.simulator.faults.add("refuse_connection", on=route),
}

# What makes each call due: prepares, then returns what somebody does and the payment it is about.


def open_page(world, simulator):
    payment = worlds.accepted(world, simulator)
    return payment, lambda: actions.start_checkout(payment, by=world.client.user)


def cancel_with_open_page(world, simulator):
    payment = worlds.accepted(world, simulator)
    actions.start_checkout(payment, by=world.client.user)
    return payment, lambda: actions.cancel(payment.mission, by=world.client.user)


def cancel_held(world, simulator):
    payment = pay(world.agree(50), simulator)
    return payment, lambda: actions.cancel(payment.mission, by=payment.mission.professional.user)


def ask_for_hold(world, simulator):
    payment = worlds.hold_due(world, simulator)
    return payment, lambda: actions.place_hold(payment)


def confirm(world, simulator):
    payment = worlds.ended(world, simulator)
    return payment, lambda: actions.confirm(payment.mission, by=world.client.user)


def settle_kept(world, simulator):
    payment = worlds.kept(world, simulator)
    decision = {"performed_basis_points": 3333, "note": "Un tiers"}
    return payment, lambda: actions.settle(payment.mission.contest, by=world.staff, **decision)


def refund(world, simulator):
    payment = worlds.released(world, simulator)
    decision = {"cents": 5001, "bearer": "both", "reason": "Geste"}
    return payment, lambda: actions.refund(payment, by=world.staff, **decision)


def win_dispute(world, simulator):
    payment = worlds.charged_back(world, simulator)
    disputes.close_dispute(simulator, payment.disputes.get().stripe_id, won=True)
    return payment, lambda: sync.sync_payment(payment)


def open_account(world, simulator):
    return None, lambda: actions.start_onboarding(make_professional(payable=False))


def set_payouts(world, simulator):
    onboard(make_professional(payable=False), simulator)
    return None, lambda: tasks.run_operation(StripeOperation.objects.get(state=State.PENDING).pk)


CALLS = {
    Kind.CREATE_CUSTOMER: (open_page, "customers.create", ("customer", {})),
    Kind.CREATE_SESSION: (open_page, "checkout.sessions.create", ("checkout.session", {})),
    Kind.EXPIRE_SESSION: (
        cancel_with_open_page,
        "checkout.sessions.expire",
        ("event", {"type": "checkout.session.expired"}),
    ),
    Kind.PLACE_HOLD: (ask_for_hold, "payment_intents.create", ("payment_intent", {})),
    Kind.CAPTURE: (confirm, "payment_intents.capture", ("balance_transaction", {"type": "charge"})),
    Kind.CANCEL_HOLD: (cancel_held, "payment_intents.cancel", ("event", {"type": "payment_intent.canceled"})),
    Kind.TRANSFER: (confirm, "transfers.create", ("transfer", {})),
    Kind.REFUND: (settle_kept, "refunds.create", ("balance_transaction", {"type": "refund"})),
    Kind.REVERSE: (refund, "transfers.reversals.create", ("transfer_reversal", {})),
    Kind.PAY_AGAIN: (win_dispute, "transfers.create", ("transfer", {})),
    Kind.CREATE_ACCOUNT: (open_account, "core.accounts.create", ("v2.core.account", {})),
    Kind.SET_PAYOUTS: (set_payouts, "balance_settings.update", ("balance_settings", {})),
}
# Nobody is given what was made first, and it holds no money: making another, or setting it again, harms nobody.
HARMLESS = (Kind.CREATE_CUSTOMER, Kind.CREATE_SESSION, Kind.CREATE_ACCOUNT, Kind.SET_PAYOUTS)
AMBIGUOUS = (A_DAY_LATER, "done, then a 500")
CASES = [(kind, cut) for kind in CALLS for cut in CUTS if not (kind in HARMLESS and cut in AMBIGUOUS)]


def test_every_call_is_cut():
    assert set(CALLS) == set(Kind)


@pytest.mark.parametrize(("kind", "cut"), CASES)
def test_a_call_cut_short_is_made_once_and_right_within_two_sweeps(kind, cut, simulator, clock, monkeypatch):
    prepare, route, effect = CALLS[kind]
    payment, act = prepare(worlds.World.at("empty", simulator), simulator)
    before = count(simulator, effect)
    process = MortalClient(simulator)
    monkeypatch.setattr(gateway, "client", lambda: gateway.connect(process, retries=0))
    CUTS[cut](process, route)

    with suppress(Death, MarketplaceError):
        act()
        if payment and cut != "killed after our commit":
            runner.run_payment(payment.pk)
    for _sweep in range(2):
        clock.advance(timedelta(hours=25) if cut == A_DAY_LATER else timedelta(minutes=5))
        tasks.do_what_is_due()

    assert not process.deaths
    assert not simulator.book.faults
    assert count(simulator, effect) - before == 1
    assert StripeOperation.objects.filter(kind=kind).last().state in (State.DONE, State.REFUSED)
    assert [*audit.differences(), *invariants.always(simulator), *invariants.settled(simulator)] == []


def count(simulator, effect):
    kind, fields = effect
    return len(simulator.book.every(kind, **fields))
