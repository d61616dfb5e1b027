"""Playing events again gives the states that they led through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing import EventLogError, StepState
from flowing._events.facts import Forgotten, Recorded
from flowing._events.replaying import replayed, time_of, until
from flowing._rows import results_of
from flowing.core import (
    AttemptStarted,
    AttemptSucceeded,
    Closed,
    Limits,
    MainSettled,
    Node,
    ResultProvided,
    ResumeRequested,
    RunFinished,
    Running,
    RunRequested,
    Succeeded,
    compile_graph,
)
from flowing.core.events import BackoffStarted, RunRestored
from flowing.testing import simulate
from tests.unit.testing.flows import Shop

GRAPH = compile_graph([Node("a"), Node("b", ("a",))], Limits())
BEGIN = RunRequested(10.0, 0.0, "run")
STORY: list[Recorded] = [
    BEGIN,
    AttemptStarted(0, 1, 0, 11.0),
    AttemptSucceeded(0, 1, 0, 12.0, "A"),
    AttemptStarted(1, 1, 0, 12.5),
    AttemptSucceeded(1, 1, 0, 14.0, "B"),
    MainSettled(),
    RunFinished(),
]


def test_all_of_it_gives_the_end() -> None:
    state = replayed(GRAPH, STORY)
    assert isinstance(state.phase, Closed)
    assert [row.value for row in state.table if isinstance(row, Succeeded)] == ["A", "B"]


def test_a_part_of_it_gives_that_moment() -> None:
    state = replayed(GRAPH, STORY[:4])
    assert [type(row) for row in state.table] == [Succeeded, Running]


@pytest.mark.parametrize(("at_s", "count"), [(-1, 0), (0, 1), (1.0, 2), (2.2, 3), (3.99, 4), (4.0, 7), (1e9, 7)])
def test_a_time_is_counted_from_the_beginning_of_the_run(at_s: float, count: int) -> None:
    """What has no time of its own happened with the event before it."""
    assert len(until(STORY, at_s=at_s)) == count


def test_a_time_of_another_process_is_none() -> None:
    """When the run began that was read, and when a delay will be over, are no times at which an event happened."""
    assert time_of(RunRestored("r", 0, 1.0, 1.0, ())) is None
    assert time_of(BackoffStarted(0, 1, 0, 5.0)) is None
    assert time_of(BEGIN) == 10.0


@given(st.integers(0, 10_000))
def test_the_story_of_any_simulated_run_leads_to_its_results(seed: int) -> None:
    """Retries, time-outs, gates, cancels, skipped and detached tasks: whatever the seed brings."""
    shop = Shop()
    run = simulate(shop.flow, bodies="stub", seed=seed)
    events = [event for _, event in run.story]
    results = results_of(replayed(shop.flow._compiled.graph, events), {})
    assert [*map(shown, results.values())] == [*map(shown, run.results.values())]
    assert results.cancelled is run.results.cancelled


def shown(result: object) -> str:
    return repr(result) + str(getattr(result, "value_or")(None)) + str(getattr(result, "reason"))  # noqa: B009


def test_a_second_run_begins_anew_with_and_without_the_mark() -> None:
    again: list[Recorded] = [RunRequested(20.0, 0.0, "again"), AttemptStarted(0, 1, 1, 21.0)]
    for events in ([*STORY, *again], [*STORY, Forgotten(1), *again]):
        assert results_of(replayed(GRAPH, events), {}).counts()[StepState.PENDING] == 1


def test_what_was_given_before_the_first_run_belongs_to_it() -> None:
    events: list[Recorded] = [ResultProvided(0, 1), BEGIN, AttemptStarted(1, 1, 0, 11.0)]
    assert results_of(replayed(GRAPH, events), {})["a"].overridden


def test_a_run_that_was_broken_off_can_go_on() -> None:
    events = [*STORY[:4], ResumeRequested(20.0, 0.0), AttemptStarted(1, 2, 1, 21.0)]
    results = results_of(replayed(GRAPH, events), {})
    assert [each.state for each in results.values()] == [StepState.SUCCEEDED, StepState.RUNNING]
    assert results["b"].attempts == 2


@pytest.mark.parametrize("missing", range(4))
def test_a_story_with_a_hole_is_refused(missing: int) -> None:
    with pytest.raises(
        EventLogError, match=r"event \d, \w+, can't have followed the \d before it; give replay\(\) every"
    ):
        replayed(GRAPH, STORY[:missing] + STORY[missing + 1 :])


def test_a_story_about_another_graph_is_refused() -> None:
    with pytest.raises(EventLogError, match="or the graph"):
        replayed(GRAPH, [BEGIN, AttemptStarted(7, 1, 0, 11.0)])
