"""Looking at a file that others hold, and forgetting a run."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from flowing.checkpoint import RunBegun, RunResumed, SqliteStore, contract
from flowing.checkpoint.sqlite.look import forget, read_running, read_runs, read_tasks
from flowing.errors import CheckpointError, ConfigError
from tests.unit.checkpoint.sqlite.helpers import declared, load, make, opened, result

if TYPE_CHECKING:
    from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    """Give every file but the shared memory, which has readers' marks."""
    return {
        each.name: each.read_bytes() for each in folder.iterdir() if each.is_file() and not each.name.endswith("-shm")
    }


def test_runs_and_tasks_are_shown_as_they_were_stored(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    make(path)
    with closing(SqliteStore(path)) as store:
        store.open()
        store.commit([RunBegun("second", 2.0, declared(["load"])), RunResumed(4, declared(["load"]))])
    runs = read_runs(path)
    assert [(run.run_id, run.began_s, run.epoch, run.finished, run.codec) for run in runs] == [
        ("run", 1.0, 0, False, "json"),
        ("second", 2.0, 4, False, "json"),
    ]
    assert read_tasks(path).run_id == "second"
    assert dict(read_tasks(path, "run").saved) == {each.task: each for each in contract.EVERY_KIND}
    with pytest.raises(CheckpointError, match=r"no run 'third'.*flowing show"):
        read_tasks(path, "third")


def test_what_runs_is_shown_for_its_run_alone(tmp_path: Path) -> None:
    """Also of a process that died; and what is no mark is none."""
    path = tmp_path / "run.db"
    make(path)
    assert read_running(path) == {}
    with closing(SqliteStore(path)) as store:
        store.open()
        store.commit([RunBegun("second", 2.0, declared(["load", "tell"]))])
        store.mark_started(0, "tell", 3)
        assert read_running(path) == {"tell": 3}
        assert read_running(path, "run") == {}
        (tmp_path / "died").mkdir()
        for name, content in contents(tmp_path).items():
            (tmp_path / "died" / name).write_bytes(content)
    assert read_running(path) == {}
    died = tmp_path / "died" / "run.db"
    assert read_running(died) == {"tell": 3}
    marks = died.with_name("run.db.running")
    marks.write_bytes(bytes([*marks.read_bytes()[:8], 9, *marks.read_bytes()[9:]]))
    assert read_running(died) == {}
    marks.unlink()
    assert read_running(died) == {}


def test_looking_writes_nothing(tmp_path: Path) -> None:
    """Not to a file that was let go of, not to one whose holder died, and not to one that is held."""
    for state in ("closed", "crashed", "held"):
        folder = tmp_path / state
        folder.mkdir()
        path = folder / "run.db"
        store = opened(path)
        store.commit([result("load")])
        if state == "closed":
            store.close()
        if state == "crashed":
            saved = contents(folder)
            store.close()
            for name, content in saved.items():
                (folder / name).write_bytes(content)
        before = contents(folder)
        assert ("run.db-wal" in before) is (state != "closed")
        for _ in range(2):
            assert set(read_tasks(path).saved) == {"load"}
            assert len(read_runs(path)) == 1
        assert contents(folder) == before
        store.close()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_file_that_can_only_be_read_can_be_looked_at(tmp_path: Path) -> None:
    """One that somebody else let go of."""
    folder = tmp_path / "folder"
    folder.mkdir()
    make(folder / "run.db")
    (folder / "run.db").chmod(0o400)
    folder.chmod(0o500)
    try:
        assert len(read_runs(folder / "run.db")) == 1
    finally:
        folder.chmod(0o700)


def test_a_live_run_is_seen_as_of_one_moment(tmp_path: Path) -> None:
    """While it is written to, opened and let go of, whoever looks sees whole commits and no damage."""
    path = tmp_path / "run.db"
    make(path)
    over = threading.Event()
    seen: list[set[bytes]] = []
    wrong: list[BaseException] = []

    def look() -> None:
        try:
            while not over.is_set():
                run = read_tasks(path)
                assert run.damage == ()
                seen.append({getattr(run.saved.get(task), "payload", b"") for task in ("load", "clean")})
        except BaseException as error:  # noqa: BLE001 - shown below
            wrong.append(error)

    watcher = threading.Thread(target=look)
    watcher.start()
    for life in range(8):
        with closing(SqliteStore(path, durability="process")) as store:
            store.open()
            store.load()
            for number in range(15):
                payload = b"%d.%d" % (life, number)
                store.commit([result("load", payload), result("clean", payload)])
    over.set()
    watcher.join()
    assert wrong == []
    assert len(seen) > 1
    assert all(len(each) == 1 for each in seen[1:] if b"" not in each and b"[1,2]" not in each)


@pytest.mark.parametrize(
    "look", [read_runs, read_tasks, lambda path: forget(path, "run")], ids=["runs", "tasks", "forget"]
)
def test_nothing_is_made_where_nothing_is(tmp_path: Path, look: object) -> None:
    assert callable(look)
    with pytest.raises(CheckpointError, match="there is no checkpoint at"):
        look(tmp_path / "run.db")
    with pytest.raises(ConfigError):
        look(":memory:")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_has_no_version(tmp_path: Path) -> None:
    (tmp_path / "run.db").touch()
    with pytest.raises(CheckpointError, match="version 0"):
        read_runs(tmp_path / "run.db")


# ── forget ───────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_is_forgotten_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    """With all it held: no byte of it is left in the file, or beside it."""
    path = tmp_path / "run.db"
    make(path)
    secret = b"canary-77" * 2000
    with closing(SqliteStore(path)) as store:
        store.open()
        store.commit([RunBegun("second", 2.0, declared()), result("load", secret), result("clean", b"canary-77")])
    assert b"canary-77" in path.read_bytes(), "control"
    forget(path, "second")
    assert all(b"canary-77" not in content for content in contents(tmp_path).values())
    assert [run.run_id for run in read_runs(path)] == ["run"]
    run = load(path)
    assert run is not None
    assert dict(run.saved) == {each.task: each for each in contract.EVERY_KIND}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM outcome WHERE id >= 2 * 4294967296").fetchone() == (0,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_name_that_was_forgotten_can_be_used_again(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    make(path)
    forget(path, "run")
    assert load(path) is None
    make(path)
    assert load(path) is not None


def test_a_run_that_is_not_there_can_not_be_forgotten(tmp_path: Path) -> None:
    """And what is said names those that can be found."""
    path = tmp_path / "run.db"
    make(path)
    for run_id in ("other", "", "' OR 1=1 --"):
        with pytest.raises(CheckpointError, match="has no run"):
            forget(path, run_id)
    assert len(read_runs(path)) == 1
