"""Measures what a checkpoint costs: tasks side by side with trivial bodies, and the resume of a run that is finished.

"durable" is `flow.run()` with a checkpoint, from opening an empty file to the note that the run is finished. It is
compared with the sum of "plain", the same flow without a checkpoint, and "sqlite3", a loop written by hand that writes
the same rows to the same table and commits them in the same batches, with the same write-ahead log and `synchronous`.
The rows and the batches are taken from the durable run of the same round. All three take turns. Flows are built outside
the timing; what building one with a checkpoint costs is shown beside them.

"resume" is `flow.resume()` of a flow in a new process's place: it opens the file, checks and decodes every result, and
finds that nothing is left to do. "by hand" is a loop over `SELECT task, content` that calls `json.loads` on each row.

Targets: durable at most 2.0 times sqlite3 and plain together, with either durability; resume at most 3.0 times by hand.
The exit status does not depend on them.

At the end what a step costs where nothing can be committed together: a chain of trivial tasks; and, where DBOS can be
imported, a workflow of its own of as many trivial steps, one after the other, its system database in SQLite.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from shared.measuring import Taken, arguments_of, machine, take_turns, verdict
from shared.plain import WORKERS

from flowing import Flow, Task, task
from flowing.checkpoint import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowing import Results
    from flowing.checkpoint import Change, Codec, SavedRun

    Durability = Literal["power", "process"]

SIZE = 10_000
RESUMED = 100_000
RATIO_MAX = 2.0
RESUME_RATIO_MAX = 3.0
STEPS = 500
DURABILITIES: tuple[Durability, ...] = ("power", "process")
SYNCHRONOUS = {"power": "FULL", "process": "NORMAL"}


def trivial() -> int:
    """Do nothing worth storing."""
    return 7


def declared(size: int) -> list[Task[int]]:
    """Declare tasks that need nothing."""
    return [task(trivial, name=f"task_{number}") for number in range(size)]


class Counting:
    """A store that notes how many results each commit has."""

    def __init__(self, real: SqliteStore) -> None:
        self._real = real
        self.batches: list[int] = []
        self.mark_started = real.mark_started  # called for each task: without a call of ours around it
        self.mark_ended = real.mark_ended

    @property
    def codec(self) -> Codec:
        """Give the codec."""
        return self._real.codec

    @property
    def run_id(self) -> str | None:
        """Give the run that is asked for."""
        return self._real.run_id

    def open(self) -> tuple[str, ...]:
        """Open."""
        return self._real.open()

    def load(self, *, accept_damage: bool = False) -> SavedRun | None:
        """Load."""
        return self._real.load(accept_damage=accept_damage)

    def commit(self, changes: Sequence[Change], /) -> None:
        """Commit, and count."""
        self.batches.append(sum(hasattr(each, "payload") for each in changes))
        self._real.commit(changes)

    def close(self) -> None:
        """Close."""
        self._real.close()


class Rounds:
    """Three contestants that take turns in one folder; what the durable one wrote is what is written by hand."""

    def __init__(self, folder: Path, durability: Durability, size: int) -> None:
        self._path = folder / "run.db"
        self._durability: Durability = durability
        self._tasks = declared(size)
        self._store: Counting | None = None
        self._flow: Flow | None = None
        self.built_s: list[float] = []
        self.batches: list[int] = []

    def durable(self) -> Callable[[], Results]:
        """Prepare a flow on an empty file."""
        _removed(self._path)
        self._store = Counting(SqliteStore(self._path, durability=self._durability))
        begin_s = time.perf_counter()
        self._flow = Flow(*self._tasks, max_workers=WORKERS, checkpoint=self._store)
        self.built_s.append(time.perf_counter() - begin_s)
        return self._flow.run

    def plain(self) -> Callable[[], Results]:
        """Prepare the same flow without a checkpoint."""
        return Flow(*self._tasks, max_workers=WORKERS).run

    def by_hand(self) -> Callable[[], object]:
        """Prepare to write what the durable run of this round wrote."""
        assert self._flow is not None
        assert self._store is not None
        self._flow.close()
        with closing(sqlite3.connect(self._path)) as connection:
            statements = [text for (text,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")]
            rows = connection.execute("SELECT * FROM outcome").fetchall()
            run = connection.execute("SELECT * FROM run").fetchone()
        assert sum(self._store.batches) == len(rows) == len(self._tasks)
        self.batches = self._store.batches
        path = self._path.with_name("by_hand.db")
        _removed(path)
        return partial(written, path, statements, rows, run, self.batches, SYNCHRONOUS[self._durability])


def written(  # noqa: PLR0917 - all of it is needed
    path: Path,
    statements: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    run: tuple[object, ...],
    batches: Sequence[int],
    synchronous: str,
) -> int:
    """Write rows in batches, as one who knows SQLite would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        for statement in statements:
            connection.execute(statement)
        insert = f"INSERT INTO outcome VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608 - only question marks
        update = f"INSERT OR REPLACE INTO run VALUES ({', '.join('?' * len(run))})"  # noqa: S608 - the same
        done = 0
        for batch in batches:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, rows[done : done + batch])
            connection.execute(update, run)
            connection.execute("COMMIT")
            done += batch
    return done


def _removed(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def cost(durability: Durability, size: int, rounds: int, folder: Path) -> str:
    """Measure a run with one durability, and word a line of the table."""
    taking = Rounds(folder, durability, size)
    contestants = {"durable": taking.durable, "sqlite3": taking.by_hand, "plain": taking.plain}
    seconds = take_turns(contestants, rounds=rounds)
    durable, hand, plain = (Taken.of([1e6 * each / size for each in seconds[name]]) for name in contestants)
    together = zip(seconds["sqlite3"], seconds["plain"], seconds["durable"], strict=True)
    ratio = statistics.median(each / (raw + without) for raw, without, each in together)
    best = durable.best / (hand.best + plain.best)
    commits = len([each for each in taking.batches if each])
    return (
        f"{durability:9} {durable.median:8.2f} {hand.median:8.2f} {plain.median:8.2f} {ratio:8.2f} {best:8.2f}"
        f" {RATIO_MAX:7.1f}  {verdict((ratio, best), RATIO_MAX):12} {commits:7} {1e6 * min(taking.built_s) / size:9.2f}"
    )


def resume(size: int, rounds: int, folder: Path) -> str:
    """Measure the resume of a finished run, and word it."""
    path, tasks = folder / "resumed.db", declared(size)
    with Flow(*tasks, max_workers=WORKERS, checkpoint=SqliteStore(path, durability="process")) as flow:
        assert flow.run().ok
    flows: list[Flow] = []

    def prepare() -> Callable[[], Results]:
        for last in flows:
            last.close()
        flows[:] = [Flow(*tasks, checkpoint=path)]
        return flows[0].resume

    def prepare_by_hand() -> Callable[[], object]:
        flows[0].close()
        return partial(read_by_hand, path)

    seconds = take_turns({"resume": prepare, "by hand": prepare_by_hand}, rounds=rounds)
    flows[0].close()
    resumed, hand = (Taken.of([1e6 * each / size for each in seconds[name]]) for name in ("resume", "by hand"))
    ratios = (resumed.median / hand.median, resumed.best / hand.best)
    return (
        f"{size:9,} {resumed.median:8.2f} {hand.median:8.2f} {ratios[0]:8.2f} {ratios[1]:8.2f}"
        f" {RESUME_RATIO_MAX:7.1f}  {verdict(ratios, RESUME_RATIO_MAX)}"
    )


def read_by_hand(path: Path) -> dict[str, object]:
    """Read and decode every result."""
    with closing(sqlite3.connect(path)) as connection:
        return {name: json.loads(content) for name, content in connection.execute("SELECT task, content FROM outcome")}


def chain_step_us(durability: Durability, folder: Path) -> float:
    """Give the microseconds that a task of a chain takes."""
    last = task(trivial, name="step_0")
    for number in range(1, STEPS):
        last = task(trivial, name=f"step_{number}", after=[last])
    path = folder / "chain.db"
    _removed(path)
    with Flow(last, checkpoint=SqliteStore(path, durability=durability)) as flow:
        begin_s = time.perf_counter()
        assert flow.run().ok
        return 1e6 * (time.perf_counter() - begin_s) / STEPS


def dbos_step_us(folder: Path) -> tuple[str, float] | None:
    """Give the version of DBOS and its microseconds a step; None where it can't be imported."""
    if importlib.util.find_spec("dbos") is None:
        return None
    from importlib.metadata import version  # noqa: PLC0415 - only here

    module = importlib.import_module("dbos")
    dbos = module.DBOS
    dbos(
        config={
            "name": "benchmark",
            "system_database_url": f"sqlite:///{folder / 'dbos.sqlite'}",
            "run_admin_server": False,
            "log_level": "ERROR",
        }
    )
    step = dbos.step()(trivial)

    def workflow(steps: int) -> int:
        return sum(step() for _ in range(steps))

    durable = dbos.workflow()(workflow)
    dbos.launch()
    durable(10)
    begin_s = time.perf_counter()
    assert durable(STEPS) == 7 * STEPS
    taken_s = time.perf_counter() - begin_s
    dbos.destroy()
    return version("dbos"), 1e6 * taken_s / STEPS


def main() -> None:
    """Print the tables."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="how often each is run")
    parser.add_argument("--size", type=int, default=SIZE, metavar="TASKS", help=f"of a run (default: {SIZE:,})")
    parser.add_argument("--resumed", type=int, default=RESUMED, metavar="TASKS", help=f"(default: {RESUMED:,})")
    parser.add_argument(
        "--folder", type=Path, help="where the files are, on the disk to be measured (default: temporary)"
    )
    options = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="flowing-", dir=options.folder))
    try:
        print(machine())
        print(
            f"\n{options.size:,} tasks side by side, {WORKERS} workers; microseconds a task, median of {options.rounds}"
        )
        heads: tuple[str, ...] = ("durable", "sqlite3", "plain", "ratio", "of bests")
        print(f"{'':9} {' '.join(f'{each:>8}' for each in heads)} {'target':>7}  {'':12} commits  Flow() us")
        for durability in DURABILITIES:
            print(cost(durability, options.size, options.rounds, folder), flush=True)
        print(f"\nresume of a finished run; microseconds a task, median of {options.rounds}")
        heads = ("resume", "by hand", "ratio", "of bests")
        print(f"{'tasks':>9} {' '.join(f'{each:>8}' for each in heads)} {'target':>7}")
        print(resume(options.resumed, options.rounds, folder), flush=True)
        print(f"\n{STEPS} steps one after the other; microseconds a step, median of {options.rounds}")
        for durability in DURABILITIES:
            taken = Taken.of([chain_step_us(durability, folder) for _ in range(options.rounds)])
            print(f"{durability:9} {taken.median:8.0f}", flush=True)
        found = dbos_step_us(folder)
        if found is not None:
            print(f"DBOS {found[0]} {found[1]:7.0f} (once)")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
