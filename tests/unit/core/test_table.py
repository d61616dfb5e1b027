"""The table beside its dumb twin, a list that is copied at every change: any versions, any order, any two threads."""

from __future__ import annotations

import functools
import inspect
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from flowing.core import (
    BackingOff,
    Blocked,
    CommitDue,
    Failure,
    Graph,
    Limits,
    Node,
    Past,
    Ready,
    ReadyAgain,
    RetryDue,
    Running,
    SkipDue,
    Status,
    Succeeded,
    Table,
    compile_graph,
    initial,
)
from flowing.core.bit_set import BitSet
from flowing.core.status import NO_LANE
from flowing.core.table import NONE_READY, NOT_ONLY_READY
from tests.opcodes import traced
from tests.unit.core.states import BOOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    from _typeshed import TraceFunction

    from flowing.core.status import Lane

RUNNING: Final = Running(1, Past(), 0.0)
FAILURE: Final = Failure(RUNNING, 1.0, BOOM)
ROWS: Final[tuple[Status, ...]] = (
    Ready(1),
    Ready(2),
    Blocked(1),
    RUNNING,
    Succeeded(RUNNING, 1.0, "value"),
    RetryDue(FAILURE, 1.0),
    SkipDue(0, gate=False, past=Past()),
    BackingOff(FAILURE, 2.0),
    ReadyAgain(FAILURE),
    CommitDue(RUNNING, 1.0, "value", b"value"),
)
LANES: Final = sorted({row.lane for row in ROWS} - {Blocked.lane})  # rows in Blocked's lane await nothing

Changes: TypeAlias = "Mapping[int, Status]"


@functools.cache
def graph_of(size: int) -> Graph:
    return compile_graph([Node(f"{number}") for number in range(size)], Limits())


def table_of(size: int) -> Table:
    """Make a table of rows that are `Ready(1)`."""
    return initial(graph_of(size)).table


def changed(table: Table, changes: Changes) -> Table:
    if len(changes) == 1:
        return table.put(*next(iter(changes.items())))
    return table.replace(list(changes), list(changes.values()))


def changed_list(rows: Sequence[Status], changes: Changes) -> list[Status]:
    return [changes.get(index, row) for index, row in enumerate(rows)]


def lanes_of(rows: Sequence[Status]) -> dict[Lane, list[int]]:
    return {lane: [index for index, row in enumerate(rows) if row.lane == lane] for lane in LANES}


def walked(table: Table, lane: Lane) -> list[int]:
    """List the rows in a lane, as whoever asks for one after the other does."""
    found: list[int] = []
    index = table.first(lane)
    while index is not None:
        assert found[-1:] < [index]
        found.append(index)
        index = table.first(lane, index + 1)
    return found


def reads_like(table: Table, rows: Sequence[Status]) -> bool:
    """Read everything in every way."""
    lanes = lanes_of(rows)
    return (
        len(table) == len(rows)
        and [table[index] for index in range(len(rows))] == list(rows)
        and list(table) == list(rows)
        and table.read(range(len(rows))) == list(rows)
        and {lane: walked(table, lane) for lane in LANES} == lanes
        and {lane: table.has(lane) for lane in LANES} == {lane: bool(found) for lane, found in lanes.items()}
    )


# ── versions ─────────────────────────────────────────────────────────────────────────────────────

SIZE: Final = 5
changes = st.dictionaries(st.integers(0, SIZE - 1), st.sampled_from(ROWS))
# From which version to go on, how, and which one to read in between.
histories = st.lists(st.tuples(st.integers(0, 9), changes, st.integers(0, 9)), max_size=12)
History: TypeAlias = "list[tuple[int, dict[int, Status], int]]"


def versions_of(history: History, change: Callable[[Table, Changes], Table]) -> list[tuple[Table, list[Status]]]:
    versions = [(table_of(SIZE), list[Status]([Ready(1)] * SIZE))]
    for from_version, change_of, read_version in history:
        table, rows = versions[from_version % len(versions)]
        versions.append((change(table, change_of), changed_list(rows, change_of)))
        table, rows = versions[read_version % len(versions)]
        assert table[0] == rows[0]
    return versions


@given(histories)
def test_every_version_reads_like_its_list_for_ever(history: History) -> None:
    versions = versions_of(history, changed)
    for table, rows in reversed(versions):
        assert reads_like(table, rows)
    for table, rows in versions:
        assert reads_like(table, rows)


def test_the_version_property_catches_a_table_that_forgets_to_branch() -> None:
    """Control: a change that goes on from the newest version, whichever it was asked of."""

    def is_caught(history: History) -> bool:
        newest: list[Table] = []

        def change(table: Table, change_of: Changes) -> Table:
            newest.append(changed(newest[-1] if newest else table, change_of))
            return newest[-1]

        try:
            return not all(reads_like(table, rows) for table, rows in versions_of(history, change))
        except AssertionError:
            return True

    find(histories, is_caught)


@given(histories)
def test_versions_are_equal_when_their_rows_are(history: History) -> None:
    versions = versions_of(history, changed)
    for table, rows in versions:
        for other, other_rows in versions:
            assert (table == other) is (rows == other_rows)


@given(histories, changes)
def test_a_copy_is_equal_and_apart(history: History, change_of: Changes) -> None:
    for table, rows in versions_of(history, changed):
        copy = table.copy()
        assert copy == table
        assert reads_like(changed(copy, change_of), changed_list(rows, change_of))
        assert reads_like(copy, rows)
        assert reads_like(table, rows)


def test_a_table_is_equal_to_nothing_but_tables() -> None:
    table = table_of(1)
    assert table != [Ready(1)]
    assert table.__eq__([Ready(1)]) is NotImplemented


def test_a_table_does_not_hash_and_tells_only_its_size() -> None:
    """Its rows hold users' values, which need not hash, and whose repr is not ours to call."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(table_of(1))
    assert repr(table_of(3)) == "<table of 3 rows>"


# ── lanes ────────────────────────────────────────────────────────────────────────────────────────

LARGE: Final = 3_000  # several words of a lane's bits
large_changes = st.dictionaries(
    st.one_of(st.sampled_from([0, 1023, 1024, 1025, 2047, 2048, LARGE - 1]), st.integers(0, LARGE - 1)),
    st.sampled_from(ROWS),
)


@settings(max_examples=50)
@given(st.lists(large_changes, max_size=4), st.lists(st.integers(0, LARGE + 2000), max_size=8))
def test_a_lane_finds_the_first_row_from_anywhere(steps: list[dict[int, Status]], starts: list[int]) -> None:
    waiting: dict[int, Status] = {index: Blocked(1) for index in range(LARGE)}
    table = changed(table_of(LARGE), waiting)
    rows: list[Status] = list(waiting.values())
    for step in steps:
        table, rows = changed(table, step), changed_list(rows, step)
    for lane, indices in lanes_of(rows).items():
        assert table.has(lane) is bool(indices)
        assert walked(table, lane) == indices
        for start in [*starts, *indices, *(index + 1 for index in indices)]:
            assert table.first(lane, start) == next((index for index in indices if index >= start), None)


# Rows that are changed at once: in one word, in all, in every third place, from the last to the first, and few.
MANY: Final[tuple[Sequence[int], ...]] = (
    range(5, 40),
    range(1000, 1100),
    range(LARGE),
    range(0, LARGE, 3),
    range(LARGE - 1, 900, -1),
    (*range(20), *range(1024, 1044), LARGE - 1),
    range(1022, 1026),
)


@pytest.mark.parametrize("numbers", MANY, ids=str)
def test_many_rows_at_once_are_in_their_lanes_as_one_by_one(numbers: Sequence[int]) -> None:
    """Whatever lanes they leave for whatever others; `reads_like` asks for every lane."""
    one_lane = dict.fromkeys(numbers, ROWS[5])
    all_lanes = {number: ROWS[place % len(ROWS)] for place, number in enumerate(numbers)}
    table, rows = table_of(LARGE), list[Status]([Ready(1)] * LARGE)
    older, older_rows = table, rows
    for change in (one_lane, all_lanes, one_lane, dict.fromkeys(numbers, Ready(1)), all_lanes):
        table, rows = changed(table, change), changed_list(rows, change)
        assert reads_like(table, rows)
    one_by_one = table_of(LARGE)
    for number, row in all_lanes.items():
        one_by_one = one_by_one.put(number, row)
    assert reads_like(one_by_one, rows)  # control: the list that both are held to is the same
    assert reads_like(older, older_rows)


def test_rows_that_await_nothing_are_in_no_lane() -> None:
    table = changed(table_of(2), {0: Blocked(1), 1: RUNNING})
    assert not any(table.has(lane) for lane in (NO_LANE, *LANES))
    assert [table.first(lane) for lane in (NO_LANE, *LANES)] == [None] * (1 + len(LANES))


def seen_by_a_look(rows: Sequence[Status], *, ignore_commits: bool) -> int:
    """Say what `look` says, by looking at every row."""
    others = {ReadyAgain.lane, RetryDue.lane} | (set() if ignore_commits else {CommitDue.lane})
    if any(row.lane in others for row in rows):
        return NOT_ONLY_READY
    return next((index for index, row in enumerate(rows) if row.lane == Ready.lane), NONE_READY)


@pytest.mark.parametrize("last", ROWS, ids=lambda row: type(row).__name__)
@pytest.mark.parametrize("ready", [(), (0,), (1,), (1023,), (1024,), (1025, 2048), (7, 2000), (2047,), (2998,)])
def test_a_look_finds_the_first_ready_row_where_nothing_else_is_due(ready: Sequence[int], last: Status) -> None:
    """A commit is among what may be due, unless it is to be ignored."""
    change = {index: Blocked(1) for index in range(LARGE)} | dict.fromkeys(ready, Ready(1)) | {LARGE - 1: last}
    rows = list(change.values())
    table = changed(table_of(LARGE), change)
    assert table.look() == (rows, seen_by_a_look(rows, ignore_commits=False))
    assert table.look(ignore_commits=True) == (rows, seen_by_a_look(rows, ignore_commits=True))


# ── threads ──────────────────────────────────────────────────────────────────────────────────────

BASE: Final[list[Status]] = [Ready(1), Blocked(1), Ready(1)]
ONE: Final[Changes] = {0: RUNNING}
TWO: Final[Changes] = {0: Blocked(7), 2: RetryDue(FAILURE, 9.0)}
THREE: Final[Changes] = {1: BackingOff(FAILURE, 3.0)}


def newest() -> Table:
    return changed(table_of(3), {1: Blocked(1)})


def superseded() -> Table:
    """Make a version from which somebody else has gone on already."""
    table = newest()
    changed(changed(table, THREE), ONE)
    return table


# What a thread does with a version, and what must come of it.
ACTS: Final[Mapping[str, tuple[Callable[[Table], object], object]]] = {
    "put": (lambda table: list(changed(table, ONE)), changed_list(BASE, ONE)),
    "replace": (lambda table: list(changed(table, TWO)), changed_list(BASE, TWO)),
    "go on": (lambda table: list(changed(changed(table, THREE), ONE)), changed_list(changed_list(BASE, THREE), ONE)),
    "read": (lambda table: table[0], BASE[0]),
    "read some": (lambda table: table.read([2, 0]), [BASE[2], BASE[0]]),
    "walk": (list, BASE),
    "copy": (lambda table: list(table.copy()), BASE),
    "has": (lambda table: table.has(Ready.lane), True),
    "has not": (lambda table: table.has(RetryDue.lane), False),
    "list": (lambda table: table.list_in(Ready.lane), [0, 2]),
    "first": (lambda table: walked(table, Ready.lane), [0, 2]),
    "first from": (lambda table: table.first(Ready.lane, 1), 2),
}


MAKING_PARTS: Final = {"__init__", "_lanes_of", "bit_set_of", "<genexpr>"}


def interrupt(act: Callable[[], object], at: int, other: Callable[[], object]) -> tuple[object, bool]:
    """Do `act`, and `other` in the middle of it, before instruction number `at` of the table's code.

    What makes new parts of a table is left out: nobody else has them yet.
    """
    left = at
    files = {inspect.getfile(Table), inspect.getfile(BitSet)}

    def trace(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        nonlocal left
        if frame.f_code.co_filename not in files or frame.f_code.co_name in MAKING_PARTS:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                other()
        return trace

    return traced(trace, act), left <= 0


@pytest.fixture(params=[False, True], ids=["one by one", "all at once"])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a change of a few rows made as one of many is, or as ever."""
    if request.param:
        monkeypatch.setattr("flowing.core.table._FEW", 0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("start", [newest, superseded])
@pytest.mark.parametrize("other", ["put", "replace", "read", "first"])
@pytest.mark.parametrize("act", ACTS)
def test_a_thread_may_be_interrupted_anywhere(act: str, other: str, start: Callable[[], Table]) -> None:
    """By another one that uses the same version: both get what they would have got alone, and so does a third."""
    do, expected = ACTS[act]
    do_other, expected_other = ACTS[other]
    at = 1
    reached = True
    while reached:
        table = start()
        seen: list[object] = []
        found, reached = interrupt(partial(do, table), at, lambda: seen.append(do_other(table)))  # noqa: B023 - called before the next turn
        assert found == expected, at
        assert seen == [expected_other] * reached, at
        assert reads_like(table, BASE), at
        at += 1
    assert at > 4  # control: there were places to interrupt at


@pytest.mark.parametrize("act", ACTS)
def test_whatever_is_done_first_with_an_old_version_finds_it_as_it_was(act: str) -> None:
    do, expected = ACTS[act]
    assert do(superseded()) == expected


class Interrupting(list[int]):
    """Row numbers that let somebody else go first, once they are looked at."""

    other: Callable[[], object] | None = None

    @override
    def __iter__(self) -> Iterator[int]:
        other, self.other = self.other, None
        if other is not None:
            other()
        return super().__iter__()


@pytest.mark.parametrize("other", ACTS)
def test_a_change_that_another_one_overtakes_goes_on_from_its_own_version(other: str) -> None:
    """Also when that version has been read again since."""
    table = newest()
    numbers = Interrupting(TWO)

    def overtake() -> None:
        changed(table, THREE)
        assert ACTS[other][0](table) == ACTS[other][1]

    numbers.other = overtake
    assert reads_like(table.replace(numbers, list(TWO.values())), changed_list(BASE, TWO))
    assert reads_like(table, BASE)
    assert numbers.other is None  # control: it was overtaken


class Stop(BaseException):
    """An interrupt."""


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("act", ACTS)
def test_a_writer_that_never_finishes_leaves_every_version_whole(act: str) -> None:
    """An interrupt in the middle of a change is as if the change had not been asked for."""

    def stop() -> None:
        raise Stop

    at = 1
    reached = True
    while reached:
        table = newest()
        with suppress(Stop):
            _, reached = interrupt(partial(ACTS[act][0], table), at, stop)
        assert reads_like(table, BASE), at
        assert reads_like(changed(table, TWO), changed_list(BASE, TWO)), at
        at += 1


def race(start: threading.Barrier, table: Table, number: int, found: dict[int, Table]) -> None:
    start.wait()
    found[number] = changed(table, {0: Ready(number), 1: SkipDue(number, gate=False, past=Past())})


def test_threads_that_race_from_one_version_all_get_their_own() -> None:
    for _ in range(50):
        table = newest()
        start = threading.Barrier(4)
        found: dict[int, Table] = {}

        threads = [threading.Thread(target=race, args=(start, table, number, found)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, version in found.items():
            assert reads_like(version, [Ready(number), SkipDue(number, gate=False, past=Past()), Ready(1)])
        assert len(found) == 4
        assert reads_like(table, BASE)
