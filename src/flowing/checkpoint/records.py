"""What is stored of a run: one record for each thing that can be said of a task, and of the run. No file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from attrs import field

from flowing._record import record
from flowing.core.status import FRESH, Past

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowing.checkpoint.declaration import Declaration
    from flowing.errors import CheckpointCorrupt

# ── what was last said of a task ─────────────────────────────────────────────────────────────────
# `attempt` is the number of the attempt, the first of the run being 1; `past` what was counted in earlier resumes.
# `began_s` is on the wall clock, in seconds since 1970, for display only; `duration_s` is measured.


@record
class ResultSaved:
    """The task succeeded. `stale` marks a detached one whose inputs changed after it ran (D4)."""

    task: str
    payload: bytes = field(repr=False)
    fingerprint: int
    attempt: int
    past: Past = FRESH
    began_s: float = 0.0
    duration_s: float = 0.0
    stale: bool = False


@record
class OverrideSaved:
    """The task was given a value from outside."""

    task: str
    payload: bytes = field(repr=False)
    fingerprint: int
    past: Past = FRESH


@record
class StoredError:
    """An error as data: the name of its type, one line about it, and its traceback as text."""

    type_name: str
    summary: str
    traceback_text: str = field(repr=False)


@record
class FailureSaved:
    """The task failed for good. `attempt` is 0 where none was made."""

    task: str
    error: StoredError
    attempt: int
    past: Past = FRESH
    began_s: float = 0.0
    duration_s: float = 0.0


@record
class EndNoted:
    """The task ended without a result of its own. `reason` is for people."""

    task: str
    state: Literal["SKIPPED", "CANCELLED"]
    reason: str
    attempt: int = 0
    past: Past = FRESH


@record
class AttemptMarked:
    """An attempt of an `at_most_once` task is about to begin. Found on loading: nobody knows how it ended."""

    task: str
    attempt: int
    past: Past = FRESH
    began_s: float = 0.0


@record
class ResultDropped:
    """The task has no result any more, or has none yet; its counts stay."""

    task: str
    past: Past


Saved: TypeAlias = ResultSaved | OverrideSaved | FailureSaved | EndNoted | AttemptMarked | ResultDropped


def settled_attempt(saved: Saved | None) -> int:
    """Give the number of the last attempt whose end is known from what was saved."""
    match saved:
        case None:
            return 0
        case ResultSaved() | FailureSaved() | EndNoted():
            return max(saved.attempt, saved.past.attempts)
        case AttemptMarked():
            return saved.attempt - 1
        case OverrideSaved() | ResultDropped():
            return saved.past.attempts
        case _:
            assert_never(saved)


# ── what is said of the run ──────────────────────────────────────────────────────────────────────


@record
class RunBegun:
    """A new run began; everything after it is about this run."""

    run_id: str
    began_s: float
    declaration: Declaration


@record
class RunResumed:
    """The run goes on, with its tasks as they are declared now: what was declared before and is not now, stays."""

    epoch: int
    declaration: Declaration


@record
class RunFinished:
    """Nothing is left to do in the run."""


RunChange: TypeAlias = RunBegun | RunResumed | RunFinished
Change: TypeAlias = Saved | RunChange

# ── what loading gives ───────────────────────────────────────────────────────────────────────────


@record(kw_only=True)
class SavedRun:
    """A run as it was stored.

    `saved` has the last record about each task, equal to the one that was committed; tasks of which nothing was said
    are not in it. `crashes` counts how often the process died while a task was running, since something was last
    saved of it. `marked` names the tasks whose last record is an `AttemptMarked`. `damage` says what could not be read,
    where loading went on in spite of it; what it names is not in `saved`.
    """

    run_id: str
    began_s: float
    epoch: int
    finished: bool
    codec: str
    declaration: Declaration
    saved: Mapping[str, Saved] = field(repr=False)
    crashes: Mapping[str, int]
    marked: tuple[str, ...] = ()
    damage: tuple[CheckpointCorrupt, ...] = ()


@record
class RunSummary:
    """A run in a file, for a list of runs."""

    run_id: str
    began_s: float
    epoch: int
    finished: bool
    codec: str
