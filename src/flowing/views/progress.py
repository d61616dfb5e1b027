"""How far a run is, read off its state at a moment: counts, what runs, what is left. Pure: no clock, and no screen."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from heapq import nsmallest
from itertools import compress
from operator import attrgetter
from typing import TYPE_CHECKING, Final, final, get_args

from flowing._no_value import NO_VALUE
from flowing._record import record
from flowing._text import describe_error, one_line
from flowing.core.state import Closed, State
from flowing.core.status import (
    BackingOff,
    Blocked,
    Cancelled,
    CommitDue,
    Committing,
    Failed,
    Invalidated,
    Provided,
    Ready,
    ReadyAgain,
    Rejected,
    RetryDue,
    Running,
    Settled,
    SkipDue,
    Skipped,
    Status,
    Succeeded,
)
from flowing.results import StepState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowing.core.graph import Graph

SHOWN_MAX: Final = 10  # running tasks, and failures in the end
NAME_MAX: Final = 40
_WHY_MAX: Final = 100
_SAMPLE: Final = 512  # so many tasks say how long one takes


@record
class RunningTask:
    """A task that runs: for how long, in which attempt."""

    name: str
    attempt: int
    elapsed_s: float


@record
class Left:
    """What is left on the longest path: so many tasks, and about so many seconds."""

    tasks: int
    about_s: float


@record(kw_only=True)
class Glance:
    """A run at a moment. `running` has those that run longest; `left` is None while nothing is known."""

    elapsed_s: float
    counts: Mapping[StepState, int]
    waiting_to_retry: int
    retries: int
    running: tuple[RunningTask, ...] = ()
    left: Left | None = None

    @property
    def total(self) -> int:
        """Count all tasks."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """Count the tasks to which nothing more happens."""
        return self.total - self.counts[StepState.PENDING] - self.counts[StepState.RUNNING]


@final
class Watch:
    """Looks at the states of one run, in their order, and looks at no task again that was settled with all before it.

    Tasks are numbered by when they should start, so that is most of those that are done.
    """

    def __init__(self, graph: Graph, began_s: float) -> None:
        self._graph = graph
        self._began_s = began_s
        self._front = 0  # all tasks before it are settled,
        self._behind: Counter[type[Status]] = Counter()  # so many in each way,
        self._retries = 0  # after so many retries
        self._path: list[int] = []  # the longest path, as it was when the front was last on another one
        self._retried = [*compress(itertools.count(), map(attrgetter("retries"), graph.policies))]  # that may be

    def glance(self, state: State, now_s: float) -> Glance:
        """Read a state that may go on meanwhile: the rows are those of one moment. O(n), 0.05 us a task at most."""
        table, _ = state.table.look()  # where the rows lie: to read a version that is over costs twenty times as much
        rows = table[self._front :]
        kinds = [*map(type, rows)]
        by_kind = self._behind + Counter(kinds)
        glance = Glance(
            elapsed_s=now_s - self._began_s,
            counts=_by_state(by_kind, closed=isinstance(state.phase, Closed)),
            waiting_to_retry=sum(by_kind[kind] for kind in (RetryDue, BackingOff, ReadyAgain)),
            retries=self._retries + sum([_retries(rows[task - self._front]) for task in self._retried]),
            running=self._running(rows, kinds, by_kind[Running], now_s),
            left=self._left(table, kinds, now_s),
        )
        self._advance(rows, kinds)
        return glance

    def _advance(self, rows: Sequence[Status], kinds: Sequence[type[Status]]) -> None:
        """Leave those behind that are settled, with all before them."""
        settled = _settled_first(kinds)
        self._behind.update(kinds[:settled])
        self._front += settled
        passed = bisect_left(self._retried, self._front)
        self._retries += sum([_retries(rows[task - self._front + settled]) for task in self._retried[:passed]])
        del self._retried[:passed]

    def _running(
        self, rows: Sequence[Status], kinds: list[type[Status]], many: int, now_s: float
    ) -> tuple[RunningTask, ...]:
        """Find those that run, at the speed of a search in a list."""
        found: list[tuple[float, int, int]] = []
        place = -1
        for _ in range(many):
            place = kinds.index(Running, place + 1)
            row = rows[place]
            assert isinstance(row, Running), row
            found.append((row.started_s, self._front + place, row.attempt))
        names = self._graph.names
        return tuple(
            [
                RunningTask(names[task], attempt, max(0.0, now_s - started_s))
                for started_s, task, attempt in nsmallest(SHOWN_MAX, found)
            ]
        )

    def _left(self, table: Sequence[Status], kinds: Sequence[type[Status]], now_s: float) -> Left | None:
        """Say how long the longest path takes from here on, if each task of it takes as long as those before.

        The first task that is not settled begins a longest path, and the first dependent of a task goes on with one:
        that is how tasks are numbered (D18).
        """
        front = self._front + _settled_first(kinds)
        step_s = _mean_s(table)
        if step_s is None or front >= self._graph.main:
            return None
        tasks, first = self._tasks_left(front), table[front]
        spent_s = min(step_s, max(0.0, now_s - first.started_s)) if isinstance(first, Running) else 0.0
        return Left(tasks, tasks * step_s - spent_s)

    def _tasks_left(self, front: int) -> int:
        """Count the tasks of the longest path from the front on."""
        place = bisect_left(self._path, front)
        if self._path[place : place + 1] != [front]:
            self._path, place = _longest_path(self._graph, front), 0
        return len(self._path) - place


def _settled_first(kinds: Sequence[type[Status]]) -> int:
    """Count the settled ones at the beginning."""
    return next(compress(itertools.count(), map(_UNSETTLED.__contains__, kinds)), len(kinds))


def _longest_path(graph: Graph, task: int) -> list[int]:
    """Follow the main tasks from this one on to an end; their numbers ascend."""
    main, dependents = graph.main, graph.dependents
    path = [task]
    while (after := dependents[task]) and after[0] < main:
        task = after[0]
        path.append(task)
    return path


def _mean_s(table: Sequence[Status]) -> float | None:
    """Say how long a task took on average, of some that are spread over the graph; None where none of them is done."""
    seen: list[float] = []
    for task in range(0, len(table), max(1, len(table) // _SAMPLE)):
        row = table[task]
        if isinstance(row, Succeeded) and row.value is not NO_VALUE:  # without one, nobody knows when it ran
            seen.append(max(0.0, row.ended_s - row.run.started_s))
    return sum(seen) / len(seen) if seen else None


def _retries(row: Status) -> int:
    """Count the attempts after the first one, the one that goes on included."""
    made = row.attempt - 1 if isinstance(row, Ready | ReadyAgain) else row.attempt
    return max(0, made - 1)


def _by_state(by_kind: Mapping[type[Status], int], *, closed: bool) -> Mapping[StepState, int]:
    """Count by state, as `Results.counts` does."""
    counts = dict.fromkeys(StepState, 0)
    for kind, count in by_kind.items():
        counts[_CLOSED.get(kind, _OPEN[kind]) if closed else _OPEN[kind]] += count
    return counts


_OPEN: Final[Mapping[type[Status], StepState]] = {
    Blocked: StepState.PENDING,
    Ready: StepState.PENDING,
    ReadyAgain: StepState.PENDING,
    RetryDue: StepState.PENDING,
    BackingOff: StepState.PENDING,
    Invalidated: StepState.PENDING,
    Running: StepState.RUNNING,
    CommitDue: StepState.RUNNING,
    Committing: StepState.RUNNING,
    Succeeded: StepState.SUCCEEDED,
    Provided: StepState.SUCCEEDED,
    Failed: StepState.FAILED,
    Rejected: StepState.FAILED,
    SkipDue: StepState.SKIPPED,
    Skipped: StepState.SKIPPED,
    Cancelled: StepState.CANCELLED,
}
_UNSETTLED: Final = frozenset(kind for kind in _OPEN if kind not in get_args(Settled))
_CLOSED: Final[Mapping[type[Status], StepState]] = dict.fromkeys(
    (Blocked, Ready, Running, CommitDue, Committing), StepState.CANCELLED
)


# ── in words ─────────────────────────────────────────────────────────────────────────────────────


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
