"""What a stored run comes back as: rows for the core, and who may not run. Pure, but for decoding."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from flowing._no_value import NO_VALUE
from flowing._record import record
from flowing._text import describe_error, one_line
from flowing.checkpoint import (
    AttemptMarked,
    Differences,
    EndNoted,
    FailureSaved,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    Saved,
    SavedRun,
    changes_between,
)
from flowing.checkpoint.declaration import NO_DIFFERENCES
from flowing.checkpoint.records import settled_attempt
from flowing.checkpoint.wording import crash_loop, flow_changed, made_for_another_type, uncertain
from flowing.core.events import ResultsInvalidated, RunRestored
from flowing.core.run_rules import known_of, past_of
from flowing.core.state import State, has_result, initial
from flowing.core.status import (
    CommitDue,
    Committing,
    Invalidated,
    Known,
    Past,
    Provided,
    Running,
    Status,
    Succeeded,
)
from flowing.core.transition import transition
from flowing.errors import CheckpointError, ResultUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from flowing._durable.declaring import Declared
    from flowing.core.graph import Graph

OnChange: TypeAlias = Literal["error", "rerun", "keep"]
OnUnreadable: TypeAlias = Literal["error", "recompute"]


@record
class Now:
    """One moment on both clocks, in seconds."""

    at_s: float
    wall_s: float


@record(kw_only=True)
class Restored:
    """A stored run as a flow goes on with it.

    `state` is closed. `stored` is the same as it was before tasks were made to run again because they are declared
    differently. `refused` says who must not run, and why. `finished`: nothing is left to do.
    """

    state: State
    stored: State
    refused: Mapping[int, CheckpointError]
    finished: bool
    warnings: tuple[str, ...]


@record(kw_only=True, eq=False)
class Reader:
    """Reads the runs of one flow."""

    graph: Graph
    declared: Declared
    path: str
    on_change: OnChange
    on_unreadable: OnUnreadable
    max_crashes: int

    def restored(self, saved: SavedRun, now: Now) -> Restored:
        """Give the run as it was when it was last written. O(tasks + edges).

        Raises:
            FlowChangedError: a task that has a result is declared differently now, and `on_change` is "error".
            ResultUnreadable: a result was made for another type, and `on_unreadable` is "error".
        """
        differences = self._differences(saved)
        again = self._to_run_again(saved, differences)
        refused, unreadable = self._crash_loops(saved), list[str]()
        rows: list[tuple[int, Known]] = []
        numbers, shift_s = self.graph.numbers, now.at_s - now.wall_s
        for name, said in saved.saved.items():
            number = numbers.get(name)
            if number is None:
                continue
            if type(said) is ResultSaved:
                value = self._value(number, said, unreadable)
                rows.append((number, _result(said, value, shift_s)))
            else:
                rows.append((number, self._row(number, said, unreadable)))
                if isinstance(said, AttemptMarked):
                    refused[number] = uncertain(name, attempt=said.attempt)
        rows.sort(key=_FIRST)
        stored = restored(self.graph, rows, saved.run_id, saved.epoch, now)
        state = transition(stored, ResultsInvalidated(again)) if again else stored
        state = with_unstored(state, self.declared.unstored, ran=self._ran(saved))
        made_anew = (*map(describe_error, saved.damage), *unreadable)
        return Restored(
            state=state,
            stored=stored,
            refused=refused,
            finished=saved.finished and all(map(has_result, state.table)),
            warnings=(*_worded(differences), *[f"{each}; it is made anew" for each in made_anew]),
        )

    def _differences(self, saved: SavedRun) -> Differences:
        """Say what differs in the tasks that have results, and which tasks are gone."""
        found = changes_between(saved.declaration, self.declared.declaration)
        if found is NO_DIFFERENCES:
            return found
        made = {name for name, each in saved.saved.items() if isinstance(each, ResultSaved)}
        given = {name for name, each in saved.saved.items() if isinstance(each, OverrideSaved)}  # by no code
        return Differences(
            removed=found.removed,
            changed=tuple([each for each in found.changed if each.task in made or each.task in given]),
            source_changed=tuple([name for name in found.source_changed if name in made]),
            constants_changed=tuple([name for name in found.constants_changed if name in made]),
        )

    def _to_run_again(self, saved: SavedRun, differences: Differences) -> tuple[int, ...]:
        if not differences.changed or self.on_change == "keep":
            return ()
        if self.on_change == "error":
            raise flow_changed(differences, path=self.path, run_id=saved.run_id)
        return tuple([self.graph.numbers[each.task] for each in differences.changed])

    def _crash_loops(self, saved: SavedRun) -> dict[int, CheckpointError]:
        """Find the tasks that took the process down too often."""
        numbers = self.graph.numbers
        return {
            numbers[name]: crash_loop(name, crashes=crashes)
            for name, crashes in saved.crashes.items()
            if name in numbers
            and crashes >= self.max_crashes
            and not isinstance(saved.saved.get(name), ResultSaved | OverrideSaved)
        }

    def _ran(self, saved: SavedRun) -> AbstractSet[int]:
        """Find the tasks whose results are not stored, and which ran all the same: the run came to its end."""
        if not saved.finished or not self.declared.unstored:
            return frozenset()
        numbers = self.graph.numbers
        names = [name for name in saved.declaration.names if name in numbers and name not in saved.saved]
        return self.declared.unstored & {numbers[name] for name in names}

    def _row(self, number: int, saved: Saved, unreadable: list[str]) -> Known:
        match saved:
            case OverrideSaved():
                value = self._value(number, saved, unreadable)
                return Invalidated(saved.past) if value is NO_VALUE else Provided(value, saved.past)
            case FailureSaved() | EndNoted() | ResultSaved():
                return Invalidated(Past(settled_attempt(saved), saved.past.invalidations))
            case AttemptMarked(attempt=attempt, past=past):
                return Invalidated(Past(attempt, past.invalidations))
            case ResultDropped(past=past):
                return Invalidated(past)
            case _:
                assert_never(saved)

    def _value(self, number: int, saved: ResultSaved | OverrideSaved, unreadable: list[str]) -> object:
        """Read a value; NO_VALUE where it can't be read, or is not stored any more, and may be made again."""
        codec = self.declared.codecs.get(number)
        if codec is None:
            return NO_VALUE
        try:
            if saved.fingerprint == codec.fingerprint:
                return codec.decode(saved.payload)
            if self.on_change == "rerun":
                return NO_VALUE
            raise made_for_another_type(saved.task, shown_type=codec.shown_type)
        except ResultUnreadable as error:
            if self.on_unreadable == "error":
                raise
            unreadable.append(describe_error(error))
            return NO_VALUE


_FIRST: Final = itemgetter(0)


def _result(saved: ResultSaved, value: object, shift_s: float) -> Known:
    """Make the row of a result of which this value was read."""
    if value is NO_VALUE:
        return Invalidated(Past(saved.attempt, saved.past.invalidations))
    started_s = saved.began_s + shift_s
    run = Running(saved.attempt, saved.past, started_s)
    return Succeeded(run, started_s + saved.duration_s, value, saved.stale)


def restored(graph: Graph, rows: Sequence[tuple[int, Known]], run_id: str, epoch: int, now: Now) -> State:
    """Give the state, closed, of a run of which this is known, by task in ascending order."""
    event = RunRestored(run_id, epoch, now.at_s, now.wall_s, tuple(rows))
    return transition(initial(graph, epoch=epoch), event)


def with_unstored(state: State, unstored: AbstractSet[int], *, ran: AbstractSet[int] = frozenset()) -> State:
    """Say which tasks count as done, though their values are not here, because nobody needs them. O(tasks + edges).

    Of the `unstored` without a value that is each of which all dependents have a result, or that has none and `ran`.
    """
    rows: dict[int, Status] = {}
    for task in sorted(unstored, reverse=True):  # dependents have the higher numbers
        row = state.table[task]
        if has_value(row):
            continue
        dependents = state.graph.dependents[task]
        needed = not all(_counts(rows.get(each, state.table[each])) for each in dependents)
        done = not needed and (bool(dependents) or task in ran or has_result(row))
        if done is not has_result(row):
            rows[task] = _done(past_of(row)) if done else Invalidated(past_of(row))
    if not rows:
        return state
    times = state.run.times
    assert times is not None, "the run has begun"
    known = ((task, known_of(rows.get(task, row))) for task, row in enumerate(state.table))
    kept = [(task, row) for task, row in known if row is not None]
    return restored(state.graph, kept, times.id, state.epoch, Now(times.at_s, times.wall_s))


def with_inputs(state: State, values: Mapping[int, object]) -> State:
    """Give a closed run values of parameters that it lacks. O(tasks + edges).

    Not as an override does: nothing was computed from another value, so nothing is invalidated, and every idempotency
    key stays.
    """
    times = state.run.times
    assert times is not None, "the run has begun"
    known = (
        (task, Provided(values[task], past_of(row)) if task in values else known_of(row))
        for task, row in enumerate(state.table)
    )
    kept = [(task, row) for task, row in known if row is not None]
    return restored(state.graph, kept, times.id, state.epoch, Now(times.at_s, times.wall_s))


def _done(past: Past) -> Succeeded:
    """Make the row of a task that ran in an earlier process, nobody knows when."""
    return Succeeded(Running(max(1, past.attempts), Past(0, past.invalidations), 0.0), 0.0, NO_VALUE)


def _counts(row: Status) -> bool:
    """Tell whether a task needs nothing of those before it: it has a result, or only lacks a commit."""
    return has_result(row) or isinstance(row, CommitDue | Committing)


def has_value(row: Status) -> bool:
    """Tell whether the row has a result, and its value is here."""
    return isinstance(row, Succeeded | Provided) and row.value is not NO_VALUE


def _worded(differences: Differences) -> Sequence[str]:
    """Word what is worth a warning."""
    removed = [f"task {name!r} of the stored run is not in the flow any more" for name in differences.removed]
    code = [f"the code of task {name!r}" for name in differences.source_changed]
    constants = [f"a default or a bound value of task {name!r}" for name in differences.constants_changed]
    changed = [
        f"{what} changed since its result was stored, which stays; invalidate() it to run it again"
        for what in (*code, *constants)
    ]
    return [*map(one_line, removed), *map(one_line, changed)]
