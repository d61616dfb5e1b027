"""A run between two steps, kept so that it can be gone back to and taken another way. Knows no rule.

States are values, so of the core there is nothing to copy. Of the desk everything that changes is copied, whatever its
name. Between two steps no worker has an assignment, and an attempt is not over as long as its return is pending.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, cast

from attrs import evolve

from flowing._record import record
from flowing.testing.pending import Return

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowing.core.status import Status
    from flowing.shell.attempt import Attempt
    from flowing.testing.crew import SimulatedWorker
    from flowing.testing.ledger import Ledger
    from flowing.testing.pending import Pending
    from flowing.testing.play import Play
    from flowing.testing.world import SimulatedWorld


@record(eq=False)
class Snapshot:
    """All that changes in a run that is open."""

    world: SimulatedWorld
    rows: tuple[Status, ...]
    desk: tuple[object, ...]
    pending: tuple[Pending, ...]
    attempts: tuple[tuple[Attempt, bool], ...]
    workers: tuple[tuple[SimulatedWorker, bool, bool], ...]
    counts: tuple[float, int, int, int, int, int, bool]
    ledger: Ledger
    came_back: frozenset[tuple[int, int]]
    stored: Mapping[int, object]


def take(play: Play) -> Snapshot:
    """Keep how an open run stands. O(tasks + what may happen next)."""
    world = play.world
    assert world is not None, "the run is open"
    crew, witness, parts = world.crew, play.witness, vars(world.desk)
    return Snapshot(
        world,
        play.rows,
        tuple([_copy(parts[name]) for name in (*_ALWAYS, *world.desk_parts)]),
        tuple(world.pending),
        tuple([(each.attempt, each.attempt.cancelled) for each in world.pending if isinstance(each, Return)]),
        tuple([(each, each.is_asleep, each.is_rung) for each in crew.workers]),
        (
            world.now_s,
            world.cancels.count,
            world.overlaps,
            crew.threads,
            crew.refusals_told,
            crew.refusals_left,
            crew.was_refused,
        ),
        witness.ledger.copy(),
        frozenset(witness.came_back),
        witness.stored.copy(),
    )


def restore(play: Play, snapshot: Snapshot) -> None:
    """Go back to where a snapshot was taken; it can be gone back to again."""
    play.world = world = snapshot.world
    crew, witness = world.crew, play.witness
    parts = vars(world.desk)
    for name, value in zip((*_ALWAYS, *world.desk_parts), snapshot.desk, strict=True):
        parts[name] = _copy(value)
    # A table that was gone on from before takes the slow way; one of its own takes that of production, at each step.
    state = world.desk.state
    play.state = world.desk.state = evolve(state, table=state.table.copy())
    play.rows = snapshot.rows
    world.pending = list(snapshot.pending)
    for attempt, cancelled in snapshot.attempts:
        attempt.cancelled, attempt.over = cancelled, False
    crew.workers = [each for each, _, _ in snapshot.workers]
    for worker, is_asleep, is_rung in snapshot.workers:
        worker.is_asleep, worker.is_rung = is_asleep, is_rung
    (
        world.now_s,
        world.cancels.count,
        world.overlaps,
        crew.threads,
        crew.refusals_told,
        crew.refusals_left,
        crew.was_refused,
    ) = snapshot.counts
    world.closings, world.missed = 0, []
    witness.is_cancelled = world.cancels.count > 0
    witness.ledger = snapshot.ledger.copy()
    witness.came_back, witness.stored = set(snapshot.came_back), dict(snapshot.stored)
    witness.story.clear()  # it would be the story of all ways taken so far; choices tell that of one


_ALWAYS: Final = ("state", "broken")  # of the desk, beside what its world says
_CONTAINERS: Final = frozenset((list, dict, deque))


def _copy(value: object) -> object:
    if type(value) not in _CONTAINERS:
        return value
    return cast("list[object]", value).copy()  # each of them has this method
