"""What a user gets back: one row a task, read off the state of a run. Computes, never runs anything."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, assert_never, cast, final, overload

from attrs import field
from typing_extensions import override

from flowing._record import record
from flowing._text import describe_error, format_traceback, one_line
from flowing.core.state import Closed, Idle, State
from flowing.core.status import (
    NO_VALUE,
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
from flowing.errors import FlowFailed, ResultUnavailable, TaskFailed, UnknownTaskError
from flowing.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
D = TypeVar("D")


class StepState(enum.StrEnum):
    """How far a task is (D1)."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


@final
@record(kw_only=True, eq=False)
class StepResult(Generic[R_co]):
    """One task's row in the results.

    `attempts` counts this run, all resumes. `duration_s` and `started_at` (UTC) are those of the last attempt, None
    where none was made. `reason` says why a task is FAILED without another try, SKIPPED or CANCELLED, and
    `root_cause` names the task that it goes back to. `error` is the original exception.
    """

    name: str
    state: StepState
    attempts: int = 0
    duration_s: float | None = None
    started_at: datetime | None = None
    error: BaseException | None = field(default=None, repr=False)
    reason: str | None = None
    root_cause: str | None = None
    detached: bool = False
    overridden: bool = False
    _value: object = field(default=NO_VALUE, repr=False, alias="value")

    @property
    def value(self) -> R_co:
        """The task's value; of a task that `retry_until` refused, the last one.

        Raises:
            ResultUnavailable: there is none; says the state and the root cause.
        """
        if self._value is NO_VALUE:
            reason = describe_error(self.error) if self.error is not None and not self.reason else self.reason
            raise ResultUnavailable(self.name, self.state, reason=reason, root_cause=self.root_cause) from self.error
        return cast("R_co", self._value)  # the body's own result: its annotation is what R was taken from

    def value_or(self, default: D) -> R_co | D:
        """Give the value, or `default` where there is none."""
        return default if self._value is NO_VALUE else self.value

    @property
    def traceback(self) -> str | None:
        """The error's traceback as text, cut to a fixed size; None without an error."""
        return None if self.error is None else format_traceback(self.error)


@final
class Results(Mapping[str, StepResult[object]]):
    """Every task of the flow, by task (typed) or by name; in start order, detached tasks last (D18). Read-only.

    A snapshot: what happens to the flow later does not change it.
    """

    __slots__ = ("_numbers", "_state")

    def __init__(self, state: State, numbers: Mapping[Task[object], int]) -> None:
        self._state: Final = state
        self._numbers: Final = numbers

    @overload
    def __getitem__(self, key: Task[R], /) -> StepResult[R]: ...
    @overload
    def __getitem__(self, key: str, /) -> StepResult[object]: ...
    @override
    def __getitem__(self, key: Task[Any] | str, /) -> StepResult[Any]:
        """Give one task's row; raises `UnknownTaskError` (a `KeyError`) for a task that is not in the flow."""
        return step_result(self._state, number_of(key, self._state, self._numbers))

    @override
    def __iter__(self) -> Iterator[str]:
        """Walk the names in start order."""
        return iter(self._state.graph.names)

    @override
    def __len__(self) -> int:
        """Count the tasks."""
        return self._state.graph.size

    @override
    def __contains__(self, key: object) -> bool:
        """Tell whether a task, or a name, is in the flow."""
        return key in self._numbers if isinstance(key, Task) else key in self._state.graph.numbers

    @override
    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {state}" for state, count in self.counts().items() if count)
        return f"<results: {counts}>"

    def counts(self) -> dict[StepState, int]:
        """Count the tasks by state, detached ones included. O(n)."""
        counts = dict.fromkeys(StepState, 0)
        for row in self._state.table:
            counts[_state_of(self._state, row)] += 1
        return counts

    @property
    def ok(self) -> bool:
        """Whether every task that is not detached SUCCEEDED, or was SKIPPED by a closed gate. O(n)."""
        main = list(self._state.table)[: self._state.graph.main]
        return all(isinstance(row, Succeeded | Provided) or (isinstance(row, Skipped) and row.gate) for row in main)

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled: by `cancel()`, by Ctrl-C, or from a body."""
        phase = self._state.phase
        return isinstance(phase, Closed) and phase.because is Because.CANCEL

    def raise_on_failure(self) -> None:
        """Raise one `FlowFailed` with a `TaskFailed` for each failed task that is not detached; else do nothing.

        A run that was cancelled before anything failed raises nothing here: ask `ok` or `cancelled`.
        """
        failed = self.failures(detached=False)
        if failed:
            shown = ", ".join(one_line(each.name) for each in failed[:_NAMES_SHOWN])
            more = ", …" if len(failed) > _NAMES_SHOWN else ""
            message = f"{len(failed)} task(s) of the flow failed: {shown}{more}"
            raise FlowFailed(message, [_task_failed(each) for each in failed])

    def failures(self, *, detached: bool) -> tuple[StepResult[object], ...]:
        """List the FAILED tasks of the main graph, or the detached ones, in start order. O(n)."""
        graph = self._state.graph
        numbers = range(graph.main, graph.size) if detached else range(graph.main)
        rows = list(self._state.table)
        return tuple(
            step_result(self._state, number) for number in numbers if isinstance(rows[number], Failed | Rejected)
        )


def _task_failed(result: StepResult[object]) -> TaskFailed:
    assert result.error is not None
    failed = TaskFailed(result.name, attempts=result.attempts, summary=describe_error(result.error))
    failed.__cause__ = result.error
    return failed


def number_of(key: Task[Any] | str, state: State, numbers: Mapping[Task[object], int]) -> int:
    """Find a task's number by the task or its name."""
    number = numbers.get(key) if isinstance(key, Task) else state.graph.numbers.get(key)
    if number is None:
        raise unknown_task(key, state.graph.names)
    return number


_NAMES_SHOWN: Final = 10


def unknown_task(key: object, names: Sequence[str]) -> UnknownTaskError:
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
        case Rejected():
            return "a gate raised before the body ran"
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
