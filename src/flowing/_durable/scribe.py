"""What the workers of one session have written: their results, and which attempts run. No scheduling, and no file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final

from flowing.checkpoint import AttemptMarked
from flowing.errors import CheckpointError

if TYPE_CHECKING:
    import threading
    from collections.abc import Container, Sequence

    from flowing._durable.saving import Writer
    from flowing.checkpoint import Store
    from flowing.core.state import Times
    from flowing.core.status import CommitDue
    from flowing.shell.attempt import Attempt


@final
class Scribe:
    """Writes for one session, until that is over: a thread that comes late must not write into what came after.

    `turn` is held around every call that changes what is stored; marks need none. `marked` are the tasks whose
    attempts are marked durably before they begin, and `begun` has those that were.
    """

    __slots__ = ("_leaving", "_marked", "_over", "_store", "_times", "_turn", "_writer", "begun")

    def __init__(
        self, store: Store, turn: threading.Lock, writer: Writer, times: Times, *, marked: Container[int]
    ) -> None:
        self._store: Final = store
        self._turn: Final = turn
        self._writer: Final = writer
        self._times: Final = times
        self._marked: Final = marked
        self._over = self._leaving = False
        self.begun: Final[set[int]] = set()

    def save(self, results: Sequence[tuple[int, CommitDue]]) -> None:
        """Commit results, all or none."""
        changes = self._writer.results(results, self._times)
        with self._turn:
            self._check_in_time()
            self._store.commit(changes)

    def begins(self, attempt: Attempt, place: int) -> None:
        """Mark an attempt that is about to run: durably, if it may run only once."""
        name, task = attempt.body.name, attempt.task
        try:
            self._store.mark_started(place, name, attempt.row.attempt)
        except BaseException:
            self._wait_if_leaving()
            raise
        if task in self._marked:
            mark = AttemptMarked(name, attempt.row.attempt, attempt.row.past, time.time())
            with self._turn:
                self._check_in_time()
                self._store.commit([mark])
            self.begun.add(task)

    def has_ended(self, place: int) -> None:
        """Take the mark away; after the session, places are others'."""
        if not self._over:
            try:
                self._store.mark_ended(place)
            except BaseException:
                self._wait_if_leaving()
                raise

    def end(self) -> None:
        """Write nothing more. The caller holds the turn."""
        self._over = True

    def leave(self) -> None:
        """Let every thread that wants to write wait for the end of the process. The caller holds the turn for ever."""
        self._leaving = True

    def _wait_if_leaving(self) -> None:
        if self._leaving:
            self._turn.acquire()

    def _check_in_time(self) -> None:
        if self._over:
            message = "a thread of a run that was broken off came back too late to write; what it made is not stored"
            raise CheckpointError(message)
