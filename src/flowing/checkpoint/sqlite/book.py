"""What a holder knows of the run that it writes to: the numbers of its tasks, the sum of its rows. No connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from flowing.checkpoint.sqlite.rows import (
    COPIED_MAX,
    RunRow,
    add_up,
    checksum_of,
    checksum_of_crashes,
    checksum_of_declaration,
    checksum_of_run,
    columns_of,
    run_key,
)
from flowing.checkpoint.sqlite.schema import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowing.checkpoint.declaration import Declaration
    from flowing.checkpoint.records import Saved
    from flowing.checkpoint.sqlite.reading import Read


@final
class Book:
    """The run that is written to. Makes its rows, and keeps count of them as they will be once they are committed.

    `epoch`, `finished` and `openings` are for the caller to set.

    After a commit that failed it is thrown away, and made anew from what is in the file.
    """

    epoch: int
    finished: int  # 0 or 1, as its column has it
    openings: int
    commits: int

    __slots__ = (
        "_checksums",
        "_crash_checksums",
        "_declared_checksum",
        "_identity",
        "_key",
        "_total",
        "commits",
        "declaration",
        "epoch",
        "finished",
        "numbers",
        "openings",
        "row",
        "stamp",
    )

    def __init__(self, row: RunRow, declaration: Declaration) -> None:
        """Begin a run that has nothing but its declaration, which is not counted before `declare`."""
        self.row: Final = row
        self.epoch, self.finished, self.openings, self.commits, _ = row.changing
        self.stamp: Final = row.stamp
        self._identity: Final = row.identity
        self._key: Final = run_key(row.run_id)
        self._checksums: list[int] = []
        self._crash_checksums: dict[int, int] = {}
        self._declared_checksum = 0
        self._total = 0  # grows beyond 64 bits until the digest is taken
        self.declaration: Declaration = declaration
        self.numbers: dict[str, int] = {}

    @classmethod
    def of(cls, read: Read) -> Book:
        """Go on with a run that was read."""
        book = cls(read.row, read.declaration)
        book._checksums = read.checksums
        book._crash_checksums = read.crash_checksums
        book._declared_checksum = read.declared_checksum
        book._total = read.digest
        book.numbers = dict(zip(read.names, range(len(read.names)), strict=True))
        return book

    def declare(self, declaration: Declaration) -> tuple[object, ...]:
        """Take over a declaration whose first tasks are those of the present one; give its row."""
        self.declaration = declaration
        names = declaration.names
        self.numbers = dict(zip(names, range(len(names)), strict=True))
        self._checksums += [0] * (len(self.numbers) - len(self._checksums))
        checksum = checksum_of_declaration(self._key, declaration.content)
        self._total += checksum - self._declared_checksum
        self._declared_checksum = checksum
        return self.row.number, declaration.content, checksum

    def outcomes(self, saved: Iterable[Saved]) -> list[object]:
        """Give the rows of what is saved of tasks: `COLUMNS` values each, one row after the other. O(bytes)."""
        key, numbers, checksums, first = self._key, self.numbers, self._checksums, self.row.number * NUMBERS
        total = self._total
        columns: list[object] = []
        for each in saved:
            task, (head, content) = each.task, columns_of(each)
            number = numbers[task]
            checksum = checksum_of(key, task.encode("utf-8", "surrogatepass"), head, content)
            total += checksum - checksums[number]
            checksums[number] = checksum
            # `sqlite3` binds a bytearray as it is; for bytes it looks for an adapter, longer than the whole row takes.
            kept = bytearray(content) if len(content) <= COPIED_MAX else content
            columns += (first + number, task, bytearray(head), kept, checksum)
        self._total = total
        return columns

    def crashes(self, number: int, crashes: int) -> tuple[object, ...]:
        """Give the row of how often the process died in a task."""
        checksum = checksum_of_crashes(self._key, number, crashes)
        self._total += checksum - self._crash_checksums.get(number, 0)
        self._crash_checksums[number] = checksum
        return self.row.number * NUMBERS + number, crashes, checksum

    def forgiven(self, saved: Iterable[Saved]) -> list[tuple[int]]:
        """Forget the crashes of tasks of which something is saved; give the ids of the rows that go."""
        if not self._crash_checksums:
            return []
        numbers = {self.numbers[each.task] for each in saved} & self._crash_checksums.keys()
        for number in numbers:
            self._total -= self._crash_checksums.pop(number)
        return [(self.row.number * NUMBERS + number,) for number in sorted(numbers)]

    def committed(self) -> tuple[int, ...]:
        """Count one more commit, and give what `UPDATE_RUN` needs."""
        self.commits += 1
        self._total = add_up(self._total)
        changing = (self.epoch, int(self.finished), self.openings, self.commits, self._total)
        return (*changing, checksum_of_run(self._identity, changing), self.row.number)
