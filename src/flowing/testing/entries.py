"""How each event is entered in the ledger: one function for each kind. Knows no rule of the core, judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    BackoffStarted,
    CancelRequested,
    CommitStarted,
    Event,
    GateClosed,
    GraceElapsed,
    InputRejected,
    MainSettled,
    PlaceAwaited,
    PlacesExhausted,
    ResultProvided,
    ResultsCommitted,
    ResultsInvalidated,
    ResumeRequested,
    RetryAbandoned,
    RunFinished,
    RunRequested,
    RunRestored,
    TaskSkipped,
)
from flowing.core.status import Invalidated, Provided, Succeeded
from flowing.testing.ledger import AGAIN, BACKS_OFF, COMMITS, DONE, FAILED, RETURNED, RUNS, SKIPPED, STOPPED, WAITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flowing.testing.ledger import Ledger, Report


def enter(ledger: Ledger, event: Event) -> None:
    """Write down what the event says."""
    _ENTRIES[type(event)](ledger, event)


# ── attempts ─────────────────────────────────────────────────────────────────────────────────────


def _started(ledger: Ledger, event: AttemptStarted) -> None:
    task = event.task
    ledger.known[task] = RUNS
    ledger.started_s[task] = event.at_s
    ledger.tries[task] += 1
    ledger.made[task] += 1


def _succeeded(ledger: Ledger, event: AttemptSucceeded) -> None:
    _ended(ledger, event, DONE)
    ledger.values[event.task] = event.value


def _returned(ledger: Ledger, event: AttemptReturned) -> None:
    _ended(ledger, event, RETURNED)
    ledger.values[event.task] = event.value


def _failed(ledger: Ledger, event: AttemptFailed | AttemptTimedOut) -> None:
    task = event.task
    is_last = not event.retryable or ledger.tries[task] > ledger.graph.policies[task].retries
    main_stops = ledger.tripped_by is not None and not ledger.detaching
    if is_last or ledger.stopping or main_stops:
        _ended(ledger, event, FAILED)
        _trip(ledger, task)
    else:
        _ended(ledger, event, AGAIN)


def _timed_out(ledger: Ledger, event: AttemptTimedOut) -> None:
    ledger.abandoned.add((event.task, event.attempt))
    _failed(ledger, event)


def _stopped(ledger: Ledger, event: AttemptStopped) -> None:
    _ended(ledger, event, STOPPED)


def _shut(ledger: Ledger, event: GateClosed) -> None:
    _ended(ledger, event, SKIPPED)
    ledger.made[event.task] -= 1  # where a gate says no, there was no attempt (D10)


def _rejected(ledger: Ledger, event: InputRejected) -> None:
    _ended(ledger, event, FAILED)
    ledger.made[event.task] -= 1
    _trip(ledger, event.task)


def _ended(ledger: Ledger, event: Report, known: str) -> None:
    ledger.known[event.task] = known
    ledger.ends[event.task] = (*ledger.ends[event.task], event)


def _trip(ledger: Ledger, task: int) -> None:
    if ledger.is_main(task) and ledger.graph.limits.fail_fast and not ledger.stopping and ledger.tripped_by is None:
        ledger.tripped_by = task


# ── between attempts ─────────────────────────────────────────────────────────────────────────────


def _backs_off(ledger: Ledger, event: BackoffStarted) -> None:
    ledger.known[event.task] = BACKS_OFF
    ledger.backs_off_until_s[event.task] = event.until_s


def _backed_off(ledger: Ledger, event: BackoffElapsed) -> None:
    ledger.known[event.task] = AGAIN


def _gave_up(ledger: Ledger, event: RetryAbandoned) -> None:
    ledger.known[event.task] = FAILED


def _skipped(ledger: Ledger, event: TaskSkipped) -> None:
    ledger.known[event.task] = SKIPPED


# ── the run ──────────────────────────────────────────────────────────────────────────────────────


def _restored(ledger: Ledger, event: RunRestored) -> None:
    for task, row in event.rows:
        ledger.made[task] = row.attempt
        if not isinstance(row, Invalidated):
            ledger.known[task], ledger.values[task] = DONE, row.value
        if isinstance(row, Provided):
            ledger.given.add(task)
        elif isinstance(row, Succeeded) and row.stale:
            ledger.stale.add(task)


def _began(ledger: Ledger, _event: RunRequested) -> None:
    ledger.turn_page()


def _resumed(ledger: Ledger, event: ResumeRequested) -> None:
    again: set[int] = set()
    for task in range(ledger.graph.main, ledger.graph.size) if event.rerun_detached else ():
        below = ledger.graph.dependencies[task]
        is_remade = any(ledger.known[needed] != DONE or needed in again for needed in below)
        if (
            ledger.known[task] in (DONE, RETURNED, COMMITS)
            and task not in ledger.given
            and (task in ledger.stale or is_remade)
        ):
            again.add(task)
    for task in again:
        _forget(ledger, task)
    ledger.turn_page()


def _main_settled(ledger: Ledger, _event: MainSettled) -> None:
    ledger.detaching = True


def _cancelled(ledger: Ledger, _event: CancelRequested) -> None:
    ledger.cancelled = True


def _grace_is_over(ledger: Ledger, _event: GraceElapsed) -> None:
    ledger.grace_over = True


def _exhausted(ledger: Ledger, _event: PlacesExhausted) -> None:
    ledger.exhausted = True


def _commit_began(ledger: Ledger, _event: CommitStarted) -> None:
    ledger.known = [COMMITS if known == RETURNED else known for known in ledger.known]


def _committed(ledger: Ledger, _event: ResultsCommitted) -> None:
    ledger.known = [DONE if known == COMMITS else known for known in ledger.known]


def _finished(ledger: Ledger, _event: RunFinished) -> None:
    ledger.finished = True


def _noted(ledger: Ledger, event: Event) -> None:
    """Keep nothing."""


# ── what is mended between runs ──────────────────────────────────────────────────────────────────


def _provided(ledger: Ledger, event: ResultProvided) -> None:
    _forget(ledger, event.task)
    ledger.known[event.task] = DONE
    ledger.values[event.task] = event.value
    ledger.given.add(event.task)
    _take_back_below(ledger, [event.task])


def _invalidated(ledger: Ledger, event: ResultsInvalidated) -> None:
    for task in event.tasks:
        _forget(ledger, task)
    _take_back_below(ledger, event.tasks)


def _take_back_below(ledger: Ledger, changed: Iterable[int]) -> None:
    """Take back what was computed from these; what a detached task has done is done, and only out of date (D4)."""
    below = set(changed)
    for task in range(ledger.graph.size):
        if task in below or below.isdisjoint(ledger.graph.dependencies[task]) or task in ledger.given:
            continue
        below.add(task)
        if ledger.known[task] == DONE and not ledger.is_main(task):
            ledger.stale.add(task)
        else:
            _forget(ledger, task)


def _forget(ledger: Ledger, task: int) -> None:
    ledger.known[task] = WAITS
    ledger.stale.discard(task)
    ledger.given.discard(task)


# Each function takes the one kind of event that it stands beside.
_ENTRIES: Final[Mapping[type[object], Callable[[Ledger, Any], None]]] = {
    AttemptStarted: _started,
    AttemptSucceeded: _succeeded,
    AttemptReturned: _returned,
    AttemptFailed: _failed,
    AttemptTimedOut: _timed_out,
    AttemptStopped: _stopped,
    GateClosed: _shut,
    InputRejected: _rejected,
    BackoffStarted: _backs_off,
    BackoffElapsed: _backed_off,
    RetryAbandoned: _gave_up,
    TaskSkipped: _skipped,
    RunRestored: _restored,
    RunRequested: _began,
    ResumeRequested: _resumed,
    MainSettled: _main_settled,
    CancelRequested: _cancelled,
    GraceElapsed: _grace_is_over,
    PlaceAwaited: _noted,
    PlacesExhausted: _exhausted,
    CommitStarted: _commit_began,
    ResultsCommitted: _committed,
    RunFinished: _finished,
    ResultProvided: _provided,
    ResultsInvalidated: _invalidated,
}
