"""Runs of any graph, with any failures, in any order: what holds in all of them, each beside a bug that it catches."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve, frozen
from hypothesis import find, given, settings
from hypothesis import strategies as st

from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    Blocked,
    Closed,
    Detaching,
    Event,
    Failed,
    FailingFast,
    Invalidated,
    Past,
    Policy,
    Provided,
    Ready,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    RunFinished,
    Running,
    RunRequested,
    SkipDue,
    Skipped,
    State,
    Succeeded,
    answer,
    check,
    decide,
    has_result,
    initial,
    is_settled,
    transition,
)
from tests.property.oracle import Outcome, outcomes
from tests.property.scripts import Script, scripts
from tests.property.world import BodyError, Step, Watch, World, outcomes_in

if TYPE_CHECKING:
    from collections.abc import Callable


# ── the claims: each looks at one event, between two states ──────────────────────────────────────


def starts_when_dependencies_succeeded(world: World, before: State, event: Event) -> None:
    """A task starts only when all its dependencies SUCCEEDED."""
    if isinstance(event, AttemptStarted):
        assert all(has_result(before.table[needed]) for needed in before.graph.dependencies[event.task])


def starts_what_has_no_result(world: World, before: State, event: Event) -> None:
    """No resume runs a task again that SUCCEEDED, detached ones included, unless its result was taken back."""
    if isinstance(event, AttemptStarted):
        name = before.graph.names[event.task]
        session = world.script.sessions[before.epoch]
        assert world.known[name].value is None or (session.rerun_detached and event.task >= before.graph.main)


def attempts_are_bounded(world: World, before: State, event: Event) -> None:
    """A task is tried at most 1 + retry times in a run or a resume."""
    starts = Counter((each.epoch, each.task) for each in world.log if isinstance(each, AttemptStarted))
    for (_, task), count in starts.items():
        assert count <= 1 + world.script.tasks[before.graph.names[task]].retries


def attempts_count_on(world: World, before: State, event: Event) -> None:
    """No two attempts of a task have one number, over all resumes."""
    starts = [(each.task, each.attempt) for each in world.log if isinstance(each, AttemptStarted)]
    assert len(starts) == len(set(starts))


def detached_failures_harm_nobody(world: World, before: State, event: Event) -> None:
    """[T10] The failure of a detached task trips nothing, and changes no task but itself and what hangs on it."""
    if isinstance(event, AttemptFailed | AttemptTimedOut) and event.task >= before.graph.main:
        assert world.state.phase == before.phase
        for task, (old, new) in enumerate(zip(before.table, world.state.table, strict=True)):
            assert old == new or task == event.task or event.task in before.graph.dependencies[task]


def late_reports_change_no_status(world: World, before: State, event: Event) -> None:
    """[T2] What comes from an attempt that is no longer the current one changes nothing but the counts."""
    if isinstance(event, AttemptSucceeded | AttemptFailed | AttemptTimedOut | AttemptStopped | BackoffElapsed):
        row = before.table[event.task]
        waits = isinstance(row, Running) or isinstance(event, BackoffElapsed)
        if not waits or row.attempt != event.attempt or before.epoch != event.epoch:
            assert list(world.state.table) == list(before.table)
            assert world.state.phase == before.phase


def settled_stays_settled(world: World, before: State, event: Event) -> None:
    """A settled status changes only through an override, an invalidation, a resume or a run."""
    if not isinstance(event, ResultProvided | ResultsInvalidated | ResumeRequested | RunRequested):
        for old, new in zip(before.table, world.state.table, strict=True):
            assert old == new or not is_settled(old)


def transition_is_pure(world: World, before: State, event: Event) -> None:
    """The same state and event give the same state, and leave the input as it was."""
    again = replayed(world.script, world.log[:-1], world.step)
    assert again == before
    assert world.step(again, event) == world.state == world.step(before, event)
    assert again == before


def state_is_sound(world: World, before: State, event: Event) -> None:
    """Everything that must be true of a state is, after every event."""
    check(world.state)


def log_folds_to_the_state(world: World, before: State, event: Event) -> None:
    """The log is the run: folding it gives the state."""
    if isinstance(event, RunFinished):
        assert replayed(world.script, world.log, world.step) == world.state


def decisions_commute(world: World, before: State, event: Event) -> None:
    """The decisions of one round give the same state in any order."""
    due = decide(world.state)
    in_order = carried_out(world, due)
    assert carried_out(world, due[::-1]) == in_order
    assert carried_out(world, due[1:] + due[:1]) == in_order


def something_happens_or_is_awaited(world: World, before: State, event: Event) -> None:
    """A run in which nothing is due, nothing runs and no timer is set is over."""
    if not isinstance(world.state.phase, Closed) and world.state.epoch >= 0 and not decide(world.state):
        assert world.state.running or world.is_waiting() or event_sets_a_timer(event)


def results_agree_with_their_inputs(world: World, before: State, event: Event) -> None:
    """No result stands that was made from a value which is no longer there."""


# ── what they share ──────────────────────────────────────────────────────────────────────────────


def replayed(script: Script, log: list[Event], step: Step) -> State:
    return functools.reduce(step, log, initial(script.graph()))
