"""What an event about the whole run does to the state: one function a legal pair. The pairs are in `transition`."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import evolve

from flowing.core.state import (
    Active,
    Closed,
    Detaching,
    FailingFast,
    Idle,
    Open,
    Phase,
    State,
    Stopping,
    Times,
    has_result,
    is_settled,
)
from flowing.core.status import (
    COMMIT,
    FRESH,
    BackingOff,
    Because,
    Blocked,
    Cancelled,
    CommitDue,
    Committing,
    Failed,
    Invalidated,
    Known,
    Past,
    Provided,
    Ready,
    ReadyAgain,
    RetryDue,
    Running,
    Status,
    Succeeded,
    make_succeeded,
)
from flowing.core.steps import moved, refusal, unblocked, with_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowing.core.events import (
        CancelRequested,
        CommitStarted,
        Event,
        GraceElapsed,
        MainSettled,
        PlaceAwaited,
        PlacesExhausted,
        ResultProvided,
        ResultsCommitted,
        ResultsInvalidated,
        ResumeRequested,
        RunFinished,
        RunRequested,
        RunRestored,
    )


def run(state: State, phase: Idle, event: RunRequested) -> State:
    """Begin; what was provided before counts."""
    if phase.touched:
        state = _pending_again(state, {n: past_of(row) for n, row in enumerate(state.table) if not has_result(row)})
    return with_run(state, phase=Open(), times=Times(event.run_id, event.at_s, event.wall_s))


def restore(state: State, _phase: Idle, event: RunRestored) -> State:
    """Take over the run that the rows are of, closed as it is; `resume` goes on with it. O(nodes + edges)."""
    state = _replaced(state, dict[int, Status](event.rows))
    rest = {
        task: past_of(row)
        for task, row in enumerate(state.table)
        if not has_result(row) and not isinstance(row, CommitDue)
    }
    times = Times(event.run_id, event.at_s, event.wall_s)
    return with_run(_pending_again(state, rest), phase=Closed(None, None), epoch=event.epoch, times=times)


def resume(state: State, _phase: Closed, event: ResumeRequested) -> State:
    """Keep what has a result or only lacks a commit, make everything else pending. O(nodes + edges)."""
    assert state.run.times is not None
    again: dict[int, Past] = {}
    uncommitted: dict[int, Status] = {}
    for task, row in enumerate(state.table):
        if event.rerun_detached and task >= state.graph.main and _is_stale(state, task, row, again):
            again[task] = _invalidated(row).past
        elif isinstance(row, CommitDue | Committing):
            uncommitted[task] = row if isinstance(row, CommitDue) else row.due
        elif not has_result(row):
            again[task] = past_of(row)
    return with_run(
        _replaced(_pending_again(state, again), uncommitted),
        phase=Open(),
        epoch=state.epoch + 1,
        committing=(),
        abandoned=frozenset[tuple[int, int]](),
        awaiting_place=False,
        times=Times(state.run.times.id, event.at_s, event.wall_s),
    )


def _is_stale(state: State, task: int, row: Status, again: Mapping[int, Past]) -> bool:
    """Tell whether a detached result was made from inputs that have changed, or are being made again."""
    if not isinstance(row, Succeeded | CommitDue | Committing):
        return False
    is_stale = isinstance(row, Succeeded) and row.stale
    return is_stale or not again.keys().isdisjoint(state.graph.dependencies[task])


def past_of(row: Status) -> Past:
    """Say what a row keeps of its attempts when it becomes pending."""
    match row:
        case RetryDue() | BackingOff() | ReadyAgain() | Failed():
            invalidations = row.failure.run.past.invalidations
        case Cancelled():
            invalidations = row.run.past.invalidations
        case _:
            invalidations = row.past.invalidations
    made = row.attempt - 1 if isinstance(row, Ready | ReadyAgain) else row.attempt
    return Past(made, invalidations) if made or invalidations else FRESH


def known_of(row: Status) -> Known | None:
    """Say what counts of a row when its run is restored; None for one that is as new."""
    match row:
        case Succeeded() | Provided() | CommitDue() | Invalidated():
            return row
        case Committing(due):
            return due
        case _:
            past = past_of(row)
            return Invalidated(past) if past != FRESH else None


def _invalidated(row: Status) -> Invalidated:
    """Count the invalidation where there was something to invalidate, for the idempotency key (D2)."""
    past = past_of(row)
    counts = past.attempts > 0 or isinstance(row, Provided)
    return Invalidated(evolve(past, invalidations=past.invalidations + 1) if counts else past)


def _pending_again(state: State, again: Mapping[int, Past]) -> State:
    """Make these tasks wait for their dependencies as they stand now."""
    rows: dict[int, Status] = {}
    for task, past in again.items():
        needed = state.graph.dependencies[task]
        unmet = sum(dependency in again or not has_result(state.table[dependency]) for dependency in needed)
        rows[task] = Blocked(unmet, past) if unmet else Ready(past.attempts + 1, past)
    return _replaced(state, rows)


def _replaced(state: State, rows: Mapping[int, Status]) -> State:
    """Put rows of any status in, and keep the counts true."""
    running = left = 0
    tasks, after, main = list(rows), list(rows.values()), state.graph.main
    for task, row, old in zip(tasks, after, state.table.read(tasks), strict=True):
        running += isinstance(row, Running) - isinstance(old, Running)
        if task < main:
            left += is_settled(old) - is_settled(row)
    return moved(state, state.table.replace(tasks, after), running=running, main_left=left)


def provide(state: State, phase: Idle | Closed, event: ResultProvided) -> State:
    """Keep the value, and invalidate what was computed from the old one."""
    provided = Provided(event.value, past_of(state.table[event.task]))
    return _invalidate_below(state, phase, {event.task: provided})


def invalidate(state: State, phase: Idle | Closed, event: ResultsInvalidated) -> State:
    """Have these results and what was computed from them made anew."""
    return _invalidate_below(state, phase, {task: _invalidated(state.table[task]) for task in event.tasks})


def _invalidate_below(state: State, phase: Idle | Closed, changes: dict[int, Status]) -> State:
    """Make these changes, invalidate the computed descendants, and mark detached ones that ran as stale (D4).

    Stops at a descendant whose own result was provided. O(tasks reached and their edges).
    """
    waiting = list(changes)
    while waiting:
        for task in state.graph.dependents[waiting.pop()]:
            row = state.table[task]
            if task in changes or isinstance(row, Provided):
                continue
            if isinstance(row, Succeeded) and task >= state.graph.main:
                changes[task] = evolve(row, stale=True)
            else:
                changes[task] = _invalidated(row)
            waiting.append(task)
    state = _replaced(state, changes)
    return with_run(state, phase=Idle(touched=True)) if isinstance(phase, Idle) else state


def settle_main(state: State, phase: Open | FailingFast, _event: MainSettled) -> State:
    """Let detached tasks start."""
    return with_run(state, phase=Detaching(_failed_fast(phase)))


def _failed_fast(phase: Active) -> int | None:
    match phase:
        case Open():
            return None
        case FailingFast(cause=cause):
            return cause
        case Detaching(failed_fast=failed_fast) | Stopping(failed_fast=failed_fast):
            return failed_fast
        case _:
            assert_never(phase)


def cancel(state: State, phase: Active, _event: CancelRequested) -> State:
    """Stop, and let running attempts finish."""
    return with_run(state, phase=Stopping(Because.CANCEL, _failed_fast(phase)))


def end_grace(state: State, phase: Stopping, _event: GraceElapsed) -> State:
    """Wait for running attempts no longer."""
    return with_run(state, phase=evolve(phase, grace_over=True))


def await_place(state: State, _phase: Open | Detaching, event: PlaceAwaited) -> State:
    """Note that the wait is timed."""
    return with_run(state, awaiting_place=True, waits=event.wait)


def exhaust(state: State, phase: Open | Detaching, event: PlacesExhausted) -> State:
    """Stop, if this wait is still on."""
    if not state.run.awaiting_place or event.wait != state.run.waits:
        return state
    return with_run(state, phase=Stopping(Because.EXHAUSTED, _failed_fast(phase)))


def commit(state: State, _phase: Active, event: CommitStarted) -> State:
    """Take everything along that is due. O(results in it)."""
    if state.run.committing or event.commit != state.run.commits + 1:
        raise refusal(state, event, f"{state.phase!r}, {state.run.commits} commits so far")
    tasks = tuple(state.table.list_in(COMMIT))
    rows: list[Status] = []
    for row in state.table.read(tasks):
        assert isinstance(row, CommitDue), row
        rows.append(Committing(row))
    state = moved(state, state.table.replace(tasks, rows))  # neither of the two is running, or settled
    return with_run(state, commits=event.commit, committing=tasks)


def succeed_all(state: State, _phase: Active, event: ResultsCommitted) -> State:
    """Let the results in the commit count. O(results in it and their edges)."""
    if event.commit != state.run.commits or not state.run.committing:
        return state
    graph, table, committing = state.graph, state.table, state.run.committing
    changes: dict[int, Status] = {}
    for task, row in zip(committing, table.read(committing), strict=True):
        assert type(row) is Committing, row
        due = row.due
        changes[task] = make_succeeded(due.run, due.ended_s, due.value)
        for waiting in graph.dependents[task]:
            blocked = changes.get(waiting) or table[waiting]
            if type(blocked) is Blocked:
                changes[waiting] = unblocked(blocked)
    left = -sum([task < graph.main for task in committing])  # who waits for them was not settled, and is not now
    state = moved(state, table.replace(tuple(changes), tuple(changes.values())), main_left=left)
    return with_run(state, committing=())


def finish(state: State, phase: Detaching | Stopping, _event: RunFinished) -> State:
    """Close."""
    because = phase.because if isinstance(phase, Stopping) else None
    return with_run(state, phase=Closed(because, phase.failed_fast))


def ignore(state: State, _phase: Phase, _event: Event) -> State:
    """Change nothing: it came too late to matter."""
    return state
