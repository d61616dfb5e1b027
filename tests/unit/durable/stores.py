"""Stores for tests of flows: one that is looked at, and can be told to fail. No tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flowing.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint import Change, Codec, SavedRun, Store


class Watched:
    """Passes everything on to another store, and keeps what was committed.

    `fails` says what happens to the next commits, in their order: nothing, or an error before or after they took
    effect.
    """

    def __init__(self, real: Store) -> None:
        self.real = real
        self.committed: list[tuple[Change, ...]] = []
        self.fails: list[Literal["no", "before", "after"]] = []

    @property
    def codec(self) -> Codec:
        return self.real.codec

    @property
    def run_id(self) -> str | None:
        return self.real.run_id

    def open(self) -> tuple[str, ...]:
        return self.real.open()

    def load(self, *, accept_damage: bool = False) -> SavedRun | None:
        return self.real.load(accept_damage=accept_damage)

    def commit(self, changes: Sequence[Change], /) -> None:
        fails = self.fails.pop(0) if self.fails else "no"
        if fails == "before":
            raise disk_full(changes)
        self.real.commit(changes)
        self.committed.append(tuple(changes))
        if fails == "after":
            raise disk_full(changes)

    def mark_started(self, place: int, task: str, attempt: int) -> None:
        self.real.mark_started(place, task, attempt)

    def mark_ended(self, place: int) -> None:
        self.real.mark_ended(place)

    def close(self) -> None:
        self.real.close()


def disk_full(changes: Sequence[Change]) -> CheckpointError:
    """Say what a store says whose disk is full."""
    tasks = [name for name in (getattr(each, "task", None) for each in changes) if name is not None]
    return CheckpointError("'run.db': the disk is full; make room", path="run.db", task=tasks[0] if tasks else None)
