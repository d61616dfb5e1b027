"""Measures the store of a checkpoint alone: what it adds to SQLite, beside the same rows written and read by hand.

Contestants take turns. Writing: results of an int, committed in batches, with encoding, reading back and checksums;
by hand: the same rows, made before, in the same batches. Reading: all rows of a run, looked at and decoded; by hand:
the same rows, decoded with json. Also what a mark costs, and how long a second holder takes to be refused.
The exit status does not depend on it.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import timeit
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from shared.measuring import Taken, arguments_of, machine, take_turns

from flowing import CheckpointLocked
from flowing.checkpoint import Declaration, Definition, ResultSaved, RunBegun, SqliteStore
from flowing.checkpoint.sqlite.schema import CURRENT, SAVE_OUTCOME

if TYPE_CHECKING:
    from collections.abc import Callable

    Durability = Literal["power", "process"]

NAMES = "task_{}"


def begun(folder: Path, tasks: int, durability: Durability) -> SqliteStore:
    """Open a store in a new file, and begin a run."""
    store = SqliteStore(Path(tempfile.mkdtemp(dir=folder)) / "run.db", durability=durability)
    store.open()
    declaration = Declaration.of(Definition(name=NAMES.format(number), shown_type="int") for number in range(tasks))
    store.commit([RunBegun("run", 1.0, declaration)])
    return store


def commit_all(store: SqliteStore, tasks: int, batch: int) -> None:
    """Encode and commit a result for each task."""
    codec = store.codec.prepare("task", int)
    for first in range(0, tasks, batch):
        store.commit(
            [
                ResultSaved(NAMES.format(each), codec.encode(each), codec.fingerprint, 1, began_s=1.5, duration_s=0.1)
                for each in range(first, min(first + batch, tasks))
            ]
        )


def by_flowing(folder: Path, tasks: int, batch: int, durability: Durability) -> Callable[[], object]:
    """Prepare to write results with the store."""
    store = begun(folder, tasks, durability)

    def run() -> None:
        commit_all(store, tasks, batch)
        store.close()

    return run


def by_hand(folder: Path, rows: list[tuple[object, ...]], batch: int, durability: Durability) -> Callable[[], object]:
    """Prepare to write the same rows with nothing but sqlite3."""
    connection = sqlite3.connect(Path(tempfile.mkdtemp(dir=folder)) / "run.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'NORMAL'}")
    for table in CURRENT.tables:
        connection.execute(table)

    def run() -> None:
        for first in range(0, len(rows), batch):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(SAVE_OUTCOME, rows[first : first + batch])
            connection.execute("COMMIT")
        connection.close()

    return run


def written(folder: Path, tasks: int) -> tuple[Path, list[tuple[object, ...]]]:
    """Make a file with all results, and give its rows."""
    with closing(begun(folder, tasks, "process")) as store:
        commit_all(store, tasks, tasks)
        path = Path(store.path)
    with closing(sqlite3.connect(path)) as connection:
        return path, connection.execute("SELECT * FROM outcome").fetchall()


def read_by_flowing(path: Path) -> Callable[[], object]:
    """Prepare to load and decode all results with the store."""
    store = SqliteStore(path)
    codec = store.codec.prepare("task", int)

    def run() -> dict[str, object]:
        store.open()
        loaded = store.load()
        assert loaded is not None
        values = {task: codec.decode(each.payload) for task, each in loaded.saved.items() if type(each) is ResultSaved}
        store.close()
        return values

    return run


def read_by_hand(path: Path) -> Callable[[], object]:
    """Prepare to read and decode the same rows with sqlite3 and json."""

    def run() -> dict[str, object]:
        with closing(sqlite3.connect(path)) as connection:
            return {row[1]: json.loads(row[3]) for row in connection.execute("SELECT * FROM outcome")}

    return run


def small_costs(folder: Path) -> None:
    """Print what a mark costs, and a second holder."""
    with closing(begun(folder, 1000, "process")) as store:
        each = min(timeit.repeat(lambda: store.mark_started(3, "task_500", 1), number=20_000, repeat=7)) / 20_000
        print(f"a mark: {1e6 * each:.2f} us")

        def refused() -> None:
            try:
                SqliteStore(store.path).open()
            except CheckpointLocked:
                return
            raise AssertionError("it was let in")

        print(f"a second holder is refused after {1e3 * min(timeit.repeat(refused, number=1, repeat=20)):.2f} ms")


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=7, rounds_help="how often each is measured")
    parser.add_argument("--tasks", type=int, default=10_000, help="results that are written (default: 10000)")
    parser.add_argument("--loaded", type=int, default=100_000, help="results that are read (default: 100000)")
    parser.add_argument("--batch", type=int, default=64, help="results to a commit (default: 64)")
    options = parser.parse_args()
    print(f"{machine()}; microseconds a result, medians (and best) of {options.rounds}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, rows = written(folder, options.tasks)
        path, _ = written(folder, options.loaded)
        durabilities: tuple[Durability, ...] = ("power", "process")
        for durability in durabilities:
            seconds = take_turns(
                {
                    "flowing": lambda d=durability: by_flowing(folder, options.tasks, options.batch, d),  # type: ignore[misc]  # mypy can't infer a default
                    "by hand": lambda d=durability: by_hand(folder, rows, options.batch, d),  # type: ignore[misc]  # the same
                },
                rounds=options.rounds,
            )
            report(f"write, {durability}", seconds, options.tasks)
        seconds = take_turns(
            {"flowing": lambda: read_by_flowing(path), "by hand": lambda: read_by_hand(path)}, rounds=options.rounds
        )
        report("read", seconds, options.loaded)
        small_costs(folder)


def report(what: str, seconds: dict[str, list[float]], count: int) -> None:
    """Print one line."""
    ours, theirs = (Taken.of([1e6 * each / count for each in seconds[name]]) for name in ("flowing", "by hand"))
    ratio = Taken.of([one / other for one, other in zip(seconds["flowing"], seconds["by hand"], strict=True)]).median
    print(
        f"{what:16} {ours.median:7.2f} ({ours.best:.2f}), by hand {theirs.median:7.2f} ({theirs.best:.2f}), "
        f"ratio {ratio:.2f}"
    )


if __name__ == "__main__":
    main()
