"""The money is right after any sequence of what may happen: SEQUENCES of STEPS, over payments at every stage.

Random at each run. A failure prints its steps, and `@reproduce_failure(…)`, to be put for a while above `Money`.
"""

import gc
import logging
import math
import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from payments.tests.machine import Money
from payments.tests.worlds import STAGES, World

SEQUENCES = int(os.environ.get("SEQUENCES", "300"))
STEPS = int(os.environ.get("STEPS", "12"))

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unhindered():
    """Thousands of sequences spend no time on the warnings of our own faults, nor on garbage that is not theirs."""
    thresholds = gc.get_threshold()
    logging.disable(logging.WARNING)
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("stage", STAGES)
def test_the_money_is_right_whatever_happens(stage, simulator, clock, monkeypatch):
    monkeypatch.setattr(Money, "world", World.at(stage, simulator))
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=math.ceil(SEQUENCES / len(STAGES)),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=False,
            report_multiple_bugs=False,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
