"""Decide what should happen next. Reads a state, changes nothing, and knows no clock."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final, assert_never

from flowing.core.events import (
    AttemptStarted,
    AwaitPlace,
    BackoffStarted,
    Commit,
    CommitStarted,
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
from flowing.core.state import Active, Closed, Detaching, FailingFast, Idle, Open, State, Stopping
from flowing.core.status import AGAIN, BACKOFF, COMMIT, ORDER, READY, RetryDue, SkipDue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core.table import Table


_ALL: Final = 1 << 62


def decide(state: State, at_most: int = _ALL) -> Sequence[Decision]:
    """Say what is due now, most urgent first, `at_most` so many. O(log n) each.

    The decisions of one round commute: carry out all of them, or only the first and ask again.
    """
    phase, table = state.run.phase, state.table
    if isinstance(phase, Idle | Closed):
        return []
    if table.has(ORDER):
        return [_order(state, task) for task in islice(table.all_in(ORDER), at_most)]
    if table.has(COMMIT) and not state.run.committing and not (isinstance(phase, Stopping) and phase.grace_over):
        commit = Commit(state.run.commits + 1)
        return [commit] if at_most == 1 else [commit, *_in_phase(state, phase, at_most - 1)]
    return _in_phase(state, phase, at_most)


def _in_phase(state: State, phase: Active, at_most: int) -> Sequence[Decision]:
    """Say what is due apart from orders and commits, which are due in every phase."""
    match phase:
        case Open():
            return _starts(state, 0, state.run.graph.main, at_most) if state.main_left else [SettleMain()]
        case Detaching():
            main = state.graph.main
            if _is_busy(state) or state.table.has(BACKOFF) or _next_ready(state.table, main) is not None:
                return _starts(state, main, state.graph.size, at_most)
            return [Finish()]
        case FailingFast():
            return _give_ups(state, at_most) or ([] if _is_busy(state) else [SettleMain()])
        case Stopping():
            return _give_ups(state, at_most) or ([] if _is_busy(state) and not phase.grace_over else [Finish()])
        case _:
            assert_never(phase)


def _is_busy(state: State) -> bool:
    """Tell whether a body runs, or the value of one is not durable yet."""
    return state.running > 0 or bool(state.run.committing) or state.table.has(COMMIT)


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
        case AwaitPlace(wait):
            return PlaceAwaited(wait)
        case Commit(commit):
            return CommitStarted(commit)
        case Finish():
            return RunFinished()
        case _:
            assert_never(decision)


def _starts(state: State, first: int, stop: int, at_most: int) -> Sequence[Decision]:
    """Fill the free places with the lowest ready numbers in `first .. stop - 1` (D18)."""
    table = state.table
    task = _next_ready(table, first)
    if task is None or task >= stop:
        return []
    free = state.free
    if free <= 0:
        return [] if _is_busy(state) or state.run.awaiting_place else [AwaitPlace(state.run.waits + 1)]
    epoch = state.run.epoch
    starts: list[Decision] = [Start(task, table[task].attempt, epoch)]
    while len(starts) < at_most and len(starts) < free:
        task = _next_ready(table, task + 1)
        if task is None or task >= stop:
            break
        starts.append(Start(task, table[task].attempt, epoch))
    return starts


def _order(state: State, task: int) -> Decision:
    """Pass a skip on, or have a delay timed."""
    row = state.table[task]
    assert isinstance(row, SkipDue | RetryDue), row
    if isinstance(row, SkipDue):
        return Skip(task, row.attempt, state.epoch)
    return Delay(task, row.attempt, state.epoch, row.delay_s)


def _give_ups(state: State, at_most: int) -> Sequence[Decision]:
    """Let no failed task wait for another attempt in a run that stops."""
    lanes = chain(state.table.all_in(BACKOFF), state.table.all_in(AGAIN))
    return [GiveUp(task, state.table[task].attempt, state.epoch) for task in islice(lanes, at_most)]


def _next_ready(table: Table, start: int) -> int | None:
    """Find the first task from `start` on that can start, be it for the first time or again."""
    task = table.first(READY, start)
    if table.has(AGAIN):
        again = table.first(AGAIN, start)
        if task is None or (again is not None and again < task):
            return again
    return task
