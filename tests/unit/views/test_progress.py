"""How far a run is: read off any state, in any order of what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing import StepState
from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    BackoffElapsed,
    BackoffStarted,
    Event,
    Limits,
    Node,
    Policy,
    RunRequested,
    State,
    Status,
    compile_graph,
    initial,
    transition,
)
from flowing._rows import results_of
from flowing.testing import simulate
from flowing.views.progress import (
    _OPEN,
    Glance,
    Left,
    RunningTask,
    Watch,
    duration,
    failures_of,
    final_table,
    in_one_line,
)
from tests.unit.testing.flows import Shop

if TYPE_CHECKING:
    from flowing.core import Graph

CHAIN = compile_graph([Node("a"), Node("b", ("a",)), Node("c", ("b",)), Node("d")], Limits())
BEGIN = RunRequested(0.0, 0.0, "run")


def after(graph: Graph, *events: Event) -> State:
    state = initial(graph)
    for event in events:
        state = transition(state, event)
    return state


def failed(task: int, attempt: int, at_s: float) -> AttemptFailed:
    return AttemptFailed(task=task, attempt=attempt, epoch=0, at_s=at_s, error=ValueError("w\x1b"), retryable=True)


def test_every_status_has_a_state() -> None:
    assert set(_OPEN) == set(get_args(Status))


@given(st.integers(0, 10_000))
def test_the_counts_are_those_of_the_results_at_every_moment(seed: int) -> None:
    """Whatever the order in which tasks settle; and each look goes on where the last one ended."""
    flow = Shop().flow
    graph = flow._compiled.graph
    state, watch = initial(graph), Watch(graph, 0.0)
    for at_s, event in simulate(flow, bodies="stub", seed=seed).story:
        state = transition(state, event)
        glance = watch.glance(state, at_s)
        results = results_of(state, {})
        assert glance.counts == results.counts()
        assert glance.retries == sum(max(0, each.attempts - 1) for each in results.values())
        assert glance == Watch(graph, 0.0).glance(state, at_s), "a fresh look sees the same"


def test_running_tasks_are_shown_with_their_time_and_attempt() -> None:
    state = after(CHAIN, BEGIN, AttemptStarted(0, 1, 0, 1.0), AttemptStarted(3, 1, 0, 0.5))
    assert Watch(CHAIN, 0.0).glance(state, 4.0).running == (RunningTask("d", 1, 3.5), RunningTask("a", 1, 3.0))


def test_nothing_is_said_of_what_is_left_before_a_task_is_done() -> None:
    state = after(CHAIN, BEGIN, AttemptStarted(0, 1, 0, 0.0))
    assert Watch(CHAIN, 0.0).glance(state, 100.0).left is None


@pytest.mark.parametrize(("now_s", "about_s"), [(2.0, 4.0), (3.0, 3.0), (90.0, 2.0)])
def test_what_is_left_is_the_longest_path_at_the_mean_of_those_done(now_s: float, about_s: float) -> None:
    """One task took 2 s, two are left on the path; the one that runs counts for what is left of it."""
    state = after(
        CHAIN, BEGIN, AttemptStarted(0, 1, 0, 0.0), AttemptSucceeded(0, 1, 0, 2.0, 1), AttemptStarted(1, 1, 0, 2.0)
    )
    assert Watch(CHAIN, 0.0).glance(state, now_s).left == Left(2, about_s)


def test_the_longest_path_is_followed_to_its_end_and_not_into_detached_tasks() -> None:
    nodes = [Node(str(n), (str(n - 1),) if n else ()) for n in range(50)]
    graph = compile_graph([*nodes, Node("x"), Node("aside", ("49",), detached=True)], Limits())
    watch, state = Watch(graph, 0.0), after(graph, BEGIN)
    for task in range(49):
        state = transition(state, AttemptStarted(task, 1, 0, float(task)))
        state = transition(state, AttemptSucceeded(task, 1, 0, task + 1.0, 0))
        left = watch.glance(state, task + 1.0).left
        assert left is not None
        assert left.tasks == 49 - task


def test_retries_are_counted_and_those_that_wait_for_one() -> None:
    graph = compile_graph([Node("a", policy=Policy(retries=2))], Limits())
    state = after(graph, BEGIN, AttemptStarted(0, 1, 0, 0.0), failed(0, 1, 1.0), BackoffStarted(0, 1, 0, 5.0))
    waiting = Watch(graph, 0.0).glance(state, 2.0)
    assert (waiting.retries, waiting.waiting_to_retry) == (0, 1)
    for event in (BackoffElapsed(0, 1, 0), AttemptStarted(0, 2, 0, 5.0)):
        state = transition(state, event)
    running = Watch(graph, 0.0).glance(state, 6.0)
    assert (running.retries, running.waiting_to_retry) == (1, 0)
    assert running.running == (RunningTask("a", 2, 1.0),)


def glance(**changes: int) -> Glance:
    counts = dict.fromkeys(StepState, 0) | {StepState.SUCCEEDED: 3, StepState.RUNNING: 1, StepState.FAILED: 1}
    return Glance(
        elapsed_s=3.0,
        counts=counts,
        waiting_to_retry=changes.get("waiting", 0),
        retries=changes.get("retries", 0),
        left=Left(1, 61.0),
    )


def test_it_is_said_in_one_line() -> None:
    assert in_one_line(glance(waiting=1, retries=2)) == (
        "4 of 5 tasks done (80 %), 1 running, 1 failed, 2 retries, 1 waiting to retry, "
        "about 1 min 1 s left on the longest path (1 task)"
    )


def test_the_table_in_the_end() -> None:
    assert final_table(glance(retries=1), ["FAILED x: why"]).splitlines() == [
        "STATE      TASKS",
        "RUNNING        1",
        "SUCCEEDED      3",
        "FAILED         1",
        "all            5  in 3.0 s, 1 retry",
        "FAILED x: why",
    ]


def test_failures_are_named_on_a_screenful_of_lines_that_are_safe() -> None:
    """[S8] They are escaped."""
    graph = compile_graph([Node(f"t{n}\x1b[2J") for n in range(12)], Limits(workers=12, fail_fast=False))
    state = after(graph, BEGIN)
    for task in range(12):
        state = transition(transition(state, AttemptStarted(task, 1, 0, 0.0)), failed(task, 1, 1.0))
    lines = failures_of(state)
    assert len(lines) == 11
    assert lines[0] == r"FAILED t0\x1b[2J: ValueError: w\x1b"
    assert lines[-1] == "... and 2 more failed"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61.0, "1 min 1 s"), (7260.0, "2 h 1 min")]
)
def test_times_are_those_that_people_wait(seconds: float, words: str) -> None:
    assert duration(seconds) == words
