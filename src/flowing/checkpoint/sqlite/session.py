"""A database that is held: the lock, the marks, a connection, and the run that is written to. One thread at a time."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from os import getpid
from typing import TYPE_CHECKING, Final, assert_never, final

from flowing.checkpoint.records import RunBegun, RunFinished, RunResumed, settled_attempt
from flowing.checkpoint.sqlite.book import Book
from flowing.checkpoint.sqlite.connection import DATABASE_ERRORS, Durability, connect, explained, in_one_transaction
from flowing.checkpoint.sqlite.holder import Holder, LastCommit
from flowing.checkpoint.sqlite.marks import Marks
from flowing.checkpoint.sqlite.paths import (
    LOCK,
    LOG,
    RUNNING,
    Identity,
    first_moved,
    identify,
    identify_all,
    warnings_about,
)
from flowing.checkpoint.sqlite.reading import find_run, in_read_transaction, read_row, read_run
from flowing.checkpoint.sqlite.rows import RunRow
from flowing.checkpoint.sqlite.schema import (
    BEGIN_RUN,
    DROP_CRASH,
    NEXT_NUMBER,
    RUNS,
    SAVE_CRASH,
    SAVE_DECLARATION,
    SAVE_OUTCOMES,
    UPDATE_RUN,
)
from flowing.checkpoint.wording import another_codec, forked, moved, quoted, run_exists
from flowing.errors import CheckpointCorrupt, CheckpointError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from flowing.checkpoint.records import Change, RunChange, Saved, SavedRun
    from flowing.checkpoint.sqlite.marks import Mark
    from flowing.checkpoint.sqlite.reading import Read


@final
class Session:
    """What a store has from `open` to `close`.

    A connection whose commit failed is finished: it is closed, and the next call opens another one, copies what is in
    the write-ahead log into the database by new writes and a new fsync (one that failed says nothing when it is tried
    again), and reads what the file has.
    """

    __slots__ = (
        "_codec",
        "_connection",
        "_durability",
        "_files",
        "_holder",
        "_marks",
        "_path",
        "_pid",
        "book",
        "warnings",
    )

    def __init__(self, path: str, durability: Durability, codec: str) -> None:
        """Take hold: as `Store.open`."""
        self._path: Final = path
        self._durability: Final[Durability] = durability
        self._codec: Final = codec
        self._pid: Final = getpid()
        self.book: Book | None = None
        self._files: dict[str, Identity] = {}  # which ones it holds
        self._connection: sqlite3.Connection | None = None
        is_new = identify_all(path) is None
        self._holder: Final = Holder.take(path)
        try:
            self._marks: Final = Marks(path + RUNNING)
        except BaseException:
            self._holder.release()
            raise
        try:
            self.warnings: Final = self._take_over(is_new=is_new)
        except BaseException:
            self._abandon()
            if self._marks.left:  # they are still to be counted
                self._marks.release()
            else:
                self._marks.remove()
            self._holder.release()
            raise

    def _take_over(self, *, is_new: bool) -> tuple[str, ...]:
        connection = self._connection = connect(self._path, self._durability)
        try:
            older = self._compare_with_last_commit(connection, is_new=is_new)
            self._count_crashes(connection)
        except DATABASE_ERRORS as error:
            raise explained(error, self._path, "read it") from None
        self._marks.reset()
        self._files = _identities(self._path)
        return (*warnings_about(self._path), *older)

    def release(self) -> None:
        """Let go: as `Store.close`. In a forked child, where the lock was let go at once, nothing is touched."""
        if getpid() == self._pid:
            self._marks.remove()
            self._abandon()
            self._holder.release()

    def check_files(self) -> None:
        """Raise CheckpointError where one of the files is not the one that is held: as `OnFiles.check_files`. O(1)."""
        gone = first_moved(self._files if self._connection is not None else self._files_without_log())
        if gone is not None:
            raise moved(self._path, gone=gone)

    def _files_without_log(self) -> dict[str, Identity]:
        """Leave out what SQLite itself removes and makes anew when a connection was closed after a failure."""
        return {path: identity for path, identity in self._files.items() if path != self._path + LOG}

    def check_process(self) -> None:
        """Raise ForkedProcessError in a child."""
        if getpid() != self._pid:
            raise forked(self._path, owner=self._pid)

    def mark(self, place: int, task: str, attempt: int) -> None:
        """Note that an attempt runs: as `Store.mark_started`."""
        if not self._holder.is_held:  # so it is in a forked child; asking for the pid costs as much as all the rest
            self.check_process()
        book = self.book
        assert book is not None, "no run was loaded or begun"
        self._marks.set(place, book.stamp, book.numbers[task], attempt)

    def unmark(self, place: int) -> None:
        """Note that nothing runs: as `Store.mark_ended`."""
        if not self._holder.is_held:
            self.check_process()
        self._marks.clear(place)

    # ── read ─────────────────────────────────────────────────────────────────────────────────────

    def load(self, run_id: str | None, *, accept_damage: bool) -> SavedRun | None:
        """Give a run: as `Store.load`."""
        connection = self._live()
        self.book = None
        try:
            read = in_read_transaction(connection, lambda: self._read(connection, run_id))
        except DATABASE_ERRORS as error:
            self._abandon()
            raise explained(error, self._path, "read it") from None
        if read is None:
            return None
        if read.damage and not accept_damage:
            raise read.damage[0]
        self.book = Book.of(read)
        return read.as_saved_run()

    def _read(self, connection: sqlite3.Connection, run_id: str | None) -> Read | None:
        row = find_run(connection, run_id, self._path)
        if row is None:
            return None
        if row.codec != self._codec:
            raise another_codec(row.run_id, path=self._path, stored=row.codec, present=self._codec)
        return read_run(connection, row, self._path)

    def _live(self) -> sqlite3.Connection:
        """Give the connection; after a failure another one, once everything in the log is safely in the database."""
        if self._connection is not None:
            return self._connection
        self.check_files()
        connection = connect(self._path, self._durability)
        try:
            self._copy_log_back(connection)
            if self.book is not None:
                self.book = self._read_again(connection, self.book.row.run_id)
        except DATABASE_ERRORS as error:
            connection.close()
            raise explained(error, self._path, "open it again") from None
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._files = _identities(self._path)
        return connection

    def _copy_log_back(self, connection: sqlite3.Connection) -> None:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            message = f"{quoted(self._path)} is being read by another program; end it, and resume()"
            raise CheckpointError(message, path=self._path)

    def _read_again(self, connection: sqlite3.Connection, run_id: str) -> Book | None:
        read = in_read_transaction(connection, lambda: self._read(connection, run_id))
        if read is None:  # it was begun by the very commit that failed
            return None
        if read.damage:
            raise read.damage[0]
        return Book.of(read)

    def _abandon(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*DATABASE_ERRORS):  # it is finished, whatever it says
                connection.close()

    # ── write ────────────────────────────────────────────────────────────────────────────────────

    def commit(self, changes: Sequence[Change]) -> None:
        """Apply changes: as `Store.commit`."""
        connection = self._live()
        try:
            in_one_transaction(connection, lambda: self._apply(connection, changes))
        except DATABASE_ERRORS as error:
            self._abandon()
            tasks = [name for name in (getattr(each, "task", None) for each in changes) if name is not None]
            first = tasks[0] if tasks else None
            raise explained(error, self._path, "commit", task=first, more=len(tasks) - 1) from None
        except BaseException:
            self._abandon()
            raise
        self._note()

    def _apply(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        saved: list[Saved] = []
        for change in changes:
            if isinstance(change, _OF_THE_RUN):
                assert not saved or type(change) is not RunBegun, "a run begins before anything is said of it"
                self._apply_to_run(connection, change)
            else:
                saved.append(change)
        book = self._writing()
        _save_outcomes(connection, book.outcomes(saved))
        forgiven = book.forgiven(saved)
        if forgiven:
            connection.executemany(DROP_CRASH, forgiven)
        connection.execute(UPDATE_RUN, book.committed())

    def _apply_to_run(self, connection: sqlite3.Connection, change: RunChange) -> None:
        match change:
            case RunBegun():
                self.book = self._begun(connection, change)
            case RunResumed(epoch, declaration):
                book = self._writing()
                book.epoch, book.finished = epoch, False
                if declaration.content != book.declaration.content:
                    merged = book.declaration.merged_with(declaration)
                    if merged.content != book.declaration.content:
                        connection.execute(SAVE_DECLARATION, book.declare(merged))
            case RunFinished():
                self._writing().finished = True
            case _:
                assert_never(change)

    def _writing(self) -> Book:
        book = self.book
        assert book is not None, "no run was loaded or begun"
        return book

    def _begun(self, connection: sqlite3.Connection, begun: RunBegun) -> Book:
        if find_run(connection, begun.run_id, self._path) is not None:
            raise run_exists(begun.run_id, path=self._path)
        (number,) = connection.execute(NEXT_NUMBER).fetchone()
        row = RunRow(number=number, run_id=begun.run_id, began_s=float(begun.began_s), codec=self._codec)
        book = Book(row, begun.declaration)
        connection.execute(BEGIN_RUN, row.columns)
        connection.execute(SAVE_DECLARATION, book.declare(begun.declaration))
        return book

    def _note(self) -> None:
        book = self._writing()
        self._holder.note(LastCommit(book.row.run_id, book.commits, self._durability))

    # ── what the last holder left ────────────────────────────────────────────────────────────────

    def _compare_with_last_commit(self, connection: sqlite3.Connection, *, is_new: bool) -> Iterable[str]:
        """See that the file has the last commit that was noted beside it (FAULTS P9); give warnings."""
        last = None if is_new else self._holder.last
        self._holder.note(last)
        if last is None:
            return ()
        try:
            row = find_run(connection, last.run_id, self._path)
        except CheckpointCorrupt:
            return ()  # load() says so
        lost = last.commits - (0 if row is None else row.commits)
        if lost <= 0:
            return ()
        what = f"{quoted(self._path)} lacks the last {lost} commit(s) of run {quoted(last.run_id)}"
        if last.durability == "process":
            return (f"{what}: durability='process' loses them when the machine stops",)
        message = (
            f"{what}: it is an older copy, or its -wal file was removed; put the right files back, or delete "
            f"{quoted(self._path + '.lock')} to go on with what there is"
        )
        raise CheckpointCorrupt(message, path=self._path)

    def _count_crashes(self, connection: sqlite3.Connection) -> None:
        """Add one to the crashes of each task that was running when the last holder died (FAULTS P20)."""
        left = self._marks.left
        for columns in connection.execute(RUNS).fetchall() if left else ():
            with suppress(CheckpointCorrupt):  # load() says so
                row = read_row(columns, self._path)
                marks = [each for each in left if each.stamp == row.stamp]
                if marks:
                    in_one_transaction(connection, partial(self._add_crashes, connection, row, marks))

    def _add_crashes(self, connection: sqlite3.Connection, row: RunRow, marks: Sequence[Mark]) -> None:
        read = read_run(connection, row, self._path)
        book = Book.of(read)
        for mark in marks:
            if mark.number >= len(read.names):
                continue
            name = read.names[mark.number]
            if settled_attempt(read.saved.get(name)) < mark.attempt:
                connection.execute(SAVE_CRASH, book.crashes(mark.number, read.crashes.get(name, 0) + 1))
        book.openings += 1
        connection.execute(UPDATE_RUN, book.committed())


_OF_THE_RUN: Final = (RunBegun, RunResumed, RunFinished)


def _identities(path: str) -> dict[str, Identity]:
    """Say which files a holder has: the database, what is not yet in it, and the lock."""
    found = {each: identify(each) for each in (path, path + LOG, path + LOCK)}
    return {each: identity for each, identity in found.items() if identity is not None}


def _save_outcomes(connection: sqlite3.Connection, columns: Sequence[object]) -> None:
    """Write rows, many in one statement: each step of one hands the interpreter to other threads, and waits for it."""
    first = 0
    for values, statement in SAVE_OUTCOMES:
        while first + values <= len(columns):
            connection.execute(statement, columns[first : first + values])
            first += values
