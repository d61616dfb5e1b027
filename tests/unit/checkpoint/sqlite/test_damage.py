"""A file that is not as it was written: found, named, and never silently wrong."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from flowing.checkpoint import RunBegun, SavedRun, SqliteStore, contract
from flowing.checkpoint.sqlite import reading, rows
from flowing.checkpoint.sqlite.look import read_runs, read_tasks
from flowing.errors import CheckpointCorrupt, CheckpointError
from tests.unit.checkpoint.sqlite.helpers import TASKS, declared, load, make, opened, result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flowing.checkpoint import Saved


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "run.db"
    make(made)
    return made


def change(path: Path, statement: str, *values: object) -> None:
    """Change the file behind flowing's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount != 0


HEAD = rows.columns_of(contract.EVERY_KIND[0])[0]
COLUMNS: list[tuple[str, object]] = [
    *[("head", HEAD[:place] + bytes([HEAD[place] ^ 1]) + HEAD[place + 1 :]) for place in range(len(HEAD))],
    ("head", b""),
    ("head", HEAD + b"\0"),
    ("head", "text"),
    ("head", 5),
    ("content", b"[1,3]"),
    ("content", "text"),
    ("content", 5),
    ("checksum", 5),
    ("checksum", "x"),
    ("task", "clean"),
    ("task", b"\xff\xfe"),
    ("task", "\x1b[31m"),
    ("task", 1.5),
]


@pytest.mark.parametrize(("column", "value"), COLUMNS, ids=range(len(COLUMNS)))
def test_a_changed_column_is_found_and_the_task_is_named(path: Path, column: str, value: object) -> None:
    """[P8] [S12] Every column is in the checksum, whatever type a hostile hand gives it. Good rows are kept."""
    change(path, f"UPDATE outcome SET {column} = ? WHERE task = 'load'", value)
    with pytest.raises(
        CheckpointCorrupt, match=r"task 'load' in run 'run' of '.*run\.db' is damaged; .*'recompute'"
    ) as caught:
        load(path)
    assert (caught.value.task, caught.value.path) == ("load", str(path))
    run = load(path, accept_damage=True)
    assert run is not None
    assert dict(run.saved) == {each.task: each for each in contract.EVERY_KIND if each.task != "load"}
    assert [each.task for each in run.damage] == ["load"]
    assert [each.task for each in read_tasks(path).damage] == ["load"]


HOSTILE: list[tuple[bytes, bytes]] = [
    (b"\x63" + HEAD[1:], b"1"),
    (b"\x00" + HEAD[1:], b"1"),
    (HEAD[:-1], b"1"),
    (b"", b"1"),
    *[(b"\x04" + HEAD[1:], each) for each in (b"", b"[1,2,3]", b"5", b'["a","b"]', b"\xff", b"[" * 100_000)],
    (b"\x05" + HEAD[1:], b"\xff"),
]


@pytest.mark.parametrize(("head", "content"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_row_that_nobody_wrote_is_damage_though_its_checksum_is_right(
    path: Path, head: bytes, content: bytes
) -> None:
    """[S1] [P8] A checksum is no seal: whoever writes a file can make it right."""
    checksum = rows.checksum_of(rows.run_key("run"), b"load", head, content)
    change(path, "UPDATE outcome SET head = ?, content = ?, checksum = ? WHERE task = 'load'", head, content, checksum)
    run = load(path, accept_damage=True)
    assert run is not None
    assert [each.task for each in run.damage] == ["load"]
    assert "load" not in run.saved


def test_rows_that_change_places_are_found(path: Path) -> None:
    """[S12] The row of one task is not the row of another: of no other run, and of no other file either."""
    for column in ("id", "task"):
        swapped = path.with_name(f"{column}.db")
        shutil.copy(path, swapped)
        change(
            swapped,
            f"UPDATE outcome SET {column} = -1 WHERE task = 'load'"
            if column == "id"
            else "UPDATE outcome SET task = 'x' WHERE task = 'load'",
        )
        one, other = ("id", "task") if column == "id" else ("task", "id")
        del other
        with closing(sqlite3.connect(path)) as connection:
            values = dict(connection.execute(f"SELECT task, {one} FROM outcome"))
        change(swapped, f"UPDATE outcome SET {one} = ? WHERE task = 'clean'", values["load"])
        with pytest.raises(CheckpointCorrupt, match="is damaged"):
            load(swapped)
    with closing(opened(path, "second")) as store:
        store.commit([result("load", b"2")])
    change(path, "DELETE FROM outcome WHERE id = 2 * 4294967296")
    change(path, "UPDATE outcome SET id = id + 4294967296 WHERE task = 'load'")
    with pytest.raises(CheckpointCorrupt, match="task 'load' in run 'second'"):
        load(path)


def test_a_row_of_nobody_is_found(path: Path) -> None:
    """[P8] A number that no task has."""
    change(path, "UPDATE outcome SET id = id + 1000 WHERE task = 'load'")
    with pytest.raises(CheckpointCorrupt, match="an unknown task in run 'run'"):
        load(path)


@pytest.mark.parametrize("statement", ["DELETE FROM outcome WHERE task = 'load'", "DELETE FROM crash"])
def test_a_row_that_is_gone_is_missed(path: Path, statement: str) -> None:
    """[P8] A row's own checksum can't say so; the sum of all does."""
    with closing(SqliteStore(path)) as store:
        store.open()
        store.load()
        store.mark_started(0, "load", 9)
        shutil.copytree(path.parent, path.parent / "crashed")
    path = path.parent / "crashed" / path.name
    run = load(path)
    assert run is not None
    assert run.crashes == {"load": 1}
    change(path, statement)
    with pytest.raises(CheckpointCorrupt, match="rows of run 'run' are missing"):
        load(path)
    run = load(path, accept_damage=True)
    assert run is not None
    assert len(run.damage) == 1


def test_an_older_row_in_a_newer_file_is_found(path: Path) -> None:
    """[P8] [P9] It has a checksum of its own that is right."""
    with closing(sqlite3.connect(path)) as connection:
        (older,) = connection.execute("SELECT * FROM outcome WHERE task = 'load'").fetchall()
    with closing(SqliteStore(path)) as store:
        store.open()
        store.load()
        store.commit([result("load", b"2", 7)])
    change(path, f"INSERT OR REPLACE INTO outcome VALUES ({', '.join('?' * len(older))})", *older)
    with pytest.raises(CheckpointCorrupt, match=r"missing from .* or older than others"):
        load(path)


def test_what_was_damaged_can_be_mended_by_running_it_again(path: Path) -> None:
    """[P8] [P18] The way out that the message names: afterwards the file is whole."""
    change(path, "UPDATE outcome SET content = x'00' WHERE task IN ('load', 'clean')")
    change(path, "DELETE FROM outcome WHERE task = 'train'")
    with closing(SqliteStore(path)) as store:
        store.open()
        run = store.load(accept_damage=True)
        assert run is not None
        assert {each.task for each in run.damage} == {"load", "clean"}
        store.commit([result("load"), result("clean"), result("train")])
    again = load(path)
    assert again is not None
    assert (again.damage, again.saved["load"]) == ((), result("load"))


def test_a_damaged_count_of_crashes_is_found_and_mended(path: Path) -> None:
    """[P8] [P20] It is not taken for the truth."""
    with closing(SqliteStore(path)) as store:
        store.open()
        store.load()
        store.mark_started(0, "load", 9)
        shutil.copytree(path.parent, path.parent / "crashed")
    path = path.parent / "crashed" / path.name
    load(path)
    change(path, "UPDATE crash SET crashes = 100")
    with pytest.raises(CheckpointCorrupt, match="task 'load'"):
        load(path)
    with closing(SqliteStore(path)) as store:
        store.open()
        run = store.load(accept_damage=True)
        assert run is not None
        assert run.crashes == {}
        store.commit([result("load")])
    assert load(path) is not None


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE declaration SET content = x'5b5d'", "how the tasks of run 'run'"),
        ("UPDATE declaration SET content = 5", "how the tasks of run 'run'"),
        ("DELETE FROM declaration", "how the tasks of run 'run'"),
        ("UPDATE run SET epoch = 5", "a run in"),
        ("UPDATE run SET finished = 2", "a run in"),
        ("UPDATE run SET digest = 5", "a run in"),
        ("UPDATE run SET codec = 'pickle'", "a run in"),
        ("UPDATE run SET codec = 5", "a run in"),
        ("UPDATE run SET began_s = 'x'", "a run in"),
        ("UPDATE run SET openings = 'x'", "a run in"),
        ("UPDATE run SET commits = 2.5", "a run in"),
        ("UPDATE run SET checksum = 0", "a run in"),
    ],
)
def test_damage_to_the_run_itself_is_found(path: Path, statement: str, said: str) -> None:
    """[P8] Nothing of it can be read then; other runs can."""
    change(path, statement)
    for accept_damage in (False, True):
        with pytest.raises(CheckpointCorrupt, match=said):
            load(path, accept_damage=accept_damage)
    with pytest.raises(CheckpointCorrupt, match=said):
        read_tasks(path)
    with closing(SqliteStore(path)) as store:
        store.open()
        store.commit([RunBegun("new", 2.0, declared())])
        run = store.load()
        assert run is not None
        assert run.run_id == "new"


@pytest.mark.parametrize("run_id", ["other", b"\xff", None])
def test_a_run_that_has_another_name_is_damaged_or_gone(tmp_path: Path, run_id: object) -> None:
    """[P8] [P9] The last commit was noted with its name; without that note, the row itself says it."""
    path = tmp_path / "run.db"
    make(path, durability="power")
    change(
        path, "DELETE FROM run" if run_id is None else "UPDATE run SET run_id = ?", *([run_id] * (run_id is not None))
    )
    with pytest.raises(CheckpointCorrupt, match="lacks the last 2 commit"):
        load(path)
    path.with_name("run.db.lock").unlink()
    if run_id is None:
        assert load(path) is None
    else:
        with pytest.raises(CheckpointCorrupt, match="a run in"):
            load(path)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER evil AFTER INSERT ON outcome BEGIN DELETE FROM outcome; END",
        "CREATE VIEW evil AS SELECT 1",
        "CREATE TABLE evil (x)",
        "CREATE INDEX evil ON outcome (task)",
        "DROP TABLE crash",
        "ALTER TABLE outcome ADD COLUMN evil AS (abs(-9223372036854775808))",
    ],
)
def test_tables_that_flowing_did_not_make_are_refused(path: Path, statement: str) -> None:
    """[S1] [P8] No trigger, view or column with code of its own."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    for call in (lambda: load(path), lambda: read_runs(path)):
        with pytest.raises(CheckpointCorrupt, match="tables"):
            call()


def other_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE people (name)")


def zeroed(path: Path) -> None:
    make(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(4096) + content[8192:])


def cut(path: Path) -> None:
    make(path)
    path.write_bytes(path.read_bytes()[:-4096])


STRANGERS: list[Callable[[Path], object]] = [
    lambda path: path.write_bytes(b"garbage" * 1000),
    lambda path: path.write_bytes(b"SQLite format 3\0" + b"garbage" * 1000),
    lambda path: path.write_bytes(b"x"),
    lambda path: path.write_bytes(bytes(8192)),
    other_program,
    zeroed,
    cut,
]


@pytest.mark.parametrize("put", STRANGERS, ids=range(len(STRANGERS)))
def test_what_is_no_checkpoint_is_refused_and_left_as_it_is(tmp_path: Path, put: Callable[[Path], object]) -> None:
    """[P8] Garbage, another program's database, a page of zeros, half a file."""
    path = tmp_path / "run.db"
    put(path)
    before = path.read_bytes()
    for call in (load, read_tasks):
        with pytest.raises(CheckpointCorrupt) as caught:
            call(path)
        assert str(path) in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("put", [lambda path: path.write_bytes(b""), *STRANGERS[:5]], ids=range(6))
def test_a_log_is_not_thrown_away_with_what_lies_in_place_of_its_file(
    tmp_path: Path, put: Callable[[Path], object]
) -> None:
    """[P8] [P9] SQLite would: so the right file, put back, has all that was committed."""
    path, log = tmp_path / "run.db", tmp_path / "run.db-wal"
    with closing(opened(path)) as store:
        store.commit([result("load")])
        left = {each: each.read_bytes() for each in (path, log)}
    right = left[path]
    path.unlink()
    put(path)
    log.write_bytes(left[log])
    for call in (load, load):
        with pytest.raises(CheckpointCorrupt, match=r"restore a copy|give another path"):
            call(path)
        assert log.read_bytes() == left[log]
    path.write_bytes(right)
    run = load(path)
    assert run is not None
    assert dict(run.saved) == {"load": result("load")}


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    path.touch()
    assert load(path) is None


# ── single bits ──────────────────────────────────────────────────────────────────────────────────


FLIPS = 1000


def read_after_flips(path: Path, flips: int, seed: int) -> Iterator[SavedRun | CheckpointError | None]:
    """Flip one bit of the file, read it, and flip it back; over and over."""
    content = path.read_bytes()
    folder = path.parent / "flipped"
    folder.mkdir()
    target = folder / path.name
    choose = random.Random(seed)
    for _ in range(flips):
        flipped = bytearray(content)
        bit = choose.randrange(len(content) * 8)
        flipped[bit // 8] ^= 1 << bit % 8
        for each in folder.iterdir():
            each.unlink()
        target.write_bytes(flipped)
        try:
            yield load(target, accept_damage=True)
        except CheckpointError as error:
            yield error


def wrong_values(found: SavedRun | CheckpointError | None, right: dict[str, Saved]) -> list[str]:
    """Say which tasks came back with something else than was stored, without a word of damage."""
    if not isinstance(found, SavedRun):
        return [] if isinstance(found, CheckpointError) else ["the whole run"]
    named = {each.task for each in found.damage}
    lost = [task for task in right if task not in found.saved and not found.damage]
    return lost + [task for task, saved in found.saved.items() if task in named or saved != right[task]]


@pytest.fixture
def dense(tmp_path: Path) -> tuple[Path, dict[str, Saved]]:
    """Make a file that is full of results, so that most bits matter."""
    path = tmp_path / "run.db"
    results = {task: result(task, str(number).encode() * 40, number) for number, task in enumerate(TASKS)}
    with closing(opened(path)) as store:
        store.commit(list(results.values()))
    return path, {**results}


def test_no_flipped_bit_is_a_wrong_value(dense: tuple[Path, dict[str, Saved]]) -> None:
    """[P8] 1,000 single bits, anywhere in the file: right, or a typed error that says so."""
    path, right = dense
    outcomes = list(read_after_flips(path, FLIPS, seed=1))
    assert [wrong for each in outcomes for wrong in wrong_values(each, right)] == []
    assert any(isinstance(each, CheckpointError) for each in outcomes)
    assert any(isinstance(each, SavedRun) and each.damage for each in outcomes)
    assert any(isinstance(each, SavedRun) and not each.damage for each in outcomes), "some bits are in empty space"


def test_without_checksums_some_are(dense: tuple[Path, dict[str, Saved]], monkeypatch: pytest.MonkeyPatch) -> None:
    """[P8] Control: the same flips, read by a store that looks at no checksum."""
    path, right = dense

    class Anything(int):
        @override
        def __eq__(self, other: object) -> bool:
            return True

        @override
        def __ne__(self, other: object) -> bool:
            return False

        __hash__ = int.__hash__

    def unchecked(*_: object) -> Anything:
        return Anything(1)

    def any_digest(*_: int) -> Anything:
        return Anything(1)

    for name in ("checksum_of", "checksum_of_declaration", "checksum_of_crashes"):
        monkeypatch.setattr(reading, name, unchecked)
    monkeypatch.setattr(reading, "add_up", any_digest)
    monkeypatch.setattr(rows, "_short", unchecked)
    outcomes = list(read_after_flips(path, FLIPS, seed=1))
    assert [wrong for each in outcomes for wrong in wrong_values(each, right)] != []
