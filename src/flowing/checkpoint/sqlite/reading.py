"""Runs out of the tables, each row looked at before it counts. Writes nothing."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flowing._record import record
from flowing.checkpoint.collector import collector_paused
from flowing.checkpoint.declaration import Declaration
from flowing.checkpoint.records import AttemptMarked, SavedRun
from flowing.checkpoint.sqlite.rows import (
    RunRow,
    Unfit,
    add_up,
    checksum_of,
    checksum_of_crashes,
    checksum_of_declaration,
    run_key,
    run_row_from,
    saved_from,
)
from flowing.checkpoint.sqlite.schema import (
    CRASHES,
    DECLARATION,
    NEWEST_RUN,
    NUMBERS,
    OUTCOMES,
    RUN_BY_ID,
)
from flowing.checkpoint.wording import quoted
from flowing.errors import CheckpointCorrupt

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from flowing.checkpoint.records import Saved

T = TypeVar("T")

# Whatever the columns of a row hold, this is all that reading them raises.
_NOT_AS_WRITTEN: Final = (Unfit, struct.error, TypeError, ValueError, AttributeError, IndexError, RecursionError)
_RECOVER: Final = "restore a copy of the file, or let what is damaged run again with on_unreadable='recompute'"
_BEGIN_ANEW: Final = "restore a copy of the file, or begin anew with run()"


@record(eq=False)
class Read:
    """A run as it is in the file.

    `checksums[n]` is that of the outcome of task number `n`, 0 where there is none, and `crash_checksums` has those of
    the rows of `crash`, both as they are stored, damaged or not. `digest` is the sum of all.
    """

    row: RunRow
    names: tuple[str, ...]
    saved: dict[str, Saved]
    checksums: list[int]
    crashes: dict[str, int]
    crash_checksums: dict[int, int]
    declaration: Declaration
    declared_checksum: int
    digest: int
    damage: tuple[CheckpointCorrupt, ...]

    def as_saved_run(self) -> SavedRun:
        """Give what `Store.load` gives."""
        return SavedRun(
            run_id=self.row.run_id,
            began_s=self.row.began_s,
            epoch=self.row.epoch,
            finished=self.row.finished,
            codec=self.row.codec,
            declaration=self.declaration,
            saved=self.saved,
            crashes=self.crashes,
            marked=tuple([task for task, each in self.saved.items() if type(each) is AttemptMarked]),
            damage=self.damage,
        )


def find_run(connection: sqlite3.Connection, run_id: str | None, path: str) -> RunRow | None:
    """Find a run, or the newest one. Raises CheckpointCorrupt if its row is damaged."""
    query, parameters = (NEWEST_RUN, ()) if run_id is None else (RUN_BY_ID, (run_id,))
    found = connection.execute(query, parameters).fetchone()
    return None if found is None else read_row(found, path)


def read_row(columns: tuple[object, ...], path: str) -> RunRow:
    """Read a row of `run`. Raises CheckpointCorrupt."""
    try:
        return run_row_from(columns)
    except Unfit:
        message = f"a run in {quoted(path)} is not as it was written; {_BEGIN_ANEW}"
        raise CheckpointCorrupt(message, path=path) from None


def read_run(connection: sqlite3.Connection, row: RunRow, path: str) -> Read:
    """Read all that is stored of a run. O(what is stored).

    Raises:
        CheckpointCorrupt: how the tasks were declared can't be read, and so nothing.
    """
    key = run_key(row.run_id)
    declaration, names, declared_checksum = _declaration(connection, row, key, path)
    found = _Rows(path, row.run_id, key, names)
    bounds = (row.number * NUMBERS, (row.number + 1) * NUMBERS)
    with collector_paused():
        found.read_outcomes(connection.execute(OUTCOMES, bounds))
    found.read_crashes(connection.execute(CRASHES, bounds))
    found.leave_out_what_is_damaged()
    digest = add_up(declared_checksum, found.total)
    if digest != row.digest and not found.damage:
        message = f"rows of run {quoted(row.run_id)} are missing from {quoted(path)}, or older than others; {_RECOVER}"
        found.damage.append(CheckpointCorrupt(message, path=path))
    return Read(
        row=row,
        names=names,
        saved=found.saved,
        checksums=found.checksums,
        crashes=found.crashes,
        crash_checksums=found.crash_checksums,
        declaration=declaration,
        declared_checksum=declared_checksum,
        digest=digest,
        damage=tuple(found.damage),
    )


def _declaration(
    connection: sqlite3.Connection, row: RunRow, key: bytes, path: str
) -> tuple[Declaration, tuple[str, ...], int]:
    found: tuple[Any, ...] | None = connection.execute(DECLARATION, (row.number,)).fetchone()
    if found is not None:
        content, checksum = found
        if type(content) is bytes and checksum == checksum_of_declaration(key, content):
            with suppress(CheckpointCorrupt):  # said better below
                declaration = Declaration(content)
                return declaration, declaration.names, checksum
    message = f"how the tasks of run {quoted(row.run_id)} in {quoted(path)} were declared can't be read; {_BEGIN_ANEW}"
    raise CheckpointCorrupt(message, path=path)


class _Rows:
    """Gathers the rows of a run. `total` is the sum of their checksums as stored, those of damaged rows included."""

    __slots__ = (
        "_key",
        "_names",
        "_path",
        "_run_id",
        "checksums",
        "crash_checksums",
        "crashes",
        "damage",
        "saved",
        "total",
    )

    def __init__(self, path: str, run_id: str, key: bytes, names: tuple[str, ...]) -> None:
        self._path: Final = path
        self._run_id: Final = run_id
        self._key: Final = key
        self._names: Final = names
        self.saved: Final[dict[str, Saved]] = {}
        self.crashes: Final[dict[str, int]] = {}
        self.crash_checksums: Final[dict[int, int]] = {}
        self.checksums: Final = [0] * len(names)
        self.damage: Final[list[CheckpointCorrupt]] = []
        self.total = 0

    def read_outcomes(self, rows: Iterable[tuple[Any, ...]]) -> None:
        names: tuple[str, ...] = self._names
        checksums, saved, key = self.checksums, self.saved, self._key
        for identity, task, head, content, checksum in rows:
            number: int = identity % NUMBERS
            try:
                name: str = names[number]
                found = checksum_of(key, task, head, content)
                if found != checksum or task.decode() != name:
                    raise Unfit
                saved[name] = saved_from(name, head, content)
                checksums[number] = found
            except _NOT_AS_WRITTEN:
                if number < len(names) and type(checksum) is int:
                    checksums[number] = checksum
                self._damaged(number)
        self.total = add_up(self.total, *checksums)

    def read_crashes(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for identity, crashes, checksum in rows:
            number: int = identity % NUMBERS
            try:
                if checksum_of_crashes(self._key, number, crashes) != checksum:
                    raise Unfit
                self.crashes[self._names[number]] = crashes
            except _NOT_AS_WRITTEN:
                self._damaged(number)
            if type(checksum) is int:
                self.crash_checksums[number] = checksum
                self.total = add_up(self.total, checksum)

    def leave_out_what_is_damaged(self) -> None:
        """Drop what a damaged page has twice: once right, and once not."""
        for each in self.damage:
            if each.task is not None:
                self.saved.pop(each.task, None)

    def _damaged(self, number: int) -> None:
        name = self._names[number] if number < len(self._names) else None
        whose = f"task {quoted(name)}" if name is not None else "an unknown task"
        message = f"the row of {whose} in run {quoted(self._run_id)} of {quoted(self._path)} is damaged; {_RECOVER}"
        self.damage.append(CheckpointCorrupt(message, path=self._path, task=name))


def in_read_transaction(connection: sqlite3.Connection, read: Callable[[], T]) -> T:
    """Read everything from one moment of the database."""
    connection.execute("BEGIN")
    try:
        return read()
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
