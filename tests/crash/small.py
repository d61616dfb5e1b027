"""A small script for the sweeps: it resumes, overrides a result, and resumes again. And what it may leave behind."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from flowing import Flow, Task, task
from flowing.checkpoint import OverrideSaved, ResultSaved
from flowing.checkpoint.sqlite.look import read_tasks
from flowing.errors import CheckpointError
from tests.crash.judge import nothing_is_there
from tests.crash.script import ENDLESS, store_of

if TYPE_CHECKING:
    from tests.crash.script import Place

NEEDS: Final = {"a": (), "b": ("a",), "c": ("a",), "last": ("b", "c"), "aside": ("last",)}
BEFORE: Final = {"a": 1, "b": 2, "c": 2, "last": 5, "aside": 6}
GIVEN: Final = 100
AFTER: Final = {"a": 1, "b": GIVEN, "c": 2, "last": 103, "aside": 6}
MENDED: Final = "mended"


class Small:
    """One process of the script."""

    def __init__(self, place: Place, kind: str) -> None:
        self._notes = os.open(place.notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        made: dict[str, Task[int]] = {}
        for name, needed in NEEDS.items():
            body = partial(self._body, name)
            made[name] = task(body, name=name, depends_on=[made[each] for each in needed], detached=name == "aside")
        self._b = made["b"]
        self.flow = Flow(made["last"], checkpoint=store_of(kind, place), max_workers=2, max_crashes=ENDLESS)

    def _body(self, name: str, **inputs: int) -> int:
        self.note(name)
        return 1 + sum(inputs.values())

    def note(self, word: str) -> None:
        """Write a word that outlives the process."""
        os.write(self._notes, f"{word}\n".encode())

    def live(self) -> None:
        """Do all that there is to do."""
        assert self.flow.resume().ok
        if not self.flow.results[self._b].overridden:
            self.note(MENDED)
            self.flow.override(self._b, GIVEN)
        assert self.flow.resume().ok
        self.flow.close()


@frozen
class Left:
    """What is there after a life."""

    results: dict[str, int] = field(factory=dict)
    mended: bool = False
    notes: tuple[str, ...] = ()


def left_in(place: Place) -> Left:
    """Look at the files of a script that is dead."""
    notes = tuple(place.notes.read_text().split()) if place.notes.exists() else ()
    if place.journal.exists():  # it was killed while the tables were made, and who only looks can't put that in order
        return Left(notes=notes)
    try:
        saved = read_tasks(place.checkpoint).saved
    except CheckpointError as error:
        if nothing_is_there(error):
            return Left(notes=notes)
        raise
    done = {name: each for name, each in saved.items() if isinstance(each, ResultSaved | OverrideSaved)}
    return Left(
        results={name: int(each.payload) for name, each in done.items()},
        mended=isinstance(done.get("b"), OverrideSaved),
        notes=notes,
    )


def faults_of(before: Left, after: Left) -> list[str]:
    """Say what is wrong with a life that began with one state of the files and ended with another."""
    noted = after.notes[len(before.notes) :]
    at = noted.index(MENDED) if MENDED in noted else len(noted)
    ran, again = noted[:at], [each for each in noted[at:] if each != MENDED]
    expected = AFTER if after.mended else BEFORE
    may_go = {"last"} if after.mended and not before.mended else set[str]()
    acknowledged = {needed for name in (*ran, *again) for needed in NEEDS[name]}
    acknowledged |= {"last"} if MENDED in noted else set()
    return [
        *[f"lost: {name}" for name in sorted(before.results.keys() - after.results.keys() - may_go)],
        *[f"acknowledged, and lost: {name}" for name in sorted(acknowledged - after.results.keys() - may_go)],
        *[f"ran again: {name}" for name in ran if name in before.results],
        *[f"ran again: {name}" for name in again if name != "last"],
        *[f"wrong: {name}" for name, value in after.results.items() if value != expected[name]],
        *(["the override is lost"] if before.mended and not after.mended else []),
    ]


def shortfall(left: Left) -> list[str]:
    """Say what is missing in the end."""
    return [name for name in NEEDS if left.results.get(name) != AFTER[name]]
