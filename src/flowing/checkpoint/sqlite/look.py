"""Look at a checkpoint that others may hold, and forget a run of it. Looking writes nothing and takes no lock."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from flowing.checkpoint.sqlite.connection import (
    DATABASE_ERRORS,
    check_tables,
    check_version,
    connect,
    explained,
    in_one_transaction,
    literal_uri,
)
from flowing.checkpoint.sqlite.holder import Holder
from flowing.checkpoint.sqlite.marks import read_marks
from flowing.checkpoint.sqlite.paths import LOG, RUNNING, identify, identify_all, literal_path
from flowing.checkpoint.sqlite.reading import find_run, in_read_transaction, read_row, read_run
from flowing.checkpoint.sqlite.schema import CURRENT, FORGET, NUMBERS, RUNS
from flowing.checkpoint.wording import no_such_run, quoted
from flowing.errors import CheckpointCorrupt, CheckpointError, CheckpointVersionError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Mapping

    from flowing.checkpoint.records import RunSummary, SavedRun
    from flowing.checkpoint.sqlite.rows import RunRow

T = TypeVar("T")

_TRIES: Final = 5


def read_runs(path: str | os.PathLike[str]) -> tuple[RunSummary, ...]:
    """List the runs in a file, oldest first, whoever holds it.

    Raises:
        CheckpointError: there is no file, or it is not a checkpoint of this version; the subclass says which.
    """
    literal = literal_path(path)
    return _look(
        literal, lambda connection: tuple([read_row(row, literal).summary for row in connection.execute(RUNS)])
    )


def read_tasks(path: str | os.PathLike[str], run_id: str | None = None) -> SavedRun:
    """Give all that is stored of a run, or of the newest one, whoever holds the file; damage is in the answer.

    Raises:
        CheckpointError: as `read_runs`, or there is no such run.
    """
    literal = literal_path(path)

    def read(connection: sqlite3.Connection) -> SavedRun:
        return read_run(connection, _found_run(connection, run_id, literal), literal).as_saved_run()

    return _look(literal, read)


def read_running(path: str | os.PathLike[str], run_id: str | None = None) -> Mapping[str, int]:
    """Give the attempts of a run, or of the newest one, that run now, or ran when its process died, by task.

    Raises:
        CheckpointError: as `read_tasks`.
    """
    literal = literal_path(path)

    def read(connection: sqlite3.Connection) -> Mapping[str, int]:
        row = _found_run(connection, run_id, literal)
        names = read_run(connection, row, literal).names
        marks = (mark for mark in read_marks(literal + RUNNING) if mark.stamp == row.stamp)
        return {names[mark.number]: mark.attempt for mark in marks if mark.number < len(names)}

    return _look(literal, read)


def forget(path: str | os.PathLike[str], run_id: str) -> None:
    """Remove a run from a file that nobody holds, in one transaction, and overwrite what it held.

    The room in the file is used again; the file does not get smaller.

    Raises:
        CheckpointLocked: somebody holds the file.
        CheckpointError: there is no such run, or as `read_runs`.
    """
    literal = literal_path(path)
    _must_exist(literal)
    holder = Holder.take(literal)
    try:
        with closing(connect(literal, "power")) as connection:
            row = _found_run(connection, run_id, literal)
            bounds = {"number": row.number, "first": row.number * NUMBERS, "after": (row.number + 1) * NUMBERS}
            connection.execute("PRAGMA secure_delete = ON")
            in_one_transaction(connection, partial(_delete, connection, bounds))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log has copies of what was overwritten
            last = holder.last
            holder.note(None if last is not None and last.run_id == run_id else last)
    except DATABASE_ERRORS as error:
        raise explained(error, literal, "forget a run") from None
    finally:
        holder.release()


def _found_run(connection: sqlite3.Connection, run_id: str | None, path: str) -> RunRow:
    row = find_run(connection, run_id, path)
    if row is None:
        raise no_such_run("the newest" if run_id is None else run_id, path=path)
    return row


def _delete(connection: sqlite3.Connection, bounds: dict[str, int]) -> None:
    for statement in FORGET:
        connection.execute(statement, bounds)


def _look(path: str, read: Callable[[sqlite3.Connection], T]) -> T:
    """Read, and once more if the file was opened or let go of meanwhile."""
    for left in reversed(range(_TRIES)):
        had_log = _must_exist(path)
        try:
            with _read_only(path, has_log=had_log) as connection:
                version = check_version(connection, path)
                if version != CURRENT.version:
                    message = (
                        f"{quoted(path)} has version {version or 0} of the checkpoint format, and this flowing shows "
                        f"version {CURRENT.version}; a flow that opens it brings it up to date"
                    )
                    raise CheckpointVersionError(message, path=path)
                check_tables(connection, path)
                found = in_read_transaction(connection, lambda: read(connection))
        except (*DATABASE_ERRORS, CheckpointCorrupt) as error:
            if left:  # it may have been read while somebody began or ended to write
                continue
            raise (error if isinstance(error, CheckpointCorrupt) else explained(error, path, "read it")) from None
        if had_log or not left or not _must_exist(path):
            return found
    raise AssertionError("unreachable")


def _must_exist(path: str) -> bool:
    """Say whether the database has a write-ahead log: whether it is held, or its last holder died."""
    if identify_all(path) is None:
        raise CheckpointError(f"there is no checkpoint at {quoted(path)}; see to the path", path=path)
    return identify(path + LOG) is not None


@contextmanager
def _read_only(path: str, *, has_log: bool) -> Generator[sqlite3.Connection]:
    """Open the database for reading only, in the one form that SQLite has for that: a URI, in which nothing is special.

    Without a log nobody writes, and `immutable` keeps SQLite from making one.
    """
    uri = literal_uri(path, "mode=ro" if has_log else "mode=ro&immutable=1")
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)) as connection:
        connection.text_factory = bytes
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        yield connection
