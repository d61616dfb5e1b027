"""Those who run a graph without flowing: the loop that people write by hand, and a plain loop. Nothing here measures.

Each is given a graph and the tasks' bodies, and gives back what is to be timed. All pass each body the values of its
dependencies by name, and keep every value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from queue import SimpleQueue
from typing import Final

from shared.graphs import Graph, named

WORKERS: Final = 4

Body = Callable[..., object]
Contestant = Callable[[Graph, Sequence[Body]], Callable[[], Sized]]


def trivial(**values: object) -> int:
    """Do next to nothing with the values of the dependencies."""
    return len(values)


def by_hand(graph: Graph, bodies: Sequence[Body], *, workers: int = WORKERS) -> Callable[[], dict[str, object]]:
    """Run a sorter with a thread pool, and a queue on which finished tasks come back; give the values.

    A sorter is used up by one run, so making it is a part of every run; a flow is compiled once. Measured and not
    faster than this: taking all that has finished at once, `add_done_callback`, `concurrent.futures.wait`, methods
    looked up before the loop.
    """
    needs = named(graph)
    body_of = dict(zip(needs, bodies, strict=True))

    def run() -> dict[str, object]:
        values: dict[str, object] = {}
        finished: SimpleQueue[tuple[str, BaseException | None]] = SimpleQueue()

        def work(name: str) -> None:
            try:
                values[name] = body_of[name](**{needed: values[needed] for needed in needs[name]})
            except BaseException as error:  # noqa: BLE001 - whatever it is, the loop below raises it
                finished.put((name, error))
            else:
                finished.put((name, None))

        sorter = TopologicalSorter(needs)
        sorter.prepare()
        with ThreadPoolExecutor(workers) as pool:
            while sorter.is_active():
                for name in sorter.get_ready():
                    pool.submit(work, name)
                name, error = finished.get()
                if error is not None:
                    raise error
                sorter.done(name)
        return values

    return run


def sorter_alone(graph: Graph, _bodies: Sequence[Body]) -> Callable[[], Sized]:
    """Make the sorter, and nothing more: the part of the loop written by hand that a flow does beforehand."""
    needs = named(graph)

    def run() -> Sized:
        sorter = TopologicalSorter(needs)
        sorter.prepare()
        return needs

    return run


def in_sequence(graph: Graph, bodies: Sequence[Body]) -> Callable[[], Sized]:
    """Run the tasks in order of definition, in a plain loop: the least that can be paid."""
    needs = named(graph)
    body_of = dict(zip(needs, bodies, strict=True))

    def run() -> Sized:
        values: dict[str, object] = {}
        for name, body in body_of.items():
            values[name] = body(**{needed: values[needed] for needed in needs[name]})
        return values

    return run
