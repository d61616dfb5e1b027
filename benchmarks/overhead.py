"""Measures what one trivial task costs: with flowing, with the loop that people write by hand, and in sequence.

All three run the same bodies on the same graphs, pass each task the values of its dependencies by name, and keep every
value. Graphs are declared, and flows compiled, outside the timing. The three take turns, so a slow spell of the machine
hits all.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from graphlib import TopologicalSorter
from queue import SimpleQueue

from flowing import Flow, Task, task

WORKERS = 4
SIZES = (1_000, 10_000, 100_000)
LAYER_WIDTH = 100
LAYER_DEPENDENCIES = 3

Graph = Mapping[str, tuple[str, ...]]  # each task's dependencies; a task comes after all of its dependencies
Run = Callable[[], int]  # run the whole graph, and say how many values there are


def body(**values: int) -> int:
    """Do next to nothing with the values of the dependencies."""
    return len(values)


# ── the three contestants: each makes a graph ready, and gives back what is to be timed ──────────


def with_flowing(graph: Graph) -> Run:
    """Prepare a flow."""
    tasks: dict[str, Task[int]] = {}
    for name, dependencies in graph.items():
        tasks[name] = task(body, name=name, depends_on=[tasks[dependency] for dependency in dependencies])
    needed = {dependency for dependencies in graph.values() for dependency in dependencies}
    flow = Flow(*[tasks[name] for name in graph if name not in needed], max_workers=WORKERS)

    def run() -> int:
        results = flow.run()
        assert results.ok
        return len(results)

    return run


def by_hand(graph: Graph) -> Run:
    """Run a sorter with a thread pool, and a queue on which finished tasks come back.

    A sorter is used up by one run, so making it is a part of every run; a flow is compiled once.
    """
    values: dict[str, int] = {}
    finished: SimpleQueue[tuple[str, BaseException | None]] = SimpleQueue()

    def work(name: str) -> None:
        try:
            values[name] = body(**{dependency: values[dependency] for dependency in graph[name]})
        except BaseException as error:  # noqa: BLE001 - whatever it is, the loop below raises it
            finished.put((name, error))
        else:
            finished.put((name, None))

    def run() -> int:
        sorter = TopologicalSorter(graph)
        sorter.prepare()
        with ThreadPoolExecutor(WORKERS) as pool:
            while sorter.is_active():
                for name in sorter.get_ready():
                    pool.submit(work, name)
                name, error = finished.get()
                if error is not None:
                    raise error
                sorter.done(name)
        return len(values)

    return run


def in_sequence(graph: Graph) -> Run:
    """Prepare a plain loop over tasks in a fitting order: the least that can be paid."""

    def run() -> int:
        values: dict[str, int] = {}
        for name, dependencies in graph.items():
            values[name] = body(**{dependency: values[dependency] for dependency in dependencies})
        return len(values)

    return run


CONTESTANTS: Mapping[str, Callable[[Graph], Run]] = {
    "flowing": with_flowing,
    "by hand": by_hand,
    "sequence": in_sequence,
}


# ── the graphs ───────────────────────────────────────────────────────────────────────────────────


def chain(size: int) -> Graph:
    """Each task needs the one before it."""
    return {f"t{number}": (f"t{number - 1}",) if number else () for number in range(size)}


def fan(size: int) -> Graph:
    """One task, then all the others, then one that needs all of these."""
    middle = tuple(f"t{number}" for number in range(size - 2))
    return {"source": (), **dict.fromkeys(middle, ("source",)), "sink": middle}


def layered(size: int) -> Graph:
    """Layers of 100 tasks; each task needs 3 random ones of the layer above."""
    choice = random.Random(size)
    graph: dict[str, tuple[str, ...]] = {}
    above: list[str] = []
    for first in range(0, size, LAYER_WIDTH):
        layer = [f"t{number}" for number in range(first, min(first + LAYER_WIDTH, size))]
        for name in layer:
            graph[name] = tuple(choice.sample(above, LAYER_DEPENDENCIES)) if above else ()
        above = layer
    return graph


def independent(size: int) -> Graph:
    """No task needs another."""
    return {f"t{number}": () for number in range(size)}


@dataclass(frozen=True)
class Shape:
    """A kind of graph, and the most that flowing may take of the hand-written loop's time."""

    make: Callable[[int], Graph]
    ratio_max: float


SHAPES: Mapping[str, Shape] = {
    "chain": Shape(chain, 0.6),
    "fan": Shape(fan, 1.0),
    "layered": Shape(layered, 1.3),
    "independent": Shape(independent, 1.0),
}


# ── measuring ────────────────────────────────────────────────────────────────────────────────────


def measure(graph: Graph, *, rounds: int) -> dict[str, list[float]]:
    """Give each contestant's seconds, round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    for _ in range(rounds):
        for name, prepare in CONTESTANTS.items():
            run = prepare(graph)
            gc.collect()
            begin = time.perf_counter()
            count = run()
            seconds[name].append(time.perf_counter() - begin)
            assert count == len(graph)
    return seconds


def rows(shape_names: list[str], sizes: list[int], *, rounds: int) -> Iterator[str]:
    """Measure, and word one line of the table for each graph."""
    for shape_name in shape_names:
        shape = SHAPES[shape_name]
        for size in sizes:
            seconds = measure(shape.make(size), rounds=rounds)
            microseconds = {name: [1e6 * one / size for one in each] for name, each in seconds.items()}
            cells = [f"{statistics.median(each):9.2f} {min(each):9.2f}" for each in microseconds.values()]
            ratio = statistics.median(seconds["flowing"]) / statistics.median(seconds["by hand"])
            verdict = "met" if ratio <= shape.ratio_max else "MISSED"
            yield f"{shape_name:12} {size:8,} {' '.join(cells)} {ratio:7.2f} {shape.ratio_max:7.1f}  {verdict}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="TASKS")
    parser.add_argument("--rounds", type=int, default=5, help="how often each graph is run (default: 5)")
    options = parser.parse_args()

    print(f"microseconds a task, trivial bodies, {WORKERS} workers: median and best of {options.rounds}")
    print(f"{'':12} {'':8} " + " ".join(f"{name:^19}" for name in CONTESTANTS))
    heads = " ".join(f"{'median':>9} {'best':>9}" for _ in CONTESTANTS)
    print(f"{'shape':12} {'tasks':>8} {heads} {'ratio':>7} {'target':>7}")
    for row in rows(options.shapes, options.sizes, rounds=options.rounds):
        print(row, flush=True)
    print("ratio: flowing to by hand, of the medians")


if __name__ == "__main__":
    main()
