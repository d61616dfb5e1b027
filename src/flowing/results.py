"""What a user gets back: one row a task, read off the state of a run. Computes, never runs anything."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast, final, overload

from attrs import field
from typing_extensions import override

from flowing._no_value import NO_VALUE
from flowing._record import record
from flowing._text import counted, describe_error, format_traceback, one_line
from flowing.errors import FlowFailed, ResultUnavailable, TaskFailed

if TYPE_CHECKING:
    from datetime import datetime

    from flowing._rows import Rows
    from flowing.task import Task

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
D = TypeVar("D")


class StepState(enum.StrEnum):
    """How far a task is."""

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
    """Every task of the flow, by task (typed) or by name; in start order, detached tasks last. Read-only.

    A snapshot: what happens to the flow later does not change it. As a condition it is true whenever there are tasks:
    ask `ok`.
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows: Final = rows

    @overload
    def __getitem__(self, key: Task[R], /) -> StepResult[R]: ...
    @overload
    def __getitem__(self, key: str, /) -> StepResult[object]: ...
    @override
    def __getitem__(self, key: Task[Any] | str, /) -> StepResult[Any]:
        """Give one task's row; raises `UnknownTaskError` (a `KeyError`) for a task that is not in the flow."""
        return self._rows.result(self._rows.number_of(key))

    @override
    def __iter__(self) -> Iterator[str]:
        """Walk the names in start order."""
        return iter(self._rows.names)

    @override
    def __len__(self) -> int:
        """Count the tasks."""
        return len(self._rows.names)

    @override
    def __contains__(self, key: object) -> bool:
        """Tell whether a task, or a name, is in the flow."""
        return self._rows.find(key) is not None

    @override
    def __repr__(self) -> str:
        return f"<results: {self._rows.counts_in_words()}>"

    def counts(self) -> dict[StepState, int]:
        """Count the tasks by state, detached ones included. O(n)."""
        return self._rows.counts()

    @property
    def ok(self) -> bool:
        """Whether every task that is not detached SUCCEEDED, or was SKIPPED by a closed gate. O(n)."""
        return self._rows.are_ok()

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled: by `cancel()`, by Ctrl-C, or from a body."""
        return self._rows.are_cancelled()

    def raise_on_failure(self) -> None:
        """Raise one `FlowFailed` with a `TaskFailed` for each failed task that is not detached; else do nothing.

        A run that was cancelled before anything failed raises nothing here: ask `ok` or `cancelled`. What it raises
        holds `TaskFailed`s, each with its error as the cause: `except* TaskFailed` matches, `except* ValueError` never.
        """
        failed = self.failures(detached=False)
        if failed:
            shown = ", ".join(one_line(each.name) for each in failed[:_NAMES_SHOWN])
            more = ", …" if len(failed) > _NAMES_SHOWN else ""
            message = f"{counted(len(failed), 'task')} of the flow failed: {shown}{more}"
            raise FlowFailed(message, [_task_failed(each) for each in failed])

    def failures(self, *, detached: bool) -> tuple[StepResult[object], ...]:
        """List the FAILED tasks of the main graph, or the detached ones, in start order. O(n)."""
        return self._rows.failures(detached=detached)


_NAMES_SHOWN: Final = 10


def _task_failed(result: StepResult[object]) -> TaskFailed:
    assert result.error is not None
    failed = TaskFailed(result.name, attempts=result.attempts, summary=describe_error(result.error))
    failed.__cause__ = result.error
    return failed
