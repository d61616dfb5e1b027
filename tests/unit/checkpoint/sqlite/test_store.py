"""The store for a path: its options, and what it says of itself. What it does is the contract's."""

from __future__ import annotations

import gc
import os
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from flowing.checkpoint import JsonCodec, MemoryStore, PickleCodec, RunBegun, SqliteStore
from flowing.checkpoint.sqlite.schema import AT_ONCE, COLUMNS, SAVE_OUTCOMES
from flowing.errors import CheckpointError, ConfigError
from tests.unit.checkpoint.sqlite.helpers import declared, load, opened, result


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("durability", "fast"),
        ("durability", None),
        ("run_id", ""),
        ("run_id", "a\nb"),
        ("run_id", "a\x1b"),
        ("run_id", "\ud800"),
        ("run_id", "a" * 201),
        ("run_id", 5),
        ("run_id", b"a"),
    ],
)
def test_an_option_with_a_value_it_can_not_take_is_refused(option: str, value: object) -> None:
    """[S7] Before anything is opened."""
    options: dict[str, Any] = {option: value}
    with pytest.raises(ConfigError, match=f"SqliteStore has {option}="):
        SqliteStore("run.db", **options)


def test_a_store_says_what_it_was_made_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    codec = PickleCodec(trusted=True)
    store = SqliteStore("run.db", run_id="nightly", codec=codec)
    assert (store.path, store.run_id, store.codec) == (str(tmp_path / "run.db"), "nightly", codec)
    assert SqliteStore(Path("run.db")).path == store.path
    assert isinstance(SqliteStore("x").codec, JsonCodec)
    memory = MemoryStore(run_id="nightly", codec=codec)
    assert (memory.run_id, memory.codec) == ("nightly", codec)
    assert memory.another().codec is codec
    assert list(tmp_path.iterdir()) == []


MOST: Final = AT_ONCE[0]


@pytest.mark.parametrize("size", [1, 2, 3, MOST - 1, MOST, MOST + 1, 3 * MOST + 7])
def test_a_commit_of_any_size_is_stored_whole_and_in_order(tmp_path: Path, size: int) -> None:
    """Some rows go into one statement; of two records about a task the later one counts, wherever they fall."""
    names = [f"task_{number}" for number in range(size)]
    with closing(SqliteStore(tmp_path / "run.db")) as store:
        store.open()
        earlier, later = result(names[0], b"1"), result(names[-1], b"2")
        rest = [result(name, b"3") for name in names[1:-1]]
        store.commit([RunBegun("run", 1.0, declared(names)), earlier, *rest, later])
        run = store.load()
    assert run is not None
    assert dict(run.saved) == {each.task: each for each in (earlier, *rest, later)}


def test_a_statement_takes_the_values_that_it_has_places_for() -> None:
    """Any number of rows can be made up of them, and no statement has more places than any SQLite allows."""
    assert [(values, text.count("?")) for values, text in SAVE_OUTCOMES] == [
        (n * COLUMNS, n * COLUMNS) for n in AT_ONCE
    ]
    assert AT_ONCE[-1] == 1
    assert max(values for values, _ in SAVE_OUTCOMES) <= 999


@pytest.mark.parametrize("size", [4096, 4097, 100_000])
def test_a_value_of_any_size_is_stored(tmp_path: Path, size: int) -> None:
    """Small ones are copied for SQLite, large ones are not."""
    with closing(opened(tmp_path / "run.db")) as store:
        store.commit([result("load", b"x" * size)])
    run = load(tmp_path / "run.db")
    assert run is not None
    assert run.saved["load"] == result("load", b"x" * size)


@pytest.mark.parametrize("name", ["'; DROP TABLE run; --", "../../x", "%s {0}", "file:x?mode=ro"])
def test_names_are_only_data(tmp_path: Path, name: str) -> None:
    """[S7] A task's and a run's: bound parameters, and never a file's name."""
    path = tmp_path / "run.db"
    with closing(SqliteStore(path, run_id=name)) as store:
        store.open()
        store.commit([RunBegun(name, 1.0, declared([name])), result(name)])
        store.mark_started(0, name, 1)
        run = store.load()
    assert run is not None
    assert (run.run_id, dict(run.saved)) == (name, {name: result(name)})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.db", "run.db.lock"]


def test_a_store_that_is_not_open_is_a_mistake_that_is_said(tmp_path: Path) -> None:
    for store in (SqliteStore(tmp_path / "run.db"), MemoryStore()):
        with pytest.raises(AssertionError, match="not open"):
            store.load()
        store.close()
        store.open()
        with pytest.raises(AssertionError, match="no run was loaded or begun"):
            store.mark_started(0, "load", 1)
        with pytest.raises(AssertionError, match="no run was loaded or begun"):
            store.commit([result("load")])
        store.close()


def test_a_commit_that_nobody_can_mean_changes_nothing(tmp_path: Path) -> None:
    """What only a bug in the caller can do is said, and the file stays as it is."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store:
        with pytest.raises(KeyError):
            store.commit([result("load"), result("not declared")])
        store.commit([result("clean")])
    run = load(path)
    assert run is not None
    assert set(run.saved) == {"clean"}


def test_an_opening_that_failed_leaves_nothing_open(tmp_path: Path) -> None:
    """The next try finds the lock free; and the process has no more files open than before."""
    path = tmp_path / "run.db"
    path.write_bytes(b"garbage" * 1000)
    before = open_files()
    for _ in range(2):
        with pytest.raises(CheckpointError, match="not a database"):
            SqliteStore(path).open()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.db", "run.db.lock"]
    path.with_name("run.db.running").mkdir()
    with pytest.raises(CheckpointError, match="running"):
        SqliteStore(path).open()
    assert open_files() == before
    path.with_name("run.db.running").rmdir()
    path.unlink()
    with closing(opened(path)):
        assert open_files() > before, "control"
    assert open_files() == before


def open_files() -> int:
    """Count them; Linux and macOS list them in different places."""
    gc.collect()
    return len(os.listdir("/proc/self/fd" if os.path.exists("/proc/self/fd") else "/dev/fd"))  # noqa: PTH110, PTH208 - of this process
