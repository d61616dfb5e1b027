"""What the state of a run says of each task, in the words that a user reads. Computes, never runs anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never, cast, final

from flowing._no_value import NO_VALUE
from flowing._text import one_line
from flowing.core.state import Closed, Idle, State
from flowing.core.status import (
    BackingOff,
    Because,
    Blocked,
    Cancelled,
    CommitDue,
    Committing,
    Failed,
    Failure,
    Invalidated,
    Provided,
    Ready,
    ReadyAgain,
    Rejected,
    RetryDue,
    Running,
    SkipDue,
    Skipped,
    Status,
    Succeeded,
)
from flowing.errors import AttemptUncertain, CrashLoop, UnknownTaskError
from flowing.results import Results, StepResult, StepState
from flowing.task import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


def results_of(state: State, numbers: Mapping[Task[object], int]) -> Results:
    """Make the results of a state; `numbers` are those of the flow's tasks, empty where only names are asked for."""
    return Results(Rows(state, numbers))


@final
class Rows:
    """The rows of one state, which `Results` reads."""

    __slots__ = ("_numbers", "_state", "names")

    def __init__(self, state: State, numbers: Mapping[Task[object], int]) -> None:
        self.names: Final[Sequence[str]] = state.graph.names
        self._state: Final = state
        self._numbers: Final = numbers

    def find(self, key: object) -> int | None:
        """Find a task's number by the task or its name; None if it is not in the flow."""
        if isinstance(key, Task):
            return self._numbers.get(cast("Task[object]", key))  # it is a Task of something
        return self._state.graph.numbers.get(key) if isinstance(key, str) else None

    def number_of(self, key: Task[Any] | str) -> int:
        """Find a task's number, or raise `UnknownTaskError`."""
        number = self.find(key)
        if number is None:
            raise _unknown_task(key, self.names)
        return number

    def result(self, number: int) -> StepResult[Any]:
        """Read one row. O(1) plus what reading the table costs."""
        return step_result(self._state, number)

    def counts(self) -> dict[StepState, int]:
        """Count the tasks by state. O(n)."""
        counts = dict.fromkeys(StepState, 0)
        for row in self._state.table:
            counts[_state_of(self._state, row)] += 1
        return counts

    def counts_in_words(self) -> str:
        """Write the counts that are not 0, in a line. O(n)."""
        return ", ".join([f"{count:,} {state}" for state, count in self.counts().items() if count])

    def are_ok(self) -> bool:
        """Tell whether every task of the main graph SUCCEEDED, or was SKIPPED by a closed gate. O(n)."""
        main = list(self._state.table)[: self._state.graph.main]
        return all(isinstance(row, Succeeded | Provided) or (isinstance(row, Skipped) and row.gate) for row in main)

    def are_cancelled(self) -> bool:
        """Tell whether the run was cancelled."""
        phase = self._state.phase
        return isinstance(phase, Closed) and phase.because is Because.CANCEL

    def failures(self, *, detached: bool) -> tuple[StepResult[object], ...]:
        """List the FAILED tasks of the main graph, or the detached ones, in start order. O(n)."""
        graph = self._state.graph
        numbers = range(graph.main, graph.size) if detached else range(graph.main)
        rows = list(self._state.table)
        return tuple(self.result(number) for number in numbers if isinstance(rows[number], Failed | Rejected))


_NAMES_SHOWN: Final = 10


def _unknown_task(key: object, names: Sequence[str]) -> UnknownTaskError:
    """Word the error for a task that is not in the flow, with what may have been meant."""
    if isinstance(key, Task):
        what = f"{key!r}"
        if key.name in names:
            why = "the flow has another task of that name (a copy is another task)"
        else:
            why = "it is not in this flow"
        fix = "give the flow a terminal that depends on it, or name it in Flow(...)"
    else:
        what = one_line(repr(key)) if isinstance(key, str) else f"a {type(key).__name__}"
        why = "the flow has no task of that name"
        more = ", …" if len(names) > _NAMES_SHOWN else ""
        fix = f"its tasks are {', '.join(one_line(name) for name in names[:_NAMES_SHOWN])}{more}"
    return UnknownTaskError(f"{what}: {why}; {fix}")


def step_result(state: State, number: int) -> StepResult[Any]:
    """Read one row. O(1) plus what reading the table costs."""
    row = state.table[number]
    run, ended_s, failure = _last_attempt(row)
    cause = _root_cause(state, number, row)
    return StepResult(
        name=state.graph.names[number],
        state=_state_of(state, row),
        attempts=row.attempt - 1 if isinstance(row, Ready | ReadyAgain) else row.attempt,
        duration_s=None if run is None or ended_s is None else max(0.0, ended_s - run.started_s),
        started_at=None if run is None else _wall_time(state, run.started_s),
        error=failure.error if failure else row.error if isinstance(row, Rejected) else None,
        reason=_reason(state, number, row),
        root_cause=None if cause is None else state.graph.names[cause],
        detached=number >= state.graph.main,
        overridden=isinstance(row, Provided),
        value=_value(row),
    )


def _value(row: Status) -> object:
    """Give the value, also one that was refused or is not committed."""
    match row:
        case Succeeded(value=value) | Provided(value) | CommitDue(value=value) | Committing(CommitDue(value=value)):
            return value
        case Failed(failure) | RetryDue(failure) | BackingOff(failure) | ReadyAgain(failure):
            return failure.value
        case _:
            return NO_VALUE


def _state_of(state: State, row: Status) -> StepState:
    closed = isinstance(state.phase, Closed)
    match row:
        case Succeeded() | Provided():
            return StepState.SUCCEEDED
        case Failed() | Rejected():
            return StepState.FAILED
        case Skipped() | SkipDue():
            return StepState.SKIPPED
        case Cancelled():
            return StepState.CANCELLED
        case Running() | CommitDue() | Committing():
            return StepState.CANCELLED if closed else StepState.RUNNING
        case Blocked() | Ready():
            return StepState.CANCELLED if closed else StepState.PENDING
        case RetryDue() | BackingOff() | ReadyAgain() | Invalidated():
            return StepState.PENDING
        case _:
            assert_never(row)


def _last_attempt(row: Status) -> tuple[Running | None, float | None, Failure | None]:
    match row:
        case Running():
            return row, None, None
        case Succeeded(value=value) if value is NO_VALUE:
            return None, None, None
        case (
            Succeeded(run, ended_s)
            | Cancelled(run, ended_s)
            | CommitDue(run, ended_s)
            | Committing(CommitDue(run, ended_s))
        ):
            return run, ended_s, None
        case Failed(failure) | RetryDue(failure) | BackingOff(failure) | ReadyAgain(failure):
            return failure.run, failure.ended_s, failure
        case _:
            return None, None, None


def _root_cause(state: State, number: int, row: Status) -> int | None:
    match row:
        case Skipped(cause) | SkipDue(cause):
            return cause
        case Failed() | Rejected():
            return number
        case Blocked() | Ready() if isinstance(state.phase, Closed):
            return state.phase.failed_fast
        case _:
            return None


def _reason(state: State, number: int, row: Status) -> str | None:
    names = state.graph.names
    match row:
        case Failed(because=because) if because is not None:
            return f"not retried: {because.value}"
        case Rejected(error):
            return _why_rejected(error)
        case Skipped(cause) | SkipDue(cause) if row.gate:
            return "its gate closed" if cause == number else f"the gate of task {one_line(names[cause])!r} closed"
        case Skipped(cause) | SkipDue(cause):
            return f"task {one_line(names[cause])!r} failed"
        case Cancelled():
            return "stopped by itself when the run was cancelled"
        case Succeeded(value=value) if value is NO_VALUE:
            return "its value was not stored: persist=False; invalidate() and resume() make it anew"
        case Running() if isinstance(state.phase, Closed):
            return "interrupted while running"
        case CommitDue() | Committing() if isinstance(state.phase, Closed):
            return "its result was not saved; resume() saves it"
        case Blocked() | Ready():
            return _why_not_started(state, number)
        case _:
            return None


def _why_rejected(error: BaseException) -> str:
    match error:
        case CrashLoop():
            return "not started: the process died each time while it was running"
        case AttemptUncertain():
            return "not started: nobody knows whether its last attempt took effect"
        case _:
            return "a gate raised before the body ran"


def _why_not_started(state: State, number: int) -> str | None:
    match state.phase:
        case Closed(because, failed_fast) if because is None or (failed_fast is not None and number < state.graph.main):
            return f"not started: {Because.FAIL_FAST.value}"
        case Closed(because=Because() as because):
            return f"not started: {because.value}"
        case _:
            return None


def _wall_time(state: State, at_s: float) -> datetime | None:
    times = state.run.times
    if times is None or isinstance(state.phase, Idle):
        return None
    from datetime import UTC, datetime  # noqa: PLC0415 - needed when somebody looks

    return datetime.fromtimestamp(times.wall_s + (at_s - times.at_s), UTC)
