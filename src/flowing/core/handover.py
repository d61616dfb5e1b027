"""What a worker's visit needs most: take in a value, and start the next task. Always equal to the single steps.

`transition`, `decide`, `transition` say what must happen; this makes the same state with half of the records on the
way (measured with the whole desk, a chain of 10^4: 8.4 us a task instead of 15.1). Where anything is out of the
ordinary, it takes the single steps itself.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from flowing.core.decide import answer, decide
from flowing.core.events import AttemptSucceeded, Start
from flowing.core.state import Open, State, make_state
from flowing.core.status import SHARED, Blocked, CommitDue, Ready, Running, Status, make_running, make_succeeded
from flowing.core.steps import unblocked
from flowing.core.table import NOT_ONLY_READY
from flowing.core.transition import transition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core.events import AttemptReturned
    from flowing.core.graph import Graph

Begun: TypeAlias = tuple[int, Running]


def hand_over(state: State, event: AttemptSucceeded | AttemptReturned, at_s: float) -> tuple[State, Begun | None]:
    """Give the state after the report and after the start, at `at_s`, of the task to start then; and that task.

    O(out-degree + log n). Raises as `transition` does.
    """
    run, task = state.run, event.task
    held, ready = state.table.look(ignore_commits=bool(run.committing))
    row = held[task]
    if (
        ready == NOT_ONLY_READY
        or type(row) is not Running
        or type(run.phase) is not Open
        or event.attempt != row.attempt
        or event.epoch != run.epoch
    ):
        return _in_single_steps(state, event, at_s)
    rows: list[Status]
    if type(event) is AttemptSucceeded:
        indices, rows, freed = _settled(run.graph, held, row, event)
        left = state.main_left - 1
    elif run.committing:
        indices, freed, left = [task], 0, state.main_left
        rows = [CommitDue(row, event.at_s, event.value, event.kept)]
    else:  # a commit is due, before any start
        return _in_single_steps(state, event, at_s)
    if freed and not 0 <= ready < indices[freed]:
        ready, ready_row = indices[freed], rows[freed]
    else:
        freed = 0
        ready_row = held[ready]
    running, begun = state.running, None
    if 0 <= ready < run.graph.main and type(ready_row) is Ready:
        begun = ready, make_running(ready_row.attempt, ready_row.past, at_s)
        if freed:
            rows[freed] = begun[1]
        else:
            indices.append(ready)
            rows.append(begun[1])
    else:
        running -= 1
    table = state.table.go_on(indices, rows)
    if table is None:
        return _in_single_steps(state, event, at_s)
    return make_state(run, table, running, left), begun


def _settled(
    graph: Graph, held: Sequence[Status], row: Running, event: AttemptSucceeded
) -> tuple[list[int], list[Status], int]:
    """Give the rows that a success changes, its own first; and which is the lowest that becomes ready, or 0."""
    task, succeeded = event.task, make_succeeded(row, event.at_s, event.value)
    dependents = graph.dependents[task]
    if not dependents:
        return [task], [succeeded], 0
    if len(dependents) == 1:
        dependent = dependents[0]
        blocked = held[dependent]
        if type(blocked) is not Blocked:
            return [task], [succeeded], 0
        return [task, dependent], [succeeded, unblocked(blocked)], 1 if blocked.unmet == 1 else 0
    after, freed = _unblocked([held[dependent] for dependent in dependents])
    return [task, *dependents], [succeeded, *after], freed


def _unblocked(rows: list[Status]) -> tuple[list[Status], int]:
    """Give the dependents' rows after the success; and which is the first that becomes ready, from 1, or 0."""
    ids = [*map(id, rows)]
    if _SHARED_IDS.issuperset(ids):
        return [*map(_LESS, ids)], ids.index(_ONE_UNMET) + 1 if _ONE_UNMET in ids else 0
    after = [unblocked(row) if type(row) is Blocked else row for row in rows]
    freed = (number for number, row in enumerate(rows, 1) if type(row) is Blocked and row.unmet == 1)
    return after, next(freed, 0)


# What a shared row becomes, by its identity: a look-up without a line of Python for each row.
_LESS: Final = {id(row): less for less, row in pairwise(SHARED)}.__getitem__
_SHARED_IDS: Final = frozenset(map(id, SHARED[1:]))
_ONE_UNMET: Final = id(SHARED[1])


def _in_single_steps(
    state: State, event: AttemptSucceeded | AttemptReturned, at_s: float
) -> tuple[State, Begun | None]:
    state = transition(state, event)
    match decide(state, 1):
        case [Start(task=task) as start]:
            state = transition(state, answer(start, at_s))
            begun = state.table[task]
            assert isinstance(begun, Running), begun
            return state, (task, begun)
        case _:
            return state, None
