"""The whole run as a value, and what can be read off it. Nothing here makes a new state."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from flowing._record import maker, record
from flowing.core.status import (
    LANES,
    SHARED,
    BackingOff,
    Because,
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
    SkipDue,
    Skipped,
    Status,
    Succeeded,
)
from flowing.core.table import Table, make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core.graph import Graph


# ── phases: fail_fast and cancelling are facts about the run, not a sweep over its rows ──────────


@record
class Idle:
    """Not started yet. `touched` says that results were provided or invalidated."""

    touched: bool = False


@record
class Open:
    """The main graph goes on."""


@record
class FailingFast:
    """Main task `cause` failed for good: nothing of the main graph starts or retries any more (D5)."""

    cause: int


@record
class Detaching:
    """The main graph has settled; detached tasks run (D6). `failed_fast` is the task that stopped it, if one did."""

    failed_fast: int | None


@record
class Stopping:
    """Nothing starts any more. `grace_over` says that running attempts are not waited for either (D9)."""

    because: Because
    failed_fast: int | None
    grace_over: bool = False


@record
class Closed:
    """The run is over; `because` says what stopped it early, None when it came to its end."""

    because: Because | None
    failed_fast: int | None


Active: TypeAlias = Open | FailingFast | Detaching | Stopping
Phase: TypeAlias = Idle | Active | Closed


@record
class Times:
    """When the run (or its last resume) began, on both clocks; `id` names the run over all its resumes."""

    id: str
    at_s: float
    wall_s: float


@record
class Run:
    """What is true of the run as a whole, and seldom changes.

    `epoch` counts the resumes. `commits` counts the commits, and `committing` are the tasks in the one that is on its
    way, ascending. `abandoned` are the timed-out attempts, (task, attempt), whose threads have not come
    back, `late` counts what they reported too late, `waits` how often the run has waited for one of them, and
    `awaiting_place` says that it does.
    """

    graph: Graph
    phase: Phase
    epoch: int
    commits: int = 0
    committing: tuple[int, ...] = ()
    abandoned: frozenset[tuple[int, int]] = frozenset()
    late: int = 0
    waits: int = 0
    awaiting_place: bool = False
    times: Times | None = None


@record
class State:
    """A run, whole. Every event makes a new one; old ones stay valid.

    `running` and `main_left` repeat what the table says (how many rows run, how many main rows are not settled),
    because counting is O(n). They cannot drift: only `transition` writes them, in the same step as the rows,
    and `check` recounts them in every test.
    """

    run: Run
    table: Table
    running: int
    main_left: int

    @property
    def graph(self) -> Graph:
        """Give the graph."""
        return self.run.graph

    @property
    def phase(self) -> Phase:
        """Say how far the run is."""
        return self.run.phase

    @property
    def epoch(self) -> int:
        """Count the resumes."""
        return self.run.epoch

    @property
    def free(self) -> int:
        """Count the attempts that may start now: `max_abandoned` abandoned threads are replaced, more are not (D8)."""
        run = self.run
        limits = run.graph.limits
        not_replaced = len(run.abandoned) - limits.abandoned
        return limits.workers - self.running - (max(0, not_replaced))


make_state: Final = maker(State)  # as the class makes it, only faster: every event needs one


def initial(graph: Graph, *, epoch: int = 0) -> State:
    """Make the state before anything has happened. O(n)."""
    rows = [SHARED[unmet] if unmet < len(SHARED) else Blocked(unmet) for unmet in map(len, graph.dependencies)]
    return State(Run(graph, Idle(), epoch), make_table(rows), running=0, main_left=graph.main)


_WITH_RESULT: Final = (Succeeded, Provided)  # a tuple: a union is made anew each time it is asked for
_SETTLED: Final = (*_WITH_RESULT, Failed, Rejected, Skipped, Cancelled)


def has_result(row: Status) -> bool:
    """Tell whether dependents can use the row."""
    return isinstance(row, _WITH_RESULT)


def value_of(row: Status) -> object:
    """Give the value of a row that has a result."""
    assert isinstance(row, _WITH_RESULT), row
    return row.value


def values_of(table: Table, tasks: Sequence[int]) -> list[object]:
    """Give the values of some rows; every one of them must have a result. O(tasks)."""
    if len(tasks) == 1:  # as it is with most, and quicker
        return [_VALUE(table[tasks[0]])]
    return [*map(_VALUE, table.read(tasks))]


_VALUE: Final = attrgetter("value")  # of a row that has a result, as all have that a task needs when it starts


def check(state: State) -> None:
    """Assert everything that must be true of a state. O(nodes + edges); for tests and simulation."""
    graph, rows = state.graph, list(state.table)
    assert len(rows) == graph.size
    assert state.running == sum(isinstance(row, Running) for row in rows)
    assert state.main_left == sum(not is_settled(row) for row in rows[: graph.main])
    for lane in LANES[1:]:
        assert state.table.list_in(lane) == [*state.table.all_in(lane)]
        assert state.table.list_in(lane) == [number for number, row in enumerate(rows) if row.lane == lane]
        assert state.table.has(lane) == any(row.lane == lane for row in rows)
    if not isinstance(state.phase, Closed):
        assert [*state.run.committing] == [number for number, row in enumerate(rows) if isinstance(row, Committing)]
    for number, row in enumerate(rows):
        unmet = sum(not has_result(rows[needed]) for needed in graph.dependencies[number])
        _check_row(state, number, row, unmet)
    if not isinstance(state.phase, Idle | Closed):
        assert state.running + len(state.run.abandoned) <= graph.limits.workers + graph.limits.abandoned


def _check_row(state: State, number: int, row: Status, unmet: int) -> None:
    policy = state.graph.policies[number]
    match row:
        case Blocked():
            assert row.unmet == unmet > 0
        case Ready() | ReadyAgain() | Running() | CommitDue() | Committing():
            assert unmet == 0
            assert 1 <= row.attempt - row.past.attempts <= 1 + policy.retries
        case RetryDue() | BackingOff():
            assert unmet == 0
            assert 1 <= row.attempt - row.failure.run.past.attempts <= policy.retries
        case Failed():
            assert 1 <= row.attempt - row.failure.run.past.attempts <= 1 + policy.retries
        case Skipped() | SkipDue():
            if not isinstance(state.phase, Idle | Closed):
                cause = state.table[row.cause]
                assert isinstance(cause, Skipped if row.gate else Failed | Rejected)
        case Invalidated():
            assert isinstance(state.phase, Idle | Closed)
        case Succeeded() | Provided() | Rejected() | Cancelled():
            pass
        case _:
            assert_never(row)


def is_settled(row: Status) -> bool:
    """Tell whether nothing more happens to the row in this run, unless it is resumed."""
    return isinstance(row, _SETTLED)
