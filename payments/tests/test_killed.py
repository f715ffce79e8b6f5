"""A real worker process, killed with SIGKILL while it talks to Stripe: nothing is lost, nothing is done twice."""

import signal
from datetime import timedelta

import pytest

from payments import audit, tasks
from payments.models import StripeOperation
from payments.tests import invariants, worlds
from payments.tests.processes import PATIENCE, Workers, stalling, without_hints
from payments.tests.test_crashes import CALLS, count

pytestmark = pytest.mark.django_db(transaction=True)

Kind = StripeOperation.Kind

# The calls that move money, and where each is posted.
PATHS = {
    Kind.PLACE_HOLD: "/payment_intents",
    Kind.CAPTURE: "/capture",
    Kind.TRANSFER: "/transfers",
    Kind.REFUND: "/refunds",
    Kind.REVERSE: "/reversals",
}


@pytest.fixture(scope="module")
def workers(django_db_setup, tmp_path_factory):
    with Workers(tmp_path_factory.mktemp("workers") / "clock") as workers:
        yield workers


@pytest.mark.parametrize("after", [False, True], ids=["before_the_effect", "after_the_effect"])
@pytest.mark.parametrize("kind", PATHS)
def test_a_worker_killed_while_it_moves_money_is_finished_by_the_sweep_once(simulator, clock, workers, kind, after):
    prepare, _route, effect = CALLS[kind]
    payment, act = prepare(worlds.World.at("empty", simulator), simulator)
    before = count(simulator, effect)
    with without_hints():  # or this very process would be the worker
        act()
    with stalling(simulator, PATHS[kind], after=after) as server:
        worker = workers.start(payment, server, clock)
        assert server.simulator.reached.wait(PATIENCE)
        assert workers.kill(worker) == -signal.SIGKILL
    assert count(simulator, effect) - before == after
    for _sweep in range(2):
        clock.advance(timedelta(minutes=5))
        tasks.sweep_payments()

    assert count(simulator, effect) - before == 1
    assert payment.operations.filter(kind=kind).last().state == StripeOperation.State.DONE
    assert [*audit.differences(), *invariants.always(simulator), *invariants.settled(simulator)] == []
