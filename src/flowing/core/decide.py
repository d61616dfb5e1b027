"""Decide what should happen next. Reads a state, changes nothing, and knows no clock."""

from __future__ import annotations

from sys import maxsize
from typing import TYPE_CHECKING, assert_never

from flowing.core.events import (
    AttemptStarted,
    AwaitPlace,
    BackoffStarted,
    Decision,
    Delay,
    Event,
    Finish,
    GiveUp,
    MainSettled,
    PlaceAwaited,
    RetryAbandoned,
    RunFinished,
    SettleMain,
    Skip,
    Start,
    TaskSkipped,
)
from flowing.core.state import Closed, Detaching, FailingFast, Idle, Open, State, Stopping
from flowing.core.status import BACKOFF, ORDER, READY, Lane, RetryDue, SkipDue

if TYPE_CHECKING:
    from collections.abc import Iterator


def decide(state: State, at_most: int = maxsize) -> list[Decision]:
    """Say what is due now, most urgent first, `at_most` so many. O(log n) each.

    The decisions of one round commute: carry out all of them, or only the first and ask again.
    """
    phase = state.run.phase
    if state.table.has(ORDER) and not isinstance(phase, Idle | Closed):
        return [_order(state, task) for task in _rows_in(state, ORDER, at_most)]
    match phase:
        case Open():
            if not state.main_left:
                return [SettleMain()]
            return _starts(state, 0, state.graph.main, at_most)
        case Detaching():
            if state.running or state.table.has(BACKOFF) or state.table.first(READY, state.graph.main) is not None:
                return _starts(state, state.graph.main, state.graph.size, at_most)
            return [Finish()]
        case Idle() | Closed():
            return []
        case FailingFast():
            return _give_ups(state, at_most) or ([] if state.running else [SettleMain()])
        case Stopping():
            return _give_ups(state, at_most) or ([] if state.running and not phase.grace_over else [Finish()])
        case _:
            assert_never(phase)


def answer(decision: Decision, at_s: float) -> Event:
    """Give the event that says, at `at_s`, that the decision was carried out."""
    match decision:
        case Start(task, attempt, epoch):
            return AttemptStarted(task, attempt, epoch, at_s)
        case Delay(task, attempt, epoch, delay_s):
            return BackoffStarted(task, attempt, epoch, at_s + delay_s)
        case GiveUp(task, attempt, epoch):
            return RetryAbandoned(task, attempt, epoch)
        case Skip(task, attempt, epoch):
            return TaskSkipped(task, attempt, epoch)
        case SettleMain():
            return MainSettled()
        case AwaitPlace():
            return PlaceAwaited()
        case Finish():
            return RunFinished()
        case _:
            assert_never(decision)


def _starts(state: State, first: int, stop: int, at_most: int) -> list[Decision]:
    """Fill the free places with the lowest ready numbers in `first .. stop - 1` (D18)."""
    table = state.table
    task = table.first(READY, first)
    if task is None or task >= stop:
        return []
    free = min(state.free, at_most)
    if free <= 0:
        return [] if state.running or state.run.awaiting_place else [AwaitPlace()]
    starts: list[Decision] = []
    while task is not None and task < stop and len(starts) < free:
        starts.append(Start(task, table[task].attempt, state.epoch))
        task = table.first(READY, task + 1) if len(starts) < free else None
    return starts


def _order(state: State, task: int) -> Decision:
    """Pass a skip on, or have a delay timed."""
    row = state.table[task]
    assert isinstance(row, SkipDue | RetryDue), row
    if isinstance(row, SkipDue):
        return Skip(task, row.attempt, state.epoch)
    return Delay(task, row.attempt, state.epoch, row.delay_s)


def _give_ups(state: State, at_most: int) -> list[Decision]:
    """Let nothing wait for a back-off in a run that stops."""
    return [GiveUp(task, state.table[task].attempt, state.epoch) for task in _rows_in(state, BACKOFF, at_most)]


def _rows_in(state: State, lane: Lane, at_most: int) -> Iterator[int]:
    task = state.table.first(lane)
    while task is not None and at_most > 0:
        yield task
        at_most -= 1
        task = state.table.first(lane, task + 1)
