"""Files of other versions: older ones are brought up to date, newer ones are left alone; each can be read for ever."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowing.checkpoint import Declaration, Definition, RunBegun, RunFinished, SqliteStore, contract
from flowing.checkpoint.sqlite.connection import connect
from flowing.checkpoint.sqlite.look import read_runs, read_tasks
from flowing.checkpoint.sqlite.schema import APPLICATION_ID, CURRENT, Schema
from flowing.errors import CheckpointError, CheckpointVersionError
from tests.unit.checkpoint.sqlite.helpers import load, make

if TYPE_CHECKING:
    from flowing.checkpoint import SavedRun

GOLDEN = Path(__file__).parents[1] / "golden"

# What is in every golden file: how to make one for a new version of the tables, and what to find in it for ever.
DECLARED = Declaration.of(
    [
        *[Definition(name=name, fingerprint=7, shown_type="int", version="1", source="ab") for name in contract.TASKS],
        Definition(name="last", dependencies=("load", "clean")),
    ]
)


def make_golden(path: Path) -> None:
    """Write a golden file, once for each version of the tables."""
    store = SqliteStore(path)
    store.open()
    store.commit([RunBegun("first", 1_700_000_000.5, DECLARED), *contract.EVERY_KIND, RunFinished()])
    store.commit([RunBegun("second", 1_700_000_001.5, DECLARED), contract.result("load")])
    store.close()


def second_schema(*statements: str) -> Schema:
    """Give a schema that is one version on."""
    return Schema(
        version=2,
        tables=(*CURRENT.tables, "CREATE TABLE more (x INTEGER)"),
        migrations={1: statements or ("CREATE TABLE more (x INTEGER)",)},
    )


@pytest.mark.parametrize("version", range(1, CURRENT.version + 1))
def test_a_file_of_every_version_opens_for_ever(tmp_path: Path, version: int) -> None:
    """[P10] [P18] With every kind of record that there was."""
    path = tmp_path / "run.db"
    shutil.copy(GOLDEN / f"schema-{version}.db", path)
    assert [run.run_id for run in read_runs(path)] == ["first", "second"]
    with closing(SqliteStore(path, run_id="first")) as store:
        store.open()
        run = store.load()
    assert run is not None
    check(run)
    newest = load(path)
    assert newest is not None
    assert dict(newest.saved) == {"load": contract.result("load")}


def check(run: SavedRun) -> None:
    assert (run.run_id, run.began_s, run.epoch, run.finished) == ("first", 1_700_000_000.5, 0, True)
    assert dict(run.saved) == {each.task: each for each in contract.EVERY_KIND}
    assert run.declaration.definitions == DECLARED.definitions


def test_there_is_a_golden_file_for_every_version() -> None:
    assert sorted(path.name for path in GOLDEN.glob("*.db")) == [
        f"schema-{n}.db" for n in range(1, CURRENT.version + 1)
    ]


def test_an_older_file_is_brought_up_to_date_and_a_copy_is_kept(tmp_path: Path) -> None:
    """[P10] The copy is the file as it was, readable by the version that made it."""
    path = tmp_path / "run.db"
    make(path)
    for _ in range(2):  # and only once
        connect(str(path), "power", schema=second_schema()).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM more").fetchone() == (0,)
    copy = tmp_path / "run.db.schema-1"
    assert copy.stat().st_mode & 0o777 == 0o600
    run = load(copy)
    assert run is not None
    assert dict(run.saved) == {each.task: each for each in contract.EVERY_KIND}


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    """[P10] [P23] One transaction; the next try begins again, copy and all."""
    path = tmp_path / "run.db"
    make(path)
    broken = second_schema("CREATE TABLE more (x INTEGER)", "INSERT INTO nowhere VALUES (1)")
    for _ in range(2):
        with pytest.raises(CheckpointError, match="nowhere"):
            connect(str(path), "power", schema=broken)
        assert load(path) is not None
    connect(str(path), "power", schema=second_schema()).close()
    assert load(tmp_path / "run.db.schema-1") is not None


def test_a_newer_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """[P11] Both versions are named, and nothing is written."""
    path = tmp_path / "run.db"
    connect(str(path), "power", schema=second_schema()).close()
    before = path.read_bytes()
    for call in (lambda: load(path), lambda: read_runs(path), lambda: read_tasks(path)):
        with pytest.raises(CheckpointVersionError, match=r"has version 2 .* version 1") as caught:
            call()
        assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_a_version_that_nothing_leads_from_is_refused(tmp_path: Path) -> None:
    """[P10] [P11] As if it were newer."""
    path = tmp_path / "run.db"
    make(path)
    with pytest.raises(CheckpointVersionError, match=r"has version 1 .* version 2"):
        connect(str(path), "power", schema=Schema(version=2, tables=CURRENT.tables, migrations={}))


def test_an_older_file_is_not_shown_before_it_is_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking writes nothing, so it can't bring anything up to date; it says what does."""
    path = tmp_path / "run.db"
    make(path)
    monkeypatch.setattr("flowing.checkpoint.sqlite.look.CURRENT", second_schema())
    monkeypatch.setattr("flowing.checkpoint.sqlite.connection.CURRENT", second_schema())
    with pytest.raises(CheckpointVersionError, match=r"has version 1 .* version 2"):
        read_runs(path)


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    """`file run.db` shows it: four bytes at 68."""
    path = tmp_path / "run.db"
    make(path)
    assert path.read_bytes()[68:72] == APPLICATION_ID.to_bytes(4, "big") == b"flow"
