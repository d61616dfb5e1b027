"""Disks that are full or broken, commits whose answer is lost, and what is left then."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from typing_extensions import override

from flowing.checkpoint import RunBegun, RunFinished
from flowing.errors import CheckpointCorrupt, CheckpointError
from tests.unit.checkpoint.sqlite.helpers import TASKS, declared, load, opened, result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[4]
DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"


class Faulty(sqlite3.Connection):
    """A connection in which one statement fails: before it takes effect, or after."""

    log: ClassVar[list[str]] = []
    fails: ClassVar[dict[str, tuple[str, BaseException]]] = {}

    @override
    def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
        return self._do(sql, lambda: super(Faulty, self).execute(sql, *rest))

    @override
    def executemany(self, sql: str, *rest: Any) -> sqlite3.Cursor:
        return self._do(sql, lambda: super(Faulty, self).executemany(sql, *rest))

    @override
    def close(self) -> None:
        self.log.append("close")
        super().close()

    def _do(self, sql: str, work: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        self.log.append(sql)
        start = next((each for each in self.fails if sql.startswith(each)), None)
        when, error = self.fails.pop(start) if start is not None else ("", None)
        if when == "before":
            assert error is not None
            raise error
        done = work()
        if error is not None:
            raise error
        return done


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Faulty]]:
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Faulty))
    Faulty.log.clear()
    Faulty.fails.clear()
    yield Faulty
    Faulty.fails.clear()


def failure(code: int = sqlite3.SQLITE_IOERR_FSYNC, message: str = "disk I/O error") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SQLITE_X"
    return error


STATEMENTS = ["BEGIN", "INSERT OR REPLACE INTO outcome", "UPDATE run", "COMMIT"]
CODES = [
    (sqlite3.SQLITE_FULL, errno.ENOSPC, "make room on the disk"),
    (sqlite3.SQLITE_IOERR_WRITE, errno.EIO, "see to the disk"),
    (sqlite3.SQLITE_IOERR_FSYNC, errno.EIO, "see to the disk"),
    (sqlite3.SQLITE_READONLY, errno.EROFS, "make the file and its directory writable"),
    (sqlite3.SQLITE_BUSY, errno.EBUSY, "end the program that has it locked"),
    (sqlite3.SQLITE_TOOBIG, errno.EFBIG, "persist=False"),
    (sqlite3.SQLITE_NOMEM, errno.ENOMEM, "memory"),
    (sqlite3.SQLITE_PERM, errno.EACCES, "permissions"),
    (sqlite3.SQLITE_MISUSE, None, "see to the file"),
]


@pytest.mark.parametrize(("code", "number", "way_out"), CODES, ids=[str(each[0]) for each in CODES])
def test_a_failed_commit_names_the_task_the_path_the_cause_and_the_way_out(
    tmp_path: Path, faulty: type[Faulty], code: int, number: int | None, way_out: str
) -> None:
    """[P4] All four, in one line that can be printed."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store:
        faulty.fails["COMMIT"] = ("before", failure(code, "some \x1b trouble"))
        with pytest.raises(CheckpointError, match="'load' and 1 more") as caught:
            store.commit([result("load"), result("clean")])
        assert (caught.value.task, caught.value.path, caught.value.errno) == ("load", str(path), number)
        message = str(caught.value)
        assert message.isprintable()
        for part in (str(path), "some \\x1b trouble", "SQLITE_X", way_out, "still on the flow", "resume()"):
            assert part in message


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_failed_took_no_effect_and_the_store_goes_on(tmp_path: Path, faulty: type[Faulty], statement: str) -> None:
    """[P4] [P5] [P23] All or nothing, at every statement; whether `load` comes next or another commit."""
    for next_call in ("load", "commit"):
        path = tmp_path / next_call / "run.db"
        path.parent.mkdir()
        with closing(opened(path)) as store:
            store.commit([result("load")])
            faulty.fails[statement] = ("before", failure())
            with pytest.raises(CheckpointError):
                store.commit([result("load", b"9"), result("clean"), RunFinished()])
            if next_call == "load":
                run = store.load()
                assert run is not None
                assert (dict(run.saved), run.finished) == ({"load": result("load")}, False)
            store.commit([result("train")])
        again = load(path)
        assert again is not None
        assert dict(again.saved) == {"load": result("load"), "train": result("train")}


def test_an_answer_that_was_lost_is_found_on_loading(tmp_path: Path, faulty: type[Faulty]) -> None:
    """[P6] The commit took effect, though it said that it failed."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store:
        faulty.fails["COMMIT"] = ("after", failure())
        with pytest.raises(CheckpointError):
            store.commit([result("load")])
        run = store.load()
        assert run is not None
        assert dict(run.saved) == {"load": result("load")}
        faulty.fails["COMMIT"] = ("after", failure())
        with pytest.raises(CheckpointError):
            store.commit([result("clean")])
        store.commit([result("train")])
    again = load(path)
    assert again is not None
    assert set(again.saved) == {"load", "clean", "train"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_may_have_begun_is_found_or_begun_again(tmp_path: Path, faulty: type[Faulty], when: str) -> None:
    """[P6] [P23] The store knows after the failure what the file has."""
    path = tmp_path / "run.db"
    begun = RunBegun("second", 2.0, declared())
    with closing(opened(path)) as store:
        faulty.fails["COMMIT"] = (when, failure())
        with pytest.raises(CheckpointError):
            store.commit([begun])
        if when == "before":
            store.commit([begun, result("load")])
        else:
            store.commit([result("load")])
    run = load(path)
    assert run is not None
    assert (run.run_id, set(run.saved)) == ("second", {"load"})


def test_a_reader_that_keeps_the_log_from_being_copied_is_said(
    tmp_path: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    """[P5] What can't be written anew is not taken for safe; once the reader is gone, it goes on."""
    monkeypatch.setattr("flowing.checkpoint.sqlite.connection._BUSY_S", 0.0)
    path = tmp_path / "run.db"
    with closing(opened(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM outcome").fetchall()
        store.commit([result("load")])
        faulty.fails["COMMIT"] = ("before", failure())
        with pytest.raises(CheckpointError):
            store.commit([result("clean")])
        with pytest.raises(CheckpointError, match="being read by another program"):
            store.commit([result("clean")])
        other.execute("ROLLBACK")
        store.commit([result("clean")])


def test_damage_that_is_found_after_a_failure_is_said(tmp_path: Path, faulty: type[Faulty]) -> None:
    """[P5] [P8] The file is read again before the next commit."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store:
        store.commit([result("load")])
        faulty.fails["COMMIT"] = ("before", failure())
        with pytest.raises(CheckpointError):
            store.commit([result("clean")])
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("UPDATE outcome SET head = x'00'")
        with pytest.raises(CheckpointCorrupt, match="task 'load'"):
            store.commit([result("clean")])


def test_after_a_failed_fsync_everything_is_written_anew(tmp_path: Path, faulty: type[Faulty]) -> None:
    """[P5] The kernel forgets what it could not write: no fsync is tried twice, and the log is copied by new writes."""
    with closing(opened(tmp_path / "run.db")) as store:
        faulty.log.clear()
        faulty.fails["COMMIT"] = ("before", failure())
        with pytest.raises(CheckpointError):
            store.commit([result("load")])
        first = faulty.log.copy()
        assert first[-1] == "close"
        assert first.count("COMMIT") == 1
        faulty.log.clear()
        faulty.fails["PRAGMA wal_checkpoint(TRUNCATE)"] = ("before", failure())
        with pytest.raises(CheckpointError, match="could not open it again"):
            store.load()
        assert faulty.log[-1] == "close"
        faulty.log.clear()
        assert store.load() is not None
        checkpoint = faulty.log.index("PRAGMA wal_checkpoint(TRUNCATE)")
        assert checkpoint < next(n for n, each in enumerate(faulty.log) if each.startswith("SELECT * FROM run"))


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupt_in_the_middle_leaves_all_or_nothing(
    tmp_path: Path, faulty: type[Faulty], statement: str, when: str
) -> None:
    """[P23] Ctrl-C is no CheckpointError; what the store then knows is what the file has."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store:
        faulty.fails[statement] = (when, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            store.commit([result("load"), result("clean")])
        run = store.load()
        assert run is not None
        assert set(run.saved) in (set(), {"load", "clean"})
        assert bool(run.saved) == ((statement, when) == ("COMMIT", "after"))
        store.commit([result("train")])
    assert load(path) is not None


def test_a_program_that_reads_keeps_nobody_from_committing(tmp_path: Path) -> None:
    """And one that writes is named as the cause."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM outcome").fetchall()
        store.commit([result("load")])
        assert other.execute("SELECT count(*) FROM outcome").fetchone() == (0,), "it sees its own moment"


def test_a_file_that_is_locked_by_another_program_is_a_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[P4] After a while; then everything goes on."""
    monkeypatch.setattr("flowing.checkpoint.sqlite.connection._BUSY_S", 0.0)
    path = tmp_path / "run.db"
    with closing(opened(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CheckpointError, match=r"database is locked.*end the program that has it locked"):
            store.commit([result("load")])
        other.execute("ROLLBACK")
        store.commit([result("load")])


def test_the_log_does_not_grow_without_bound(tmp_path: Path) -> None:
    """[P21] It is copied back every 1,000 pages, and cut."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store:
        for number in range(400):
            store.commit([result(task, b"x" * 3000, number) for task in TASKS])
        log = path.with_name("run.db-wal").stat().st_size
        assert 0 < log < 8_000_000
    assert 400 * len(TASKS) * 3000 > log, "control: more than that was written"
    assert path.stat().st_size < 1_000_000


def test_a_value_that_sqlite_does_not_take_is_a_typed_error(tmp_path: Path) -> None:
    """[P22] Whoever sets the limit of the codec higher finds the next one."""
    path = tmp_path / "run.db"
    with closing(opened(path)) as store:
        connection = store._session._connection if store._session is not None else None
        assert connection is not None
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
        with pytest.raises(CheckpointError, match=r"'load'.*persist=False") as caught:
            store.commit([result("load", b"x" * 200_000)])
        assert caught.value.errno == errno.EFBIG
        store.commit([result("load", b"x")])


# ── really ───────────────────────────────────────────────────────────────────────────────────────

FULL_DISK = """
import json, os, resource, sys
from contextlib import closing
from pathlib import Path
from flowing.errors import CheckpointCorrupt, CheckpointError
from tests.unit.checkpoint.sqlite.helpers import *

def live(path, limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    acknowledged, failed, store = {}, [], SqliteStore(path)
    def attempt(work):
        try:
            work()
            return True
        except CheckpointError as error:
            assert str(path) in str(error) and error.errno is not None, error
            failed.append(str(error))
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    attempt(store.open) or store.open()
    begin = lambda: store.commit([RunBegun("run", 1.0, declared())])
    if not attempt(begin) and store.load() is None:
        begin()
    for number in range(40):
        task = TASKS[number % len(TASKS)]
        payload = str(number) * 400
        if not attempt(lambda: store.commit([result(task, payload.encode(), number + 1)])):
            saved = store.load().saved
            for each, last in acknowledged.items():
                assert saved[each].attempt >= last, (each, last)
            store.commit([result(task, payload.encode(), number + 1)])
        acknowledged[task] = number + 1
    store.close()
    saved = load(path).saved
    assert {task: each.attempt for task, each in saved.items()} == acknowledged
    return failed

folder, limits = Path(sys.argv[1]), json.loads(sys.argv[2])
for limit in limits:
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        path = folder / f"{limit}.db"
        answer = json.dumps(live(path, limit))
        os.write(writes, answer[:60000].encode())
        os._exit(0)
    os.close(writes)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, limit
    print(os.read(reads, 65536).decode())
"""


def test_a_disk_that_is_full_at_any_byte_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """[P4] Really: the system cuts a write short at a limit, and refuses the next one. Then there is room again."""
    choose = random.Random(5)
    limits = sorted({*choose.sample(range(100, 120_000), 25), 513, 4096, 8192, 32 + 4096, 24_576})
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path, json.dumps(limits)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    failures = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(failures) == len(limits)
    failed = sum(1 for each in failures if each)
    assert failed > len(limits) // 2, "control: most of the limits were reached"


BROKEN_DISK = """
import sys
from pathlib import Path
from flowing.errors import CheckpointCorrupt, CheckpointError
from tests.unit.checkpoint.sqlite.helpers import *
path = Path(sys.argv[1])
store = SqliteStore(path)
acknowledged = []
tries = 0
while True:
    tries += 1
    assert tries < 50, "no progress"
    try:
        if store._session is None:
            store.open()
        run = store.load()
        if run is None:
            store.commit([RunBegun("run", 1.0, declared())])
            run = store.load()
        assert set(acknowledged) <= set(run.saved), (acknowledged, run.saved)
        for task in TASKS:
            if task not in run.saved:
                store.commit([result(task, b"x" * 5000)])
                acknowledged.append(task)
        store.close()
        assert set(load(path).saved) == set(TASKS)
        break
    except CheckpointError as error:
        print(type(error).__name__, error.errno, str(error).encode("ascii", "replace").decode())
        assert str(path) in str(error), error
print("whole")
"""


def strace(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script above under strace, looking at (or hurting) calls on the files of the checkpoint alone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    files = [f"--trace-path={folder / name}" for name in ("run.db", "run.db-wal", "run.db-journal", "run.db-shm")]
    return subprocess.run(
        ["strace", "-f", "-qq", *files, *options, sys.executable, "-c", BROKEN_DISK, folder / "run.db"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_system_calls_that_fail_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """[P4] [P5] Really: an error injected into writes, syncs, truncations and openings of the files, one at a time."""
    calls = ("pwrite64", "fdatasync", "fsync", "ftruncate", "openat", "unlink")
    log = tmp_path / "log"
    probe = strace(tmp_path / "probe", f"--output={log}", f"--trace={','.join(calls)}")
    if probe.returncode != 0:
        pytest.skip(f"strace can't trace here: {probe.stderr[:200]}")
    lines = log.read_text().splitlines()
    points = [
        (call, number, error)
        for call in calls
        for number in range(1, 1 + sum(1 for line in lines if f" {call}(" in line or line.startswith(f"{call}(")))
        for error in (("EIO", "ENOSPC") if call == "pwrite64" else ("EIO",))
    ]
    assert len(points) > 40
    failed = 0
    for call, number, error in points if DEEP else random.Random(3).sample(points, 12):
        done = strace(
            tmp_path / "hurt", f"--trace={call}", f"--inject={call}:error={error}:when={number}", "--output=/dev/null"
        )
        assert done.returncode == 0, (call, number, error, done.stdout, done.stderr)
        *errors, last = done.stdout.splitlines()
        assert last == "whole"
        failed += bool(errors)
    assert failed > 0, "control: some of them were noticed"


KILLED = """
import os, sys
from pathlib import Path
from tests.unit.checkpoint.sqlite.helpers import *
store = SqliteStore(Path(sys.argv[1]), durability=sys.argv[2])
store.open()
run = store.load()
if run is None:
    store.commit([RunBegun("run", 1.0, declared())])
    run = store.load()
number = max((saved.attempt for saved in run.saved.values()), default=0)
while True:
    number += 1
    task = TASKS[number % len(TASKS)]
    store.mark_started(0, task, number)
    store.commit([result(task, b"%d" % number, number)])
    os.write(1, b"%d\\n" % number)
"""


@pytest.mark.parametrize("durability", ["power", "process"])
def test_a_process_that_is_killed_loses_nothing_that_was_acknowledged(tmp_path: Path, durability: str) -> None:
    """[P1] [P19] Again and again, in the middle of whatever it does; the file is whole each time."""
    path = tmp_path / "run.db"
    choose = random.Random(durability)
    acknowledged = 0
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, path, durability], cwd=ROOT, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            for _ in range(choose.randrange(60)):
                acknowledged = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().split(b"\n")
            acknowledged = max([acknowledged, *[int(each) for each in rest[:-1]]])
        run = load(path)
        attempts = {task: saved.attempt for task, saved in run.saved.items()} if run is not None else {}  # type: ignore[union-attr]
        assert acknowledged <= max(attempts.values(), default=0) <= acknowledged + 1
        for number in range(max(1, acknowledged - len(TASKS) + 2), acknowledged + 1):
            assert attempts[TASKS[number % len(TASKS)]] >= number
    assert acknowledged > 20
