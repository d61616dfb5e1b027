"""What of a simulated run decides its future, as a key: two runs of one key can be told apart by nothing that follows.

Left out is what no rule, no desk and no claim ever asks: times, because the clock stands still and any timer may fall
due at any moment; errors; values, which follow from the names of the tasks; how many late reports there were; which
worker is which. What the ledger knows follows from the rows, because it is held to them after every step; of how
attempts failed the rows say less than the oracle asks, so that is added. Of the desk every part counts that changes,
whatever its name.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never, cast

from flowing.core.events import AttemptTimedOut, BackoffElapsed, PlacesExhausted
from flowing.core.status import (
    FRESH,
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
    SkipDue,
    Skipped,
    Succeeded,
)
from flowing.shell.attempt import Attempt
from flowing.testing.pending import (
    Alarm,
    Arrival,
    CancelCall,
    CancelService,
    HireAgain,
    Opening,
    Refusal,
    Return,
    StoreAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core.status import Past, Status
    from flowing.testing.ledger import Ledger
    from flowing.testing.pending import Pending
    from flowing.testing.world import SimulatedWorld

Key: TypeAlias = tuple[object, ...]


def key_of(world: SimulatedWorld, rows: Sequence[Status]) -> Key:
    """Give the key of a run between two steps. O(tasks + what may happen next)."""
    desk, ledger, crew = world.desk, world.witness.ledger, world.crew
    run, parts = desk.state.run, vars(desk)
    return (
        rows_key(rows, ledger),
        run.phase,
        run.epoch,
        run.abandoned,
        run.awaiting_place,
        tuple([_part_key(parts[name], world.now_s) for name in world.desk_parts]),
        tuple(sorted([_pending_key(each, run.waits) for each in world.pending])),
        (world.cancels.count, world.overlaps, crew.refusals_told, crew.refusals_left, crew.was_refused),
    )


def rows_key(rows: Sequence[Status], ledger: Ledger) -> Key:
    """Give what counts of the table."""
    return tuple([_row_key(task, row, ledger) for task, row in enumerate(rows)])


def _row_key(task: int, row: Status, ledger: Ledger) -> Key:
    match row:
        case Blocked(unmet, past):
            return (0, unmet, _past_key(past))
        case Ready(attempt, past):
            return (1, attempt, _past_key(past))
        case Running(attempt, past):
            return (2, attempt, _past_key(past))
        case Succeeded(run, _, _, stale):
            return (3, run.attempt, _past_key(run.past), stale)
        case Failed(failure, because):
            ends = ledger.ends[task]
            retryable = bool(ends) and getattr(ends[-1], "retryable", None)
            return (4, row.attempt, _past_key(failure.run.past), because, len(ends), retryable)
        case RetryDue(failure) | BackingOff(failure) | ReadyAgain(failure):
            return (5, type(row), row.attempt, _past_key(failure.run.past))
        case SkipDue(cause, gate, past) | Skipped(cause, gate, past):
            return (6, type(row), cause, gate, _past_key(past))
        case CommitDue() | Committing() | Provided() | Rejected() | Cancelled() | Invalidated():
            return (7, type(row), row.attempt)
        case _:
            assert_never(row)


def _past_key(past: Past) -> Key | None:
    return None if past is FRESH else (past.attempts, past.invalidations)


def _pending_key(each: Pending, waits: int) -> tuple[int, ...]:
    match each:
        case Return(attempt=attempt):
            return (0, attempt.task, attempt.number, attempt.epoch, attempt.cancelled, each.due_s == math.inf)
        case Alarm(what=Attempt() as attempt):
            return (1, attempt.task, attempt.number, attempt.epoch)
        case Alarm(what=BackoffElapsed() | AttemptTimedOut() as event):
            return (2, type(event) is BackoffElapsed, event.task, event.attempt, event.epoch)
        case Alarm(what=PlacesExhausted(wait)):
            return (3, waits - wait)
        case CancelCall(after=int() as task):
            return (4, task)
        case Arrival() | CancelCall() | CancelService() | Opening() | Refusal() | HireAgain() | StoreAnswer() | Alarm():
            return (5 + _ALIKE.index(type(each)),)
        case _:
            assert_never(each)


_ALIKE: Final[tuple[type[Pending], ...]] = (
    Arrival,
    CancelCall,
    CancelService,
    Opening,
    Refusal,
    HireAgain,
    StoreAnswer,
    Alarm,
)


def _part_key(value: object, now_s: float) -> object:
    """Give what counts of a part of the desk."""
    kind = type(value)
    if kind is bool:
        return value
    if kind is float:
        return now_s >= cast("float", value)
    if kind is dict:
        return frozenset(cast("dict[object, object]", value))  # by task, or by task and attempt
    return len(cast("list[object]", value))  # or a deque: of workers that are all alike, or of nothing between steps
