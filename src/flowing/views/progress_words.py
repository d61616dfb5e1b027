"""How far a run is, in words: one line, the table in the end, and what failed. Pure: no clock, and no screen."""

from __future__ import annotations

import itertools
from itertools import compress
from typing import TYPE_CHECKING, Final

from flowing._text import describe_error, one_line
from flowing.core.status import Failed, Rejected, Status
from flowing.results import StepState
from flowing.views.progress import SHOWN_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core.state import State
    from flowing.views.progress import Glance, Left

NAME_MAX: Final = 40
_WHY_MAX: Final = 100


def in_one_line(glance: Glance) -> str:
    """Say it in one line."""
    percent = 100 * glance.done // max(1, glance.total)
    parts = [f"{glance.done} of {glance.total} tasks done ({percent} %)"]
    parts += [f"{count} {state.lower()}" for state, count in glance.counts.items() if count and state in _WORTH_SAYING]
    if glance.retries:
        parts.append(retries_in_words(glance.retries))
    if glance.waiting_to_retry:
        parts.append(f"{glance.waiting_to_retry} waiting to retry")
    if glance.left is not None:
        parts.append(left_in_words(glance.left))
    return ", ".join(parts)


_WORTH_SAYING: Final = (StepState.RUNNING, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED)


def retries_in_words(count: int) -> str:
    """Count the retries."""
    return "1 retry" if count == 1 else f"{count} retries"


def left_in_words(left: Left) -> str:
    """Say what is left."""
    tasks = "1 task" if left.tasks == 1 else f"{left.tasks} tasks"
    return f"about {duration(left.about_s)} left on the longest path ({tasks})"


def duration(seconds: float) -> str:
    """Write a time that people wait."""
    whole = int(seconds)
    if seconds < _A_MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < _AN_HOUR_S:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


_A_MINUTE_S: Final = 60
_AN_HOUR_S: Final = 3600


def final_table(glance: Glance, failures: Sequence[str]) -> str:
    """Draw the table of a run that is over: what became of the tasks, and why some failed."""
    counts = {state: count for state, count in glance.counts.items() if count}
    digits = max(len("TASKS"), *(len(str(count)) for count in counts.values()), len(str(glance.total)))
    lines = [f"{'STATE':<9}  {'TASKS':>{digits}}", *(f"{state:<9}  {n:>{digits}}" for state, n in counts.items())]
    retries = f", {retries_in_words(glance.retries)}" if glance.retries else ""
    lines.append(f"{'all':<9}  {glance.total:>{digits}}  in {duration(glance.elapsed_s)}{retries}")
    return "\n".join([*lines, *failures])


def failures_of(state: State) -> tuple[str, ...]:
    """Name the first tasks that failed, a line each, and say how many more there are. O(n)."""
    rows = list(state.table)
    failed = [(task, rows[task]) for task in compress(itertools.count(), map(_FAILED.__contains__, map(type, rows)))]
    lines = [
        f"FAILED {one_line(state.graph.names[task], length_max=NAME_MAX)}: {_why(row)}"
        for task, row in failed[:SHOWN_MAX]
    ]
    if len(failed) > SHOWN_MAX:
        lines.append(f"... and {len(failed) - SHOWN_MAX} more failed")
    return tuple(lines)


_FAILED: Final = frozenset({Failed, Rejected})


def _why(row: Status) -> str:
    assert isinstance(row, Failed | Rejected), row
    error = row.error if isinstance(row, Rejected) else row.failure.error
    return describe_error(error, length_max=_WHY_MAX)
