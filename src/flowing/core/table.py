"""A persistent vector of rows that knows which rows await something. No meaning of a row beyond its lane.

Every change makes a new table, and every old one stays valid, for ever and for any thread. The versions share one
list that holds the rows of the newest; an older version keeps, with the link to its successor, the rows that the
successor replaced (Baker 1991, "Shallow binding makes functional arrays fast"; Rocq's kernel has the same). So the
newest version reads and writes at the speed of a list. Going on from an older one costs a copy, O(n), once.

Why not a tree of tuples: measured in a scheduler loop at 10^4 tasks, path copying took 17 us a task of core time,
this 9 to 14 by the shape of the graph, on the machine where the loop written by hand takes 11 for threads and all.

What makes it safe without a lock: a version is superseded by one atomic step, the first `append` to its link, *before*
the shared list changes. A reader reads first and looks at the link afterwards; a writer that lost takes a copy; a
writer that is interrupted half-way leaves a successor that nobody has.
"""

from __future__ import annotations

from itertools import compress
from operator import attrgetter, ne
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, final

from typing_extensions import override

from flowing.core.bit_set import LAST, WORD_BITS, BitSet, bit_set_of
from flowing.core.status import LANES, NO_LANE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowing.core.status import Lane, Status

_Link: TypeAlias = "list[tuple[Table, Sequence[int], Sequence[Status]]]"

NONE_READY: Final = -1  # no row is in lane READY
NOT_ONLY_READY: Final = -2  # a row is in lane AGAIN, ORDER or COMMIT: then nothing is said of lane READY

_FEW: Final = 12  # rows that are put in one by one sooner than all at once
_LANE_OF: Final = attrgetter("lane")
_new: Final = object.__new__


@final
class Table:
    """An immutable sequence of rows."""

    __slots__ = ("_place",)

    # Where the rows are, and the link, empty while this is the newest version of that storage. In one tuple, because
    # another thread may give this version another place between any two steps: each place is true by itself.
    _place: tuple[_Storage, _Link]

    def __init__(self, storage: _Storage) -> None:
        self._place = (storage, [])

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._place[0].rows)

    def __getitem__(self, index: int) -> Status:
        """Read one row. O(1) on the newest version; the first read of an older one is O(n)."""
        storage, link = self._place
        row = storage.rows[index]
        if not link:
            return row
        self._move_out()
        return self[index]

    def __iter__(self) -> Iterator[Status]:
        """Walk all rows in order. O(n)."""
        storage, link = self._place
        rows = storage.rows.copy()
        if not link:
            return iter(rows)
        self._move_out()
        return iter(self)

    @override
    def __eq__(self, other: object) -> bool:
        """Compare row by row. O(n)."""
        return list(self) == list(other) if isinstance(other, Table) else NotImplemented

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # rows hold users' values, which need not hash; typeshed wants a method

    @override
    def __repr__(self) -> str:
        return f"<table of {len(self)} rows>"

    def read(self, indices: Sequence[int]) -> list[Status]:
        """Read some rows. O(indices) on the newest version."""
        storage, link = self._place
        held = storage.rows
        rows = [held[index] for index in indices]
        if not link:
            return rows
        self._move_out()
        return self.read(indices)

    def put(self, index: int, row: Status) -> Table:
        """Replace one row. O(1)."""
        return self.replace((index,), (row,))

    def replace(self, indices: Sequence[int], rows: Sequence[Status]) -> Table:
        """Replace the rows at `indices`, each at most once. O(changes)."""
        successor = self.go_on(indices, rows)
        if successor is None:
            self._move_out()
            return self.replace(indices, rows)
        return successor

    def look(self, *, ignore_commits: bool = False) -> tuple[Sequence[Status], int]:
        """Give the rows where they lie, and the first one in lane READY: or NONE_READY, or NOT_ONLY_READY. O(log n).

        With `ignore_commits`, rows in lane COMMIT don't count. For who reads much: what was read was true of this
        version if `go_on` succeeds afterwards, and not else.
        """
        storage = self._place[0]
        _, ready, again, order, _, commit = storage.lanes
        if again.summary or order.summary or (commit.summary and not ignore_commits):
            return storage.rows, NOT_ONLY_READY
        if summary := ready.summary:
            number = (summary & -summary).bit_length() - 1
            word = ready.words[number]
            return storage.rows, (number << WORD_BITS) + (word & -word).bit_length() - 1
        return storage.rows, NONE_READY

    def go_on(self, indices: Sequence[int], rows: Sequence[Status]) -> Table | None:
        """As `replace`; None if this is not the newest version any more. O(changes)."""
        storage, link = self._place
        held = storage.rows
        successor = _new(Table)
        successor._place = (storage, [])  # noqa: SLF001 - another version of this table; __init__ costs a tenth of all
        olds = [held[index] for index in indices]
        step = (successor, indices, olds)
        if not link:
            link.append(step)
        if link[0] is not step:  # somebody else was the first to append
            return None
        if len(indices) > _FEW:
            storage.put_all(indices, olds, rows)
            return successor
        for index, old, row in zip(indices, olds, rows):  # noqa: B905 - strict= costs as much as the loop
            held[index] = row
            lane = row.lane
            if old.lane != lane:
                storage.move(index, old.lane, lane)
        return successor

    def copy(self) -> Table:
        """Make an equal table that has no part in what this one becomes. O(n).

        For whoever goes on while somebody else holds this version: an old version keeps all that replaced it alive.
        """
        storage, link = self._place
        copied = Table(_Storage(storage.rows.copy(), tuple([lane.copy() for lane in storage.lanes])))
        if not link:
            return copied
        self._move_out()
        return self.copy()

    def has(self, lane: Lane) -> bool:
        """Tell in O(1) whether any row is in the lane."""
        storage, link = self._place
        found = storage.lanes[lane].summary != 0
        if not link:
            return found
        self._move_out()
        return self.has(lane)

    def first(self, lane: Lane, start: int = 0) -> int | None:
        """Find the first row in the lane from `start` on. O(log n)."""
        storage, link = self._place
        found = storage.lanes[lane].first(start)
        if not link:
            return found
        self._move_out()
        return self.first(lane, start)

    def all_in(self, lane: Lane) -> Iterator[int]:
        """Walk the rows in the lane, in order. O(log n) each."""
        index = self.first(lane)
        while index is not None:
            yield index
            index = self.first(lane, index + 1)

    def list_in(self, lane: Lane) -> list[int]:
        """List the rows in the lane, in order. O(rows in it)."""
        storage, link = self._place
        found = storage.lanes[lane].listed()
        if not link:
            return found
        self._move_out()
        return self.list_in(lane)

    def _move_out(self) -> None:
        """Give this old version a storage of its own, unless another thread has just done so. O(n)."""
        undo: list[tuple[Sequence[int], Sequence[Status]]] = []
        rows: list[Status] = []
        storage, link = self._place
        if not link:
            return
        while link:
            version, indices, replaced = link[0]
            undo.append((indices, replaced))
            storage, link = version._place  # noqa: SLF001 - another version of this table
            if not link:
                rows = storage.rows.copy()
        for indices, replaced in reversed(undo):
            for index, row in zip(indices, replaced, strict=True):
                rows[index] = row
        self._place = (_Storage(rows), [])


def make_table(rows: Sequence[Status]) -> Table:
    """Build a table of the rows. O(n)."""
    return Table(_Storage(list(rows)))


class _Storage:
    """The rows of the newest of some versions, and its lanes. Changed in place, by `Table.replace` alone."""

    __slots__ = ("lanes", "rows")

    def __init__(self, rows: list[Status], lanes: tuple[BitSet, ...] | None = None) -> None:
        self.rows: list[Status] = rows
        self.lanes: tuple[BitSet, ...] = lanes or _lanes_of(rows)

    def move(self, index: int, old: Lane, new: Lane) -> None:
        """Take a row from one lane to another."""
        number, bit = index >> WORD_BITS, 1 << (index & LAST)
        if old:
            lane = self.lanes[old]
            word = lane.words[number] = lane.words[number] ^ bit
            if not word:
                lane.summary ^= 1 << number
        if new:
            lane = self.lanes[new]
            word = lane.words[number]
            lane.words[number] = word | bit
            if not word:
                lane.summary |= 1 << number

    def put_all(self, indices: Sequence[int], olds: Sequence[Status], rows: Sequence[Status]) -> None:
        """Put many rows in, and change the lanes a word at a time, not a row. O(changes)."""
        held = self.rows
        for index, row in zip(indices, rows):  # noqa: B905 - as above
            held[index] = row
        before: list[Lane] = [*map(_LANE_OF, olds)]
        after: list[Lane] = [*map(_LANE_OF, rows)]
        for lane in {*before, *after}:
            if lane == NO_LANE:
                continue
            moved = compress(indices, map(ne, map(lane.__eq__, before), map(lane.__eq__, after)))
            self.lanes[lane].flip(sorted(moved))


def _lanes_of(rows: Sequence[Status]) -> tuple[BitSet, ...]:
    """Sort the rows into lanes. O(n)."""
    by_lane: dict[Lane, list[int]] = {}
    for index, row in enumerate(rows):
        if row.lane:
            by_lane.setdefault(row.lane, []).append(index)
    return tuple([bit_set_of(by_lane.get(lane, ()), len(rows)) for lane in LANES])
