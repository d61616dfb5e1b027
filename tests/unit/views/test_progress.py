"""How far a run is: read off any state, in any order of what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing._rows import results_of
from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    BackoffElapsed,
    BackoffStarted,
    Closed,
    Event,
    Limits,
    Node,
    Policy,
    ResumeRequested,
    RunRequested,
    State,
    Status,
    compile_graph,
    initial,
    transition,
)
from flowing.testing import Faults, simulate
from flowing.views import progress
from flowing.views.progress import _OPEN, Left, RunningTask, Watch
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


@given(st.integers(0, 10_000), st.sampled_from([1, 2, 1024]))
def test_the_counts_are_those_of_the_results_at_every_moment(seed: int, together: int) -> None:
    """Whatever goes wrong, in whatever order, and however many tasks are counted together.

    Each look goes on where the last one ended.
    """
    flow = Shop().flow
    graph = flow._compiled.graph
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "_STRETCH", together)
        state, watch = initial(graph), Watch(graph, 0.0)
        for at_s, event in simulate(flow, bodies="stub", seed=seed, faults=Faults().any()).story:
            state = transition(state, event)
            glance = watch.glance(state, at_s)
            assert glance.counts == results_of(state, {}).counts()
            assert glance.retries == retries(state)
            assert glance == Watch(graph, 0.0).glance(state, at_s), "a fresh look sees the same"
        if isinstance(state.phase, Closed):
            state = transition(state, ResumeRequested(0.0, 0.0))
            assert Watch(graph, 0.0).glance(state, 0.0).retries == retries(state)


def retries(state: State) -> int:
    """Count them one by one."""
    attempts = [each.attempts for each in results_of(state, {}).values()]
    return sum(max(0, made - 1) for made, policy in zip(attempts, state.graph.policies, strict=True) if policy.retries)


def test_tasks_that_are_settled_are_not_looked_at_again() -> None:
    """Shown a state in which nothing has begun, it counts them as they were; those that were not settled, anew."""
    graph = compile_graph([Node(str(n)) for n in range(6)], Limits(workers=6))
    done = after(graph, BEGIN)
    for task in range(5):
        started = transition(done, AttemptStarted(task, 1, 0, 0.0))
        done = transition(started, AttemptSucceeded(task, 1, 0, 1.0, 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "_STRETCH", 2)
        watch = Watch(graph, 0.0)
        assert watch.glance(done, 1.0).done == 5
        assert watch.glance(after(graph, BEGIN), 1.0).done == 4


@pytest.mark.parametrize("allowed", [(0, 0), (2, 2), (0, 2)])
def test_retries_are_counted_whichever_tasks_may_be_retried(allowed: tuple[int, int]) -> None:
    nodes = [Node(name, policy=Policy(retries=most)) for name, most in zip("ab", allowed, strict=True)]
    graph = compile_graph(nodes, Limits(fail_fast=False))
    state = after(graph, BEGIN)
    for task in [task for task in range(2) if allowed[task]]:
        state = transition(transition(state, AttemptStarted(task, 1, 0, 0.0)), failed(task, 1, 1.0))
        state = transition(transition(state, BackoffStarted(task, 1, 0, 2.0)), BackoffElapsed(task, 1, 0))
        state = transition(transition(state, AttemptStarted(task, 2, 0, 2.0)), AttemptSucceeded(task, 2, 0, 3.0, 0))
    assert Watch(graph, 0.0).glance(state, 3.0).retries == sum(most > 0 for most in allowed)


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
