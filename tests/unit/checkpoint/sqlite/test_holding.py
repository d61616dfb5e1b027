"""One holder at a time, whoever dies, forks or looks on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowing.checkpoint import RunBegun, SqliteStore
from flowing.checkpoint.sqlite.holder import Holder, LastCommit
from flowing.checkpoint.sqlite.look import forget, read_tasks
from flowing.errors import CheckpointCorrupt, CheckpointLocked, ForkedProcessError
from tests.unit.checkpoint.sqlite.helpers import declared, load, make, opened, result

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[4]

CHILD = """
import sys
from pathlib import Path
from tests.unit.checkpoint.sqlite.helpers import *
store = SqliteStore(Path(sys.argv[1]))
store.open()
store.commit([RunBegun("run", 1.0, declared())])
store.commit([result("load")])
store.mark_started(0, "clean", 1)
print("held", flush=True)
sys.stdin.read()
"""


def holding(path: Path) -> subprocess.Popen[str]:
    """Start a process that holds the file."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_second_process_is_refused_at_once_and_told_by_whom(tmp_path: Path) -> None:
    """[P12] With pid, host and since when; and it can look on meanwhile."""
    path = tmp_path / "run.db"
    with holding(path) as child:
        with pytest.raises(CheckpointLocked) as caught:
            SqliteStore(path).open()
        assert (caught.value.pid, caught.value.host) == (child.pid, socket.gethostname())
        assert caught.value.since is not None
        for part in (
            str(path),
            f"process {child.pid}",
            socket.gethostname(),
            caught.value.since,
            "python -m flowing show",
        ):
            assert part in str(caught.value)
        with pytest.raises(CheckpointLocked):
            forget(path, "run")
        assert set(read_tasks(path).saved) == {"load"}
        child.kill()


def test_a_holder_that_is_killed_frees_the_lock_at_once(tmp_path: Path) -> None:
    """[P13] [P14] The lock is the kernel's: what is written in the file says nothing."""
    path = tmp_path / "run.db"
    with holding(path) as child:
        child.kill()
        child.wait()
        assert json.loads((tmp_path / "run.db.lock").read_text())["pid"] == child.pid, "control: it still says so"
        run = load(path)
    assert run is not None
    assert set(run.saved) == {"load"}
    assert run.crashes == {"clean": 1}


def test_a_pid_that_lives_again_holds_nothing(tmp_path: Path) -> None:
    """[P14] A file that names a living process, without the kernel's lock, is nobody's."""
    path = tmp_path / "run.db"
    make(path)
    (tmp_path / "run.db.lock").write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
    assert load(path) is not None


def test_a_second_store_in_the_same_process_is_refused(tmp_path: Path) -> None:
    """[P12] Also after another one was closed, which must not let go of the first one's lock."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store:
        for _ in range(2):
            second = SqliteStore(path)
            with pytest.raises(CheckpointLocked, match=f"flow of this very process {os.getpid()} .*close") as caught:
                second.open()
            assert "wait" not in str(caught.value), "it would be for ever"
            assert (caught.value.pid, caught.value.host) == (os.getpid(), socket.gethostname())
            second.close()
            read_tasks(path)
        store.commit([result("load")])
    assert load(path) is not None


def test_of_many_threads_one_gets_it(tmp_path: Path) -> None:
    """[P12] The kernel decides."""
    path = tmp_path / "run.db"
    make(path)
    stores = [SqliteStore(path) for _ in range(8)]
    outcomes: list[str] = []

    def take(store: SqliteStore) -> None:
        try:
            store.open()
            outcomes.append("held")
        except CheckpointLocked:
            outcomes.append("refused")

    threads = [threading.Thread(target=take, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert sorted(outcomes) == ["held"] + ["refused"] * 7


HOSTILE = [b"", b"garbage", b"[]", b'{"pid": "1"}', b"[" * 5000, b'{"pid": 1, "host": 5, "since": []}', b"\xff" * 9000]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_the_lock_file_is_data(tmp_path: Path, content: bytes) -> None:
    """[S1] [S8] Whatever is in it, the message is printable, and the lock holds."""
    path = tmp_path / "run.db"
    with closing(opened(path)):
        (tmp_path / "run.db.lock").write_bytes(content)
        with pytest.raises(CheckpointLocked) as caught:
            SqliteStore(path).open()
    assert str(caught.value).isprintable()
    (tmp_path / "run.db.lock").write_bytes(content)
    assert load(path) is not None


def test_a_lock_file_that_is_removed_is_not_shared(tmp_path: Path) -> None:
    """Removing it splits the brain only until SQLite's own locks; a holder never keeps a file that has no name."""
    holder = Holder.take(str(tmp_path / "run.db"))
    (tmp_path / "run.db.lock").unlink()
    holder.note(LastCommit("run", 1, "power"))
    second = Holder.take(str(tmp_path / "run.db"))
    second.release()
    holder.release()
    holder.release()


# ── fork ─────────────────────────────────────────────────────────────────────────────────────────


def in_a_child(work: Callable[[], object]) -> int:
    """Fork, do it there, and give what the child exits with: 0 if nothing was raised."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_is_refused_and_the_parent_is_unharmed(tmp_path: Path) -> None:
    """[P15] Every call but `close`; and a child that lives longer than its parent holds no lock."""
    path = tmp_path / "run.db"
    store = opened(path)
    store.commit([result("load")])

    def use() -> None:
        for call in (
            store.load,
            lambda: store.commit([result("load", b"666")]),
            lambda: store.mark_started(0, "load", 6),
            lambda: store.mark_ended(0),
        ):
            with pytest.raises(ForkedProcessError, match=f"process {os.getppid()} holds.*'{path}'"):
                call()
        store.close()
        store.close()

    store.mark_started(0, "train", 1)
    assert in_a_child(use) == 0
    store.commit([result("clean")])
    with pytest.raises(CheckpointLocked):
        SqliteStore(path).open()
    assert in_a_child(partial(load, path)) != 0, "control: the lock holds for a child too"
    run = store.load()
    assert run is not None
    assert dict(run.saved) == {"load": result("load"), "clean": result("clean")}
    store.close()
    assert load(path) is not None


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_that_outlives_its_parent_does_not_hold_the_lock(tmp_path: Path) -> None:
    """[P13] [P15] The lock belongs to what was opened, and a forked child has that open too: it lets go at once."""
    path = tmp_path / "run.db"
    store = opened(path)
    began, ends = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.write(began[1], b"x")
        os.read(ends[0], 1)
        os._exit(0)
    os.read(began[0], 1)
    store.close()
    assert load(path) is not None
    os.write(ends[1], b"x")
    os.waitpid(child, 0)
    for descriptor in (*began, *ends):
        os.close(descriptor)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_that_ends_like_a_program_changes_nothing(tmp_path: Path) -> None:
    """[P15] At its exit Python closes what it finds; the parent's log stays, and the parent goes on."""
    path = tmp_path / "run.db"
    script = f"""
import os, sys
from pathlib import Path
from tests.unit.checkpoint.sqlite.helpers import *
store = opened(Path({str(path)!r}))
store.commit([result("load")])
child = os.fork()
if child == 0:
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert os.path.getsize({str(path)!r} + "-wal") > 0
store.commit([result("clean")])
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    run = load(path)
    assert run is not None
    assert set(run.saved) == {"load", "clean"}


# ── misuse, and the end of a process ─────────────────────────────────────────────────────────────


def test_two_threads_at_once_are_a_mistake_that_is_said(tmp_path: Path) -> None:
    """What a bug in the caller would break is asserted, not waited for."""
    with closing(opened(tmp_path / "run.db")) as store:
        with store._turn, pytest.raises(AssertionError, match="two threads use the store at once"):
            store.load()
        assert store.load() is not None


def test_a_store_that_nobody_closed_lets_go_at_the_exit(tmp_path: Path) -> None:
    """No mark stays, for nobody died; and Python says nothing of open files."""
    path = tmp_path / "run.db"
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.unit.checkpoint.sqlite.helpers import *\n"
        "store = opened(Path(sys.argv[1]))\nstore.commit([result('load')])\nstore.mark_started(0, 'clean', 1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script, path], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.db", "run.db.lock"]
    run = load(path)
    assert run is not None
    assert (set(run.saved), run.crashes) == ({"load"}, {})


def test_a_store_that_is_forgotten_lets_go(tmp_path: Path) -> None:
    """A flow that nobody refers to any more holds nothing."""
    path = tmp_path / "run.db"
    store = opened(path)
    del store
    assert load(path) is not None


# ── an older file than was there before ──────────────────────────────────────────────────────────


def copy_of(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir() if each.name in ("run.db", "run.db-wal")}


def put_back(path: Path, files: dict[str, bytes]) -> None:
    for name in ("run.db", "run.db-wal", "run.db-shm"):
        (path.parent / name).unlink(missing_ok=True)
    for name, content in files.items():
        (path.parent / name).write_bytes(content)


def test_an_older_copy_is_found_out(tmp_path: Path) -> None:
    """[P9] By the number of the last commit, noted beside the database; and how to go on with it is said."""
    path = tmp_path / "run.db"
    make(path)
    older = copy_of(path)
    with closing(SqliteStore(path, durability="power")) as store:
        store.open()
        store.load()
        store.commit([result("load")])
        store.commit([result("clean")])
    put_back(path, older)
    with pytest.raises(
        CheckpointCorrupt, match=r"lacks the last 2 commit\(s\) of run 'run'.*older copy.*run\.db\.lock"
    ):
        load(path)
    (tmp_path / "run.db.lock").unlink()
    assert load(path) is not None


def test_a_log_that_was_removed_is_found_out(tmp_path: Path) -> None:
    """[P9] After a crash, the last commits are in it."""
    path = tmp_path / "run.db"
    with holding(path) as child:
        child.kill()
    (tmp_path / "run.db-wal").unlink()
    (tmp_path / "run.db-shm").unlink(missing_ok=True)
    with pytest.raises(CheckpointCorrupt, match=r"lacks the last 2 commit\(s\) of run 'run'.*-wal file was removed"):
        load(path)


def test_a_loss_that_was_allowed_is_a_warning(tmp_path: Path) -> None:
    """[P9] With durability="process" the machine may lose the last commits: it is said, and the run goes on."""
    path = tmp_path / "run.db"
    make(path)
    older = copy_of(path)
    with closing(SqliteStore(path, durability="process")) as store:
        store.open()
        store.load()
        store.commit([result("load")])
    put_back(path, older)
    with closing(SqliteStore(path)) as store:
        assert [each for each in store.open() if "lacks the last 1 commit(s)" in each]
        assert store.load() is not None


def test_a_new_file_in_place_of_an_old_one_is_nobodys_loss(tmp_path: Path) -> None:
    """Whoever removes the file begins anew."""
    path = tmp_path / "run.db"
    make(path)
    path.unlink()
    with closing(SqliteStore(path)) as store:
        assert store.open() == ()
        assert store.load() is None
        store.commit([RunBegun("new", 1.0, declared())])
    forget(path, "new")
    assert load(path) is None
