"""Cancels of a simulated run that follow a task."""

from __future__ import annotations

import pytest

from flowing import Flow, StepState, task
from flowing.testing import Faults, simulate
from tests.unit.testing.flows import Shop


@pytest.mark.parametrize("seed", range(20))
def test_a_cancel_that_follows_a_task_comes_before_all_that_follows_it(seed: int) -> None:
    """Be it the last one of the run: a cancel is never lost, and nothing starts after it."""
    first = task(lambda: 1, name="first")
    last = task(lambda: 2, name="last", after=[first])
    run = simulate(Flow(last), bodies="stub", seed=seed, faults=Faults().cancel(after=last))
    assert run.results.cancelled
    assert run.results[last].state == StepState.SUCCEEDED
    run = simulate(Flow(last), bodies="stub", seed=seed, faults=Faults().cancel(after=first))
    assert run.results.cancelled
    assert run.results[last].state == StepState.CANCELLED


@pytest.mark.parametrize("seed", range(10))
def test_a_cancel_follows_an_attempt_that_timed_out_and_follows_it_once(seed: int) -> None:
    """An attempt that comes back late has ended before; the cancel it was to be followed by does not come twice."""
    slow = task(lambda: 1, name="slow", timeout_s=1.0, retry=1)
    beside = task(lambda: 2, name="beside")
    for faults in (Faults().hang("slow"), Faults().late("slow")):
        run = simulate(
            Flow(slow, beside), bodies="stub", seed=seed, faults=faults.take("beside", 5.0).cancel(after="slow")
        )
        assert run.results.cancelled
        assert run.results[beside].state == StepState.SUCCEEDED
        assert run.virtual_seconds == 5.0


def test_a_cancel_after_a_task_that_never_runs_never_comes() -> None:
    faults = Faults().fail("cart").cancel(after="ship")
    assert not simulate(Shop().flow, bodies="stub", faults=faults).results.cancelled
