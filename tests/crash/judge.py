"""What a script left behind when it was killed, and what is wrong with it. Starts nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from attrs import field, frozen

from flowing.checkpoint import AttemptMarked, ResultSaved
from flowing.checkpoint.sqlite.look import read_tasks
from flowing.errors import CheckpointError
from tests.crash.script import ONCE, expected, needs

if TYPE_CHECKING:
    from tests.crash.script import Place

NEEDS: Final = needs()
EXPECTED: Final = expected()


@frozen
class Left:
    """What is there after a life: the values that are committed, the attempts that are marked, and all notes."""

    committed: dict[str, list[int]] = field(factory=dict)
    marked: frozenset[str] = frozenset()
    notes: tuple[tuple[str, str], ...] = ()


def left_in(place: Place) -> Left:
    """Look at the files of a script that is dead."""
    told = notes_in(place)
    if place.journal.exists():  # it was killed while the tables were made, and who only looks can't put that in order
        return Left(notes=told)
    try:
        saved = read_tasks(place.checkpoint).saved
    except CheckpointError as error:
        if nothing_is_there(error):
            return Left(notes=told)
        raise
    results = {name: each for name, each in saved.items() if isinstance(each, ResultSaved)}
    return Left(
        committed={name: cast("list[int]", json.loads(each.payload)) for name, each in results.items()},
        marked=frozenset(name for name, each in saved.items() if isinstance(each, AttemptMarked)),
        notes=told,
    )


def nothing_is_there(error: CheckpointError) -> bool:
    """Tell whether an error means that the process was killed before its run had begun."""
    said = str(error)
    return any(each in said for each in ("there is no checkpoint", "has no run", "version 0 of the checkpoint format"))


def notes_in(place: Place) -> tuple[tuple[str, str], ...]:
    """Read which bodies began, each with its key."""
    if not place.notes.exists():
        return ()
    lines = [line.split() for line in place.notes.read_text().splitlines()]
    return tuple([(name, key) for _, name, key in lines])


def faults_of(before: Left, after: Left) -> list[str]:
    """Say what is wrong with a life: results that were lost, bodies that ran again, values that are others."""
    ran = [name for name, _ in after.notes[len(before.notes) :]]
    begun = [name for name, _ in after.notes]
    acknowledged = {needed for name in ran for needed in NEEDS[name]}
    return [
        *[f"lost: {name}" for name in sorted(before.committed.keys() - after.committed.keys())],
        *[f"acknowledged, and lost: {name}" for name in sorted(acknowledged - after.committed.keys())],
        *[f"ran again: {name}" for name in ran if name in before.committed],
        *[f"ran twice: {name}" for name in ONCE if begun.count(name) > 1],
        *[f"wrong: {name}" for name, value in after.committed.items() if value != EXPECTED[name]],
        *[f"other key: {name}" for name, keys in _keys(after).items() if len(keys) > 1],
    ]


def _keys(left: Left) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = {}
    for name, key in left.notes:
        keys.setdefault(name, set()).add(key)
    return keys


def shortfall(left: Left) -> list[str]:
    """Say what is missing in the end: each task has its result, or may run only once and was killed in that."""
    return [name for name in NEEDS if name not in left.committed and not (name in ONCE and name in left.marked)]
