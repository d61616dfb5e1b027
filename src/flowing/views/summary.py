"""A table of the results for a terminal or a log: one safe line a task, and a line of totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._text import counted, describe_error, one_line
from flowing.errors import TaskTimeoutError
from flowing.results import StepState

if TYPE_CHECKING:
    from collections.abc import Container

    from flowing.results import Results, StepResult

_NAME_MAX: Final = 40
WHY_MAX: Final = 100
_HEAD: Final = ("STATE", "TASK", "DURATION", "ATTEMPTS", "WHY")


def summarise(results: Results, *, inputs: Container[str] = ()) -> str:
    """Draw the table. `inputs` are the names of the parameters. O(n)."""
    rows = [_HEAD, *(_row(each, inputs) for each in results.values())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        f"{state:<{widths[0]}}  {name:<{widths[1]}}  {duration:>{widths[2]}}  {attempts:>{widths[3]}}  {why}".rstrip()
        for state, name, duration, attempts, why in rows
    ]
    return "\n".join([*lines, _totals(results)])


def _row(result: StepResult[object], inputs: Container[str]) -> tuple[str, str, str, str, str]:
    mark = " (detached)" if result.detached else ""
    return (
        result.state,
        one_line(result.name, length_max=_NAME_MAX) + mark,
        duration(result.duration_s),
        str(result.attempts),
        "input" if result.overridden and result.name in inputs else why(result),
    )


def why(result: StepResult[object]) -> str:
    """Say why a task is not SUCCEEDED, or that it was overridden, in one safe line; nothing where all went well."""
    error = "" if result.error is None else _short(result.error)
    if result.overridden:
        return "overridden"
    if result.reason and error:
        return f"{error} ({result.reason})"
    return result.reason or error


def _short(error: BaseException) -> str:
    """Say what matters in a row that has the task's name already."""
    if type(error) is TaskTimeoutError:
        where = f", stuck in {error.stuck_at.rpartition('/')[2]}" if error.stuck_at else ""
        return one_line(f"TaskTimeoutError: not done in {error.timeout_s:g} s{where}", length_max=WHY_MAX)
    return describe_error(error, length_max=WHY_MAX)


def duration(seconds: float | None) -> str:
    """Write a duration so that its size can be seen at a glance."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.2f} s"
    return f"{seconds / 60:.1f} min"


def _totals(results: Results) -> str:
    counts = [f"{count} {state}" for state, count in results.counts().items() if count or state is StepState.SUCCEEDED]
    detached_failures = len(results.failures(detached=True))
    parts = [counted(len(results), "task"), *counts]
    if detached_failures:
        parts.append(f"{detached_failures} of the failures detached")
    return f"{parts[0]}: {', '.join(parts[1:])}"
