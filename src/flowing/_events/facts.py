"""Events as a recording keeps them: without values, and with what they go on from. Pure."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import evolve

from flowing._no_value import NO_VALUE
from flowing._record import record
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptSucceeded,
    Event,
    ResultProvided,
    ResultsInvalidated,
    RunRestored,
)
from flowing.core.run_rules import known_of
from flowing.core.state import Closed, Idle, State
from flowing.core.status import CommitDue, Invalidated, Known, Provided, Succeeded

if TYPE_CHECKING:
    from collections.abc import Iterator


class NotRecorded(enum.Enum):
    """The type of `NOT_RECORDED`."""

    NOT_RECORDED = "value not recorded"


NOT_RECORDED: Final = NotRecorded.NOT_RECORDED  # apart from every value, and from there being none


@record
class Forgotten:
    """What was known counts no more: the flow is as when it was made. `epoch` is that of the run that begins next.

    Only recordings have it, before each new run. It is no event of the core, which has a new state there.
    """

    epoch: int


Recorded: TypeAlias = Event | Forgotten


def without_values(event: Event) -> Event:
    """Give the event with `NOT_RECORDED` for each value. Asks nothing of a value."""
    match event:
        case AttemptSucceeded(task, attempt, epoch, at_s):
            return AttemptSucceeded(task, attempt, epoch, at_s, NOT_RECORDED)
        case AttemptReturned(task, attempt, epoch, at_s):
            return AttemptReturned(task, attempt, epoch, at_s, NOT_RECORDED, None)
        case AttemptFailed(value=value) if value is not NO_VALUE:
            return evolve(event, value=NOT_RECORDED)
        case ResultProvided(task):
            return ResultProvided(task, NOT_RECORDED)
        case RunRestored(rows=rows):
            return evolve(event, rows=tuple([(task, _without_value(row)) for task, row in rows]))
        case _:
            return event


def _without_value(row: Known) -> Known:
    match row:
        case Succeeded(value=value) if value is NO_VALUE:
            return row
        case Succeeded() | Provided():
            return evolve(row, value=NOT_RECORDED)
        case CommitDue():
            return evolve(row, value=NOT_RECORDED, kept=None)
        case Invalidated():
            return row


def events_behind(state: State) -> Iterator[Recorded]:
    """Give events that lead from nowhere to a flow that goes on as this one does, which stands still. O(n).

    Of a run that is over, the results are kept, and how often each task was tried; not how it failed.
    """
    yield Forgotten(state.epoch)
    rows = list(state.table)
    if isinstance(state.phase, Closed):
        times = state.run.times
        assert times is not None, "a run that is over has begun"
        known = [(task, known_of(row)) for task, row in enumerate(rows)]
        kept = tuple([(task, row) for task, row in known if row is not None])
        yield RunRestored(times.id, state.epoch, times.at_s, times.wall_s, kept)
    elif isinstance(state.phase, Idle) and state.phase.touched:
        for task, row in enumerate(rows):
            if isinstance(row, Provided):
                yield ResultProvided(task, row.value)
        again = tuple([task for task, row in enumerate(rows) if isinstance(row, Invalidated)])
        if again:
            yield ResultsInvalidated(again)
