"""What overriding, invalidating and resuming do to a run that is over, or has not begun."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import pytest

from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    Blocked,
    CancelRequested,
    Closed,
    Event,
    Failed,
    GraceElapsed,
    Idle,
    Invalidated,
    MainSettled,
    Node,
    Open,
    Past,
    Policy,
    Provided,
    Ready,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    RunFinished,
    RunRequested,
    State,
    Succeeded,
    decide,
    transition,
    value_of,
)
from tests.unit.core.states import (
    BOOM,
    after,
    begin,
    cancelled,
    failed,
    gate_closed,
    graph_state,
    invalidated,
    kinds,
    number,
    ordered,
    provided,
    ran,
    rejected,
    rest,
    resumed,
    row,
    started,
    starting,
    stopped,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY: Final = Policy(retries=1)


def fail(task: int, attempt: int, epoch: int) -> AttemptFailed:
    return AttemptFailed(task=task, attempt=attempt, epoch=epoch, at_s=9.0, error=BOOM, retryable=True)


# ── overriding and invalidating (D4) ─────────────────────────────────────────────────────────────


def chain_with_a_side() -> State:
    """Give a finished run of a -> b -> c, with `side` after b and `aside` after `side`, both detached."""
    nodes = [Node("a"), Node("b", ("a",)), Node("c", ("b",))]
    nodes += [Node("side", ("b",), detached=True), Node("aside", ("side",), detached=True)]
    return rest(begin(*nodes))


def test_an_override_invalidates_what_was_computed_from_the_old_value() -> None:
    """Detached tasks that ran keep their results, marked as stale."""
    state = provided(chain_with_a_side(), "a")
    assert row(state, "a") == Provided("provided", Past(1))
    assert row(state, "b") == row(state, "c") == Invalidated(Past(1, invalidations=1))
    for name in ("side", "aside"):
        each = row(state, name)
        assert isinstance(each, Succeeded)
        assert each.stale


def test_an_override_stops_at_a_descendant_that_was_overridden() -> None:
    state = provided(chain_with_a_side(), "b")
    state = rest(resumed(state))
    state = provided(state, "a")
    assert kinds(state)["b"] == "Provided"
    assert kinds(state)["c"] == "Succeeded"


def test_an_override_goes_past_one_that_was_made_before_to_all_others() -> None:
    """Be it the first of several dependents."""
    state = provided(rest(begin(Node("a"), Node("b", ("a",)), Node("c", ("a",)))), "b")
    assert state.graph.dependents[number(state, "a")] == (number(state, "b"), number(state, "c"))
    assert kinds(provided(state, "a")) == {"a": "Provided", "b": "Provided", "c": "Invalidated"}


def test_an_invalidated_result_is_made_anew() -> None:
    """They and their computed descendants; an override is taken back in this way too."""
    state = invalidated(chain_with_a_side(), "b", "c")
    assert kinds(state) == {
        "a": "Succeeded",
        "b": "Invalidated",
        "c": "Invalidated",
        "side": "Succeeded",
        "aside": "Succeeded",
    }
    state = resumed(state)
    assert row(state, "b") == Ready(2, Past(1, invalidations=1))
    assert row(state, "c") == Blocked(1, Past(1, invalidations=1))
    state = invalidated(provided(rest(state), "b"), "b")
    assert isinstance(row(state, "b"), Invalidated)


def test_a_descendant_is_invalidated_once_however_many_ways_lead_to_it() -> None:
    state = rest(begin(Node("a"), Node("b", ("a",)), Node("c", ("a",)), Node("d", ("b", "c"))))
    assert row(invalidated(state, "a", "b"), "d") == Invalidated(Past(1, invalidations=1))


def test_only_what_there_was_counts_as_invalidated() -> None:
    """For the idempotency key (D2): a task that never made a result does not get another key."""
    state = ordered(failed(begin(Node("a"), Node("b", ("a",))), "a"))
    state = provided(state, "a")
    assert row(state, "b") == Invalidated(Past())
    assert row(invalidated(state, "a"), "a") == Invalidated(Past(1, invalidations=1))
    assert row(invalidated(provided(begin_idle(), "a"), "a"), "a") == Invalidated(Past(0, invalidations=1))


def begin_idle() -> State:
    return graph_state([Node("a"), Node("b", ("a",))])


def test_an_override_before_the_first_run_belongs_to_it() -> None:
    """D3."""
    state = provided(begin_idle(), "a", 42)
    assert state.phase == Idle(touched=True)
    assert decide(state) == []
    state = after(state, RunRequested(0.0, 0.0, "run"))
    assert kinds(state) == {"a": "Provided", "b": "Ready"}
    assert value_of(row(state, "a")) == 42


def test_what_is_invalidated_before_the_first_run_is_as_if_untouched() -> None:
    state = after(invalidated(begin_idle(), "a"), RunRequested(0.0, 0.0, "run"))
    assert state == after(begin_idle(), RunRequested(0.0, 0.0, "run"))


def test_an_override_in_a_graph_with_a_failed_task_lets_the_resume_go_on() -> None:
    state = ordered(failed(begin(Node("a"), Node("b", ("a",))), "a"))
    state = rest(resumed(provided(state, "a")))
    assert kinds(state) == {"a": "Provided", "b": "Succeeded"}
    assert state.phase == Closed(None, None)


def test_an_override_replaces_what_was_left_running() -> None:
    state = ordered(after(cancelled(started(begin(Node("a")), "a")), GraceElapsed()))
    state = provided(state, "a")
    assert state.running == 0
    assert row(state, "a") == Provided("provided", Past(1))


# ── resuming (D3) ────────────────────────────────────────────────────────────────────────────────


def test_a_resume_keeps_what_succeeded_and_makes_the_rest_pending() -> None:
    """Detached tasks that succeeded too."""
    nodes = [Node("a"), Node("b"), Node("c", ("b",)), Node("side", ("a",), detached=True)]
    state = rest(failed(ran(begin(*nodes), "a"), "b"))
    kept = {name: row(state, name) for name in ("a", "side")}
    state = resumed(state)
    assert {name: row(state, name) for name in ("a", "side")} == kept
    assert row(state, "b") == Ready(2, Past(1))
    assert row(state, "c") == Blocked(1)
    assert (state.epoch, state.phase) == (1, Open())


def test_a_resume_gives_a_fresh_budget_and_attempts_count_on() -> None:
    state = begin(Node("a", policy=Policy(retries=1, backoff_base_s=0.0)))
    for epoch, attempts in enumerate([(1, 2), (3, 4), (5, 6)]):
        for attempt in attempts:
            assert (row(state, "a").attempt, state.epoch) == (attempt, epoch)
            state = failed(state, "a")
        state = ordered(state)
        assert isinstance(row(state, "a"), Failed)
        state = resumed(state)


@pytest.mark.parametrize(
    ("stop", "attempts"),
    [
        (lambda state: ordered(cancelled(state)), 0),
        (lambda state: ordered(after(cancelled(started(state, "a")), GraceElapsed())), 1),
        (lambda state: ordered(stopped(cancelled(started(state, "a")), "a")), 1),
        (lambda state: ordered(cancelled(ordered(failed(state, "a")))), 1),
        (lambda state: ordered(gate_closed(state, "a")), 0),
        (lambda state: ordered(rejected(state, "a")), 0),
        (lambda state: ordered(failed(state, "a", retryable=False)), 1),
        (lambda state: invalidated(rest(state), "a"), 1),
    ],
)
def test_every_attempt_made_is_counted_after_a_resume(stop: Callable[[State], State], attempts: int) -> None:
    state = resumed(stop(begin(Node("a", policy=RETRY))))
    assert row(state, "a").attempt == attempts + 1


def test_a_resume_of_a_finished_run_has_nothing_to_start() -> None:
    state = resumed(chain_with_a_side())
    assert starting(state) == []
    assert isinstance(ordered(state).phase, Closed)


def test_stale_detached_tasks_run_again_only_where_that_is_asked_for() -> None:
    """D4, with another idempotency key (D2)."""
    state = provided(chain_with_a_side(), "a")
    kept = resumed(state)
    assert kinds(kept)["side"] == "Succeeded"
    again = resumed(state, rerun_detached=True)
    assert row(again, "side") == Blocked(1, Past(1, invalidations=1))
    assert row(again, "aside") == Blocked(1, Past(1, invalidations=1))
    assert not getattr(row(rest(again), "side"), "stale", None)


def test_a_stale_detached_task_stays_stale_until_it_runs_again() -> None:
    """D4: also when what it needs has been made anew meanwhile."""
    state = rest(resumed(provided(chain_with_a_side(), "a")))
    assert kinds(resumed(state))["side"] == "Succeeded"
    again = resumed(state, rerun_detached=True)
    assert row(again, "side") == Ready(2, Past(1, invalidations=1))
    assert row(again, "aside") == Blocked(1, Past(1, invalidations=1))


def test_a_detached_task_whose_value_was_given_is_not_run_again() -> None:
    """An override is nobody's result to be out of date."""
    state = resumed(provided(provided(chain_with_a_side(), "side"), "a"), rerun_detached=True)
    assert kinds(state)["side"] == "Provided"


def test_detached_tasks_that_are_not_stale_are_never_run_again() -> None:
    state = chain_with_a_side()
    assert list(resumed(state, rerun_detached=True).table) == list(state.table)


def test_invalidations_are_counted_through_failures_and_cancels() -> None:
    """The key stays the same over attempts and resumes, until the next invalidation (D2)."""
    stops: list[Callable[[State], State]] = [
        lambda state: ordered(failed(state, "a", retryable=False)),
        lambda state: ordered(stopped(cancelled(started(state, "a")), "a")),
        lambda state: ordered(cancelled(state)),
        lambda state: ordered(gate_closed(state, "a")),
    ]
    state = resumed(invalidated(rest(begin(Node("a", policy=RETRY))), "a"))
    for stop in stops:
        state = resumed(stop(state))
        assert row(state, "a").past.invalidations == 1  # type: ignore[union-attr]  # it is Ready
    state = resumed(invalidated(rest(state), "a"))
    assert row(state, "a").past.invalidations == 2  # type: ignore[union-attr]  # as above


# ── the log ──────────────────────────────────────────────────────────────────────────────────────


def test_the_log_is_the_run() -> None:
    """Folding the events over the first state gives the last one."""
    first = graph_state([Node("a"), Node("b", ("a",))])
    log: tuple[Event, ...] = (
        RunRequested(0.0, 0.0, "run"),
        AttemptStarted(0, 1, 0, 1.0),
        AttemptSucceeded(0, 1, 0, 2.0, "a"),
        AttemptStarted(1, 1, 0, 3.0),
        fail(1, 1, 0),
        MainSettled(),
        RunFinished(),
        ResumeRequested(5.0, 0.0),
        CancelRequested(),
        RunFinished(),
        ResultsInvalidated((0,)),
        ResultProvided(1, "given"),
    )
    state = functools.reduce(transition, log, first)
    assert kinds(state) == {"a": "Invalidated", "b": "Provided"}
    assert first == graph_state([Node("a"), Node("b", ("a",))])
