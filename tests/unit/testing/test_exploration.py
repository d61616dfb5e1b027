"""Many simulated runs, each in another order."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from flowing import Flow, StepState, task
from flowing.testing import Faults, SimulationFailed, explore, simulate
from tests.property import bugs
from tests.unit.testing.flows import Shop

if TYPE_CHECKING:
    from flowing.testing import Simulation


def test_every_run_is_looked_at() -> None:
    stories: list[str] = []
    explored = explore(Shop().flow, runs=50, bodies="stub", check=lambda run: stories.append(run.events))
    assert explored.runs == len(stories) == 50
    assert explored.events == sum(story.count("\n") for story in stories)


def test_real_bodies_run_once_in_each() -> None:
    shop = Shop()
    explore(shop.flow, runs=10, bodies="real")
    assert shop.calls.count("charge") == 10


def test_orders_differ() -> None:
    flow = Flow(*[task(lambda: None, name=str(number)) for number in range(4)])
    stories: set[str] = set()
    explore(flow, runs=100, bodies="stub", check=lambda run: stories.add(run.events))
    assert len(stories) > 20


def test_left_to_the_simulator_everything_can_happen() -> None:
    """And nothing can break a rule."""
    shop = Shop()
    states: dict[str, set[StepState]] = {name: set() for name in shop.flow.results}
    cancelled: set[bool] = set()

    def note(run: Simulation) -> None:
        for name, result in run.results.items():
            states[name].add(result.state)
        cancelled.add(run.results.cancelled)

    explore(shop.flow, runs=500, bodies="stub", faults=Faults().any(), check=note)
    ends = {StepState.SUCCEEDED, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED}
    assert states["ship"] == states["email"] == ends
    assert cancelled == {True, False}


def never_times_out(run: Simulation) -> None:
    assert all(type(event).__name__ != "AttemptTimedOut" for _, event in run.story)


def test_a_failure_is_made_plain_and_can_be_seen_again() -> None:
    flow = Shop().flow
    with pytest.raises(SimulationFailed) as caught:
        explore(flow, runs=200, bodies="stub", faults=Faults().any(), check=never_times_out)
    failure = caught.value
    assert failure.claim == "check"
    assert sum(choice > 0 for choice in failure.choices) <= 2  # which end it has, and that it takes too long
    assert failure.replay == (
        f"check(simulate(flow, bodies='stub', choices={failure.choices!r}, faults=Faults().any()))"
    )
    again = simulate(flow, bodies="stub", choices=failure.choices, faults=Faults().any())
    with pytest.raises(AssertionError):
        never_times_out(again)


def test_a_broken_rule_is_made_plain_too() -> None:
    flow = Shop().flow
    with pytest.MonkeyPatch.context() as patch:
        bugs.put_in(bugs.starts_too_early, patch)
        with pytest.raises(SimulationFailed) as caught:
            explore(Flow(task(lambda: 0, name="x", after=[*flow.tasks[:2]])), runs=100, bodies="stub")
    assert caught.value.choices == ()
    assert caught.value.__cause__ is None or isinstance(caught.value.__cause__, Exception)


def test_what_a_check_raises_that_is_no_assertion_goes_through() -> None:
    def check(run: Simulation) -> None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        explore(Shop().flow, runs=1, bodies="stub", check=check)


def test_the_replay_is_a_call_that_python_reads() -> None:
    with pytest.raises(SimulationFailed) as caught:
        explore(Shop().flow, runs=1, bodies="stub", faults=Faults().hang("ship", attempts=(1,)).cancel(after="email"))
    call = ast.parse(caught.value.replay, mode="eval").body
    assert isinstance(call, ast.Call)
    assert [keyword.arg for keyword in call.keywords] == ["bodies", "choices", "faults"]
