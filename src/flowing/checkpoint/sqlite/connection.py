"""A connection to the database: how it is opened, what its errors mean. Knows no run."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from flowing._text import one_line
from flowing.checkpoint.sqlite.paths import LOG, Identity, identify, identify_all
from flowing.checkpoint.sqlite.schema import APPLICATION_ID, CURRENT, Schema
from flowing.checkpoint.wording import quoted
from flowing.errors import CheckpointCorrupt, CheckpointError, CheckpointVersionError

if TYPE_CHECKING:
    from collections.abc import Callable

Durability: TypeAlias = Literal["power", "process"]

# All that SQLite raises for what is in a file or on a disk. Its own messages may hold text from a damaged file, which
# Python then fails to decode.
DATABASE_ERRORS: Final = (sqlite3.Error, OSError, UnicodeDecodeError, OverflowError)

_BUSY_S: Final = 5.0  # a program that is not flowing may hold SQLite's own lock for a moment
_AUTO_CHECKPOINT_PAGES: Final = 1000  # 4 MB: what the write-ahead log may grow to before it is copied back


def connect(path: str, durability: Durability, *, schema: Schema = CURRENT) -> sqlite3.Connection:
    """Open the database for writing, make its tables if it is new, and bring an older one up to date.

    The caller holds the lock. The path is taken literally: no URI. An unknown file is left as it is.

    Raises:
        CheckpointCorrupt: it is not a checkpoint, or its tables are not as they were made.
        CheckpointVersionError: it is newer.
        CheckpointError: it can't be opened or written.
    """
    before = identify_all(path)
    try:
        if before is None:
            _create(path)
            before = identify(path)
        elif identify(path + LOG) is not None:
            _see_that_the_log_is_of(path)
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=False)
    except DATABASE_ERRORS as error:
        raise explained(error, path, "open it") from None
    try:
        connection.text_factory = bytes  # a text that is not UTF-8 would end a whole query
        connection.execute("PRAGMA trusted_schema = OFF")
        _see_that_it_is(path, before)
        _bring_up_to_date(connection, path, schema)
        _settle(connection, path, durability)
    except DATABASE_ERRORS as error:
        connection.close()
        raise explained(error, path, "open it") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _see_that_the_log_is_of(path: str) -> None:
    """Refuse what is no checkpoint before SQLite opens it, which would throw away the write-ahead log beside it.

    The header is read through SQLite too (D17), as that of a file that nobody changes: then it looks at no log. What it
    finds damaged behind the header the log may mend: that is how a power cut leaves a file.

    Raises:
        CheckpointCorrupt: it is empty, or something else.
        sqlite3.DatabaseError: it is no database.
    """
    if not os.lstat(path).st_size and os.lstat(path + LOG).st_size:
        message = f"{quoted(path)} is empty, and {quoted(path + LOG)} is not; restore a copy of the file"
        raise CheckpointCorrupt(message, path=path)
    with closing(sqlite3.connect(literal_uri(path, "mode=ro&immutable=1"), uri=True)) as connection:
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            application = pragma(connection, "application_id")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
                raise
            return
    if application != APPLICATION_ID and os.lstat(path).st_size:
        raise _not_a_checkpoint(path)


def literal_uri(path: str, options: str) -> str:
    """Write an absolute path as a URI in which nothing is special: some options SQLite takes in no other way."""
    return f"file:///{''.join([f'%{byte:02x}' for byte in os.fsencode(path)[1:]])}?{options}"


def _not_a_checkpoint(path: str) -> CheckpointCorrupt:
    message = f"{quoted(path)} is a database, but not a checkpoint of flowing; give another path"
    return CheckpointCorrupt(message, path=path)


def _see_that_it_is(path: str, expected: Identity | None) -> None:
    if identify(path) != expected:
        message = f"{quoted(path)} was replaced while it was opened; see who writes to that directory"
        raise CheckpointError(message, path=path)


def _create(path: str) -> None:
    """Make the file, so that nobody else can read it from its first moment on; SQLite opens it later."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))


def _bring_up_to_date(connection: sqlite3.Connection, path: str, schema: Schema) -> None:
    version = check_version(connection, path, schema)
    if version is None:
        in_one_transaction(connection, lambda: _make(connection, schema))
    elif version < schema.version:
        _back_up(connection, f"{path}.schema-{version}")
        in_one_transaction(connection, lambda: _migrate(connection, version, schema))
    check_tables(connection, path, schema)


def _make(connection: sqlite3.Connection, schema: Schema) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
    connection.execute(f"PRAGMA user_version = {schema.version:d}")
    for statement in schema.tables:
        connection.execute(statement)


def _migrate(connection: sqlite3.Connection, version: int, schema: Schema) -> None:
    for step in range(version, schema.version):
        for statement in schema.migrations[step]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {schema.version:d}")


def _back_up(connection: sqlite3.Connection, path: str) -> None:
    """Copy the database; a copy that an interrupted migration left is made again."""
    if identify(path) is not None:
        os.unlink(path)  # noqa: PTH108 - pathlib would be loaded for it
    _create(path)
    with closing(sqlite3.connect(path, uri=False)) as copy:
        copy.execute("PRAGMA synchronous = FULL")
        connection.backup(copy)


def _settle(connection: sqlite3.Connection, path: str, durability: Durability) -> None:
    """Choose how commits reach the disk, and see that they can."""
    if pragma(connection, "journal_mode = WAL") != b"wal":
        message = f"{quoted(path)} can't have a write-ahead log where it is; put it on a local disk"
        raise CheckpointError(message, path=path)
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'NORMAL'}")
    if sys.platform == "darwin" and durability == "power":
        connection.execute("PRAGMA fullfsync = ON")  # fsync alone leaves data in the drive's cache there
    connection.execute(f"PRAGMA wal_autocheckpoint = {_AUTO_CHECKPOINT_PAGES:d}")
    connection.execute(f"PRAGMA journal_size_limit = {_AUTO_CHECKPOINT_PAGES * 4096:d}")
    in_one_transaction(connection, lambda: None)  # a file that is read-only says so here


def check_version(connection: sqlite3.Connection, path: str, schema: Schema = CURRENT) -> int | None:
    """Give the version of a checkpoint; None for an empty file.

    Raises:
        CheckpointCorrupt: it is a database of something else.
        CheckpointVersionError: it is newer than `schema`, or so old that nothing leads from it.
    """
    application, version = pragma(connection, "application_id"), pragma(connection, "user_version")
    if (application, version, os.lstat(path).st_size) == (0, 0, 0):
        return None
    if application != APPLICATION_ID or type(version) is not int or version < 1:
        raise _not_a_checkpoint(path)
    if version > schema.version or any(step not in schema.migrations for step in range(version, schema.version)):
        message = (
            f"{quoted(path)} has version {version} of the checkpoint format, and this flowing reads version "
            f"{schema.version}; use the flowing that wrote it, or another path"
        )
        raise CheckpointVersionError(message, path=path)
    return version


def check_tables(connection: sqlite3.Connection, path: str, schema: Schema = CURRENT) -> None:
    """Refuse a file whose tables are not exactly those that flowing makes: no trigger, no view (FAULTS S1)."""
    found = {text for (text,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if found != {table.encode() for table in schema.tables}:
        message = (
            f"the tables in {quoted(path)} are not those of a checkpoint; restore a copy of it, or give another path"
        )
        raise CheckpointCorrupt(message, path=path)


def pragma(connection: sqlite3.Connection, text: str) -> object:
    """Ask for one value."""
    row: tuple[Any, ...] | None = connection.execute(f"PRAGMA {text}").fetchone()
    return None if row is None else row[0]


def in_one_transaction(connection: sqlite3.Connection, work: Callable[[], None]) -> None:
    """Do all of it, or none; whatever ends it. After a commit that failed the connection has to be closed."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        work()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


# ── errors ───────────────────────────────────────────────────────────────────────────────────────

_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_ERRNO: Final = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.ENOENT,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_LOCKED: errno.EBUSY,
    sqlite3.SQLITE_TOOBIG: errno.EFBIG,
    sqlite3.SQLITE_NOMEM: errno.ENOMEM,
}
_WAYS_OUT: Final = {
    errno.ENOSPC: "make room on the disk",
    errno.EIO: "see to the disk",
    errno.EROFS: "make the file and its directory writable",
    errno.EACCES: "see to the permissions",
    errno.ENOENT: "see to the directory and its permissions",
    errno.EBUSY: "end the program that has it locked",
    errno.EFBIG: "let the task return less, or declare it with persist=False",
    errno.ENOMEM: "see to the memory of this machine",
}


def explained(error: Exception, path: str, doing: str, *, task: str | None = None, more: int = 0) -> CheckpointError:
    """Say what an error of SQLite or the system means, and what to do then."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    number = error.errno if isinstance(error, OSError) else _ERRNO.get(primary or 0)
    if isinstance(error, sqlite3.DataError | OverflowError):
        number = errno.EFBIG
    whose = f" the result of task {quoted(task)}{f' and {more} more' if more else ''}" if task is not None else ""
    what = f"{quoted(path)}: could not {doing}{whose} ({one_line(str(error))}, {name})"
    if primary in _CORRUPT or isinstance(error, UnicodeDecodeError):
        return CheckpointCorrupt(f"{what}; restore a copy of the file, or give another path", path=path, task=task)
    way = _WAYS_OUT.get(number or 0, "see to the file and its directory")
    message = f"{what}; {way}; what is in memory is still on the flow, and resume() goes on from there"
    return CheckpointError(message, path=path, task=task, errno=number)
