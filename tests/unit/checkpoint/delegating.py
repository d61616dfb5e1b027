"""A store that hands everything on to another one: what stores with a mistake in them begin with. Checks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint import Change, Codec, SavedRun, Store


class Delegating:
    """Does what the real one does."""

    def __init__(self, real: Store) -> None:
        self._real: Final = real

    @property
    def codec(self) -> Codec:
        return self._real.codec

    @property
    def run_id(self) -> str | None:
        return self._real.run_id

    def open(self) -> tuple[str, ...]:
        return self._real.open()

    def load(self, *, accept_damage: bool = False) -> SavedRun | None:
        return self._real.load(accept_damage=accept_damage)

    def commit(self, changes: Sequence[Change], /) -> None:
        self._real.commit(changes)

    def mark_started(self, place: int, task: str, attempt: int) -> None:
        self._real.mark_started(place, task, attempt)

    def mark_ended(self, place: int) -> None:
        self._real.mark_ended(place)

    def close(self) -> None:
        self._real.close()
