"""A script that is killed at any moment and run again: its graph, and the notes that its bodies leave. No checks.

Bodies note what runs in a file of their own, with one write each, so that the notes outlive the process as the kernel
has them. That file and the checkpoint are all that a judge needs.
"""

from __future__ import annotations

import os
import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import frozen

from flowing import Flow, Task, current, task
from flowing.checkpoint import SqliteStore
from tests.crash.stores import DeafStore, LateStore, LazyStore, SplitStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flowing import Results
    from flowing.checkpoint import Store

WIDTH: Final = 4
LAYERS: Final = 5
ITEMS: Final = 40  # a row of SQLite has some hundred bytes then
ONCE: Final = ("once_0", "once_1", "once_2")
FLAKY: Final = "t_2_1"
ENDLESS: Final = 1_000_000


@frozen
class Place:
    """Where one script lives, over all its processes."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        return self.folder / "run.db"

    @property
    def journal(self) -> Path:
        return self.folder / "run.db-journal"

    @property
    def notes(self) -> Path:
        return self.folder / "notes"


def needs() -> Mapping[str, tuple[str, ...]]:
    """Give the graph: layers of tasks that each need up to three of the layer before, and detached ones at the end."""
    chosen = random.Random(7)
    graph: dict[str, tuple[str, ...]] = {}
    before: list[str] = []
    for layer in range(LAYERS):
        names = [f"t_{layer}_{number}" for number in range(WIDTH)]
        for name in names:
            graph[name] = tuple(sorted(chosen.sample(before, min(len(before), 3))))
        before = names
    graph["last"] = tuple(before)
    graph.update(dict.fromkeys(ONCE, ("last",)))
    return graph


def value_of(name: str, inputs: Mapping[str, list[int]]) -> list[int]:
    """Give what a task makes of the values that it needs."""
    total = sum(sum(value) for value in inputs.values())
    return [(7 * number + total + len(name)) % 1_000_003 for number in range(ITEMS)]


def expected() -> Mapping[str, list[int]]:
    """Give the values of all tasks, without a flow."""
    values: dict[str, list[int]] = {}
    for name, needed in needs().items():
        values[name] = value_of(name, {each: values[each] for each in needed})
    return values


def build(place: Place, store: Store | None, *, work_s: float, workers: int = 4) -> Flow:
    """Make the flow of one life."""
    notes = os.open(place.notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    tasks: dict[str, Task[list[int]]] = {}
    for name, needed in needs().items():
        tasks[name] = task(
            partial(_body, notes, name, work_s),
            name=name,
            depends_on=[tasks[each] for each in needed],
            retry=1 if name == FLAKY else 0,
            retry_backoff_base_ms=0,
            detached=name in ONCE,
            at_most_once=name in ONCE,
        )
    return Flow(tasks["last"], checkpoint=store, max_workers=workers, max_crashes=ENDLESS)


def _body(notes: int, name: str, work_s: float, **inputs: list[int]) -> list[int]:
    attempt = current()
    os.write(notes, f"{os.getpid()} {name} {attempt.idempotency_key}\n".encode())
    if work_s:
        time.sleep(random.uniform(0, work_s))  # the work: whoever is killed, is killed at some moment of it
    if name == FLAKY and attempt.attempt % 2:
        raise OSError
    return value_of(name, inputs)


def store_of(kind: str, place: Place) -> Store | None:
    """Make a store: one of the two durabilities, or a control that promises what it does not keep."""
    match kind:
        case "power" | "process":
            return SqliteStore(place.checkpoint, durability=kind)
        case "anew":
            return SqliteStore(place.checkpoint, durability="process")
        case "late":
            return LateStore(SqliteStore(place.checkpoint, durability="process"), threading.Lock())
        case "deaf":
            return DeafStore(SqliteStore(place.checkpoint))
        case "split":
            return SplitStore(SqliteStore(place.checkpoint, durability="process"))
        case "lazy":
            return LazyStore(SqliteStore(place.checkpoint, durability="process"))
        case _:
            return None


def live(place: Place, kind: str, *, work_s: float) -> Results:
    """Be one process of the script, until it ends or is killed. The control "anew" forgets to resume."""
    flow = build(place, store_of(kind, place), work_s=work_s)
    return flow.run() if kind == "anew" else flow.resume()
