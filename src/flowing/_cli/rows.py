"""What a checkpoint says of a task, as a row to show. Reads no file, and draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from flowing._record import record
from flowing._text import counted
from flowing.checkpoint.records import (
    AttemptMarked,
    EndNoted,
    FailureSaved,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    settled_attempt,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowing.checkpoint.declaration import Definition
    from flowing.checkpoint.records import Saved, SavedRun


@record(kw_only=True)
class Row:
    """What is known of a task. `state` is "-" where nobody can tell."""

    state: str
    seconds: float | None = None
    attempts: int = 0
    why: str = ""


def row_of(run: SavedRun, definition: Definition, running: Mapping[str, int]) -> Row:
    """Word what is known of a task; `running` are attempts that run, or ran when the process died, by task."""
    saved = run.saved.get(definition.name)
    row = _unsaved(run, definition) if saved is None else _saved(saved)
    attempt = running.get(definition.name)
    if attempt is not None and row.state in ("PENDING", "-"):
        row = Row(state="RUNNING", attempts=attempt, why=row.why)
    crashes = run.crashes.get(definition.name, 0)
    if not crashes:
        return row
    died = f"the process died {counted(crashes, 'time')} while it was running"
    why = f"{row.why}; {died}" if row.why else died
    return Row(state=row.state, seconds=row.seconds, attempts=row.attempts, why=why)


def _unsaved(run: SavedRun, definition: Definition) -> Row:
    if not definition.shown_type:
        why = "its result is not stored: persist=False"
        return Row(state="SUCCEEDED" if run.finished else "-", why=why)
    return Row(state="PENDING")


def _saved(saved: Saved) -> Row:
    attempts = settled_attempt(saved)
    match saved:
        case ResultSaved():
            why = "its inputs changed after it ran" if saved.stale else ""
            return Row(state="SUCCEEDED", seconds=saved.duration_s, attempts=attempts, why=why)
        case OverrideSaved():
            return Row(state="SUCCEEDED", attempts=attempts, why="overridden")
        case FailureSaved():
            return Row(state="FAILED", seconds=saved.duration_s, attempts=attempts, why=saved.error.summary)
        case EndNoted():
            return Row(state=saved.state, attempts=attempts, why=saved.reason)
        case AttemptMarked():
            why = f"attempt {saved.attempt} has begun; if its process is gone, nobody knows how it ended"
            return Row(state="RUNNING", attempts=attempts, why=why)
        case ResultDropped():
            return Row(state="PENDING", attempts=attempts, why="runs again")
        case _:
            assert_never(saved)
