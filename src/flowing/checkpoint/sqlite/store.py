"""The store that flowing uses for a path: one file of SQLite, and two small ones beside it. Only what is public."""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, final

from flowing._text import one_line
from flowing.checkpoint.codec.json_codec import JsonCodec
from flowing.checkpoint.sqlite.paths import literal_path
from flowing.checkpoint.sqlite.session import Session
from flowing.errors import ConfigError

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Sequence

    from flowing.checkpoint.codec.protocol import Codec
    from flowing.checkpoint.records import Change, SavedRun
    from flowing.checkpoint.sqlite.connection import Durability

_RUN_ID_MAX: Final = 200


@final
class SqliteStore:
    """Keeps runs in a file, so that they survive the process.

    Args:
        path: Where the file is or shall be, taken literally. Its directory has to exist. `.lock` and `.running` are
            put behind it for two files of flowing's, and SQLite puts `-wal` and `-shm`.
        run_id: Which run of the file is meant. Default: the newest, and a new name for a new one.
        durability: "power": a result that was acknowledged survives a power cut, if the disk does not lie (an fsync
            for each group of commits). "process": it survives the death of the process, and the last ones may be lost
            at a power cut. Default: "power".
        codec: How values are written. Default: `JsonCodec()`.
    """

    __slots__ = ("__weakref__", "_durability", "_finalizer", "_path", "_session", "_turn", "codec", "run_id")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        run_id: str | None = None,
        durability: Durability = "power",
        codec: Codec | None = None,
    ) -> None:
        """Look at the options; opens nothing.

        Raises:
            ConfigError: one has a value that it cannot take.
        """
        self._path: Final = literal_path(path)
        self.run_id: Final = _checked_run_id(run_id)
        if durability not in ("power", "process"):
            message = f"SqliteStore has durability={one_line(repr(durability))}; it must be 'power' or 'process'"
            raise ConfigError(message)
        self._durability: Final[Durability] = durability
        self.codec: Final[Codec] = codec or JsonCodec()
        self._turn: Final = threading.Lock()
        self._session: Session | None = None
        self._finalizer: weakref.finalize[[], SqliteStore] | None = None

    @property
    def path(self) -> str:
        """Where the file is, as an absolute path."""
        return self._path

    def open(self) -> tuple[str, ...]:
        """Take hold of the file: as `Store.open`."""
        assert self._session is None, "the store is open already"
        session = Session(self._path, self._durability, self.codec.name)
        self._session = session
        self._finalizer = weakref.finalize(self, session.release)
        return session.warnings

    def load(self, *, accept_damage: bool = False) -> SavedRun | None:
        """Give a run: as `Store.load`."""
        with self._one_at_a_time() as session:
            return session.load(self.run_id, accept_damage=accept_damage)

    def commit(self, changes: Sequence[Change], /) -> None:
        """Apply changes in one transaction: as `Store.commit`."""
        with self._one_at_a_time() as session:
            session.commit(changes)

    def check_files(self) -> None:
        """See that the files are those that were opened: as `OnFiles.check_files`."""
        with self._one_at_a_time() as session:
            session.check_files()

    def mark_started(self, place: int, task: str, attempt: int) -> None:
        """Note that an attempt runs in a place: as `Store.mark_started`."""
        session = self._session
        assert session is not None, "the store is not open"
        session.mark(place, task, attempt)

    def mark_ended(self, place: int) -> None:
        """Note that nothing runs in a place any more."""
        session = self._session
        assert session is not None, "the store is not open"
        session.unmark(place)

    def close(self) -> None:
        """Let go of the file: as `Store.close`."""
        self._session = None
        if self._finalizer is not None:
            self._finalizer()

    def _held(self) -> Session:
        session = self._session
        assert session is not None, "the store is not open"
        return session

    @contextmanager
    def _one_at_a_time(self) -> Generator[Session]:
        session = self._held()
        session.check_process()  # before the lock, which a fork may have copied while it was held
        taken = self._turn.acquire(blocking=False)
        assert taken, "two threads use the store at once"
        try:
            yield session
        finally:
            self._turn.release()


def _checked_run_id(run_id: object) -> str | None:
    if run_id is None or (
        isinstance(run_id, str)
        and 0 < len(run_id) <= _RUN_ID_MAX
        and one_line(run_id, length_max=_RUN_ID_MAX) == run_id
    ):
        return run_id
    shown = one_line(repr(run_id), length_max=80) if isinstance(run_id, str) else type(run_id)
    message = (
        f"SqliteStore has run_id={shown}; it must be a text of 1 to {_RUN_ID_MAX} characters without control characters"
    )
    raise ConfigError(message)
