"""How a step makes its next state, and how one is refused. Knows no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from flowing._text import one_line
from flowing.core.events import AttemptEvent, Event, ResultProvided
from flowing.core.state import State, make_state
from flowing.core.status import FRESH, SHARED, Blocked, Ready, Status, make_blocked
from flowing.errors import InvalidTransition

if TYPE_CHECKING:
    from flowing.core.table import Table


def moved(state: State, table: Table, *, running: int = 0, main_left: int = 0) -> State:
    """Make the next state of a run whose rows changed, with what that adds to the counts."""
    return make_state(state.run, table, state.running + running, state.main_left + main_left)


def with_run(state: State, **changes: Any) -> State:  # noqa: ANN401 - `evolve` checks these against the fields of Run
    """Make the next state of a run whose rows did not change."""
    return State(evolve(state.run, **changes), state.table, state.running, state.main_left)


def refusal(state: State, event: Event, where: str) -> InvalidTransition:
    """Word the error for an event that cannot happen here."""
    task = (
        f" of task {one_line(state.graph.names[event.task])!r}"
        if isinstance(event, AttemptEvent | ResultProvided)
        else ""
    )
    return InvalidTransition(f"event {event!r}{task} cannot happen in: {where}; the shell that reported it has a bug")


def unblocked(row: Blocked) -> Status:
    """Make the row of a task that waits for one dependency less."""
    unmet, past = row.unmet - 1, row.past
    if past is FRESH and unmet < len(SHARED):
        return SHARED[unmet]
    return make_blocked(unmet, past) if unmet else Ready(past.attempts + 1, past)
