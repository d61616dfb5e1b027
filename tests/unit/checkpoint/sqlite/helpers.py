"""A file with a run in it, for the tests of the store of SQLite. Checks nothing."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Literal

from flowing.checkpoint import Declaration, Definition, ResultSaved, RunBegun, SavedRun, SqliteStore, contract

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TASKS = contract.TASKS


def declared(names: Sequence[str] = TASKS) -> Declaration:
    return Declaration.of(Definition(name=name, fingerprint=1, shown_type="int") for name in names)


def result(task: str, payload: bytes = b"1", attempt: int = 1) -> ResultSaved:
    return ResultSaved(task, payload, 1, attempt)


def opened(path: Path, run_id: str = "run", *, durability: Literal["power", "process"] = "process") -> SqliteStore:
    """Open a store, and begin a run."""
    store = SqliteStore(path, durability=durability)
    store.open()
    store.commit([RunBegun(run_id, 1.0, declared())])
    return store


def make(path: Path, *, durability: Literal["power", "process"] = "process") -> None:
    """Make a file with a run that has a record of every kind."""
    with closing(opened(path, durability=durability)) as store:
        store.commit(contract.EVERY_KIND)


def load(path: Path, *, accept_damage: bool = False) -> SavedRun | None:
    """Open the file, load the newest run, and let go."""
    with closing(SqliteStore(path, durability="process")) as store:
        store.open()
        return store.load(accept_damage=accept_damage)
