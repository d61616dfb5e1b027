"""Every order of a user's flow."""

from __future__ import annotations

import pytest

from flowing import ConfigError, Flow, FlowingError, task
from flowing.testing import Faults, SimulationFailed, TooBig, exhaust, simulate
from tests.property import bugs
from tests.unit.testing.flows import Shop


def test_a_small_flow_is_walked_over_whole() -> None:
    walked = exhaust(Shop().flow, bodies="stub")
    assert (walked.states, walked.transitions) == (exhaust(Shop().flow, bodies="stub").states, walked.transitions)
    assert 10 < walked.states <= walked.transitions < 1_000


def test_more_that_can_happen_is_more_to_walk_over() -> None:
    told = exhaust(Shop().flow, bodies="stub", faults=Faults().fail("charge", attempts=(1,)))
    anything = exhaust(Flow(task(lambda: 0, name="alone", retry=1)), bodies="stub", faults=Faults().any())
    alone = exhaust(Flow(task(lambda: 0, name="alone", retry=1)), bodies="stub")
    assert told.states > exhaust(Shop().flow, bodies="stub").states
    assert anything.states > 10 * alone.states


def test_a_flow_that_is_too_big_says_how_big() -> None:
    wide = Flow(*[task(lambda: 0, name=str(number)) for number in range(12)], max_workers=12)
    with pytest.raises(TooBig, match=r"the flow of 12 tasks has more than 500 states: after [0-9]+ steps") as caught:
        exhaust(wide, bodies="stub", states_max=500)
    assert isinstance(caught.value, FlowingError)
    assert caught.value.states == 500
    assert caught.value.transitions > 500


def test_a_broken_rule_is_shown_with_the_way_there() -> None:
    flow = Shop().flow
    with pytest.MonkeyPatch.context() as patch:
        bugs.put_in(bugs.never_starts_detached_tasks, patch)
        with pytest.raises(SimulationFailed) as caught:
            exhaust(flow, bodies="stub")
        failure = caught.value
        assert failure.claim == "outcomes_equal_the_oracle"
        assert "any_time=True" in failure.replay
        with pytest.raises(SimulationFailed, match=failure.claim):
            simulate(flow, bodies="stub", choices=failure.choices, any_time=True)
    assert simulate(flow, bodies="stub", choices=failure.choices, any_time=True).results.ok


def test_a_task_that_hangs_for_ever_is_found() -> None:
    with pytest.raises(SimulationFailed, match="waits for ever for 'ship'"):
        exhaust(Shop().flow, bodies="stub", faults=Faults().hang("ship"))


def test_real_bodies_are_refused() -> None:
    with pytest.raises(ConfigError, match="it would call each body many thousand times"):
        exhaust(Shop().flow, bodies="real")  # type: ignore[arg-type]  # the mistake itself
