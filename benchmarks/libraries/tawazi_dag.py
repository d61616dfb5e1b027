"""tawazi: a `dag` of `xn` functions with `max_concurrency=4`; nodes run in threads, which is its default."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from libraries.seam import WORKERS
from shared.graphs import last_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph


@contextmanager
def ready() -> Iterator[Prepare]:
    """Nothing has to be started."""
    tawazi = import_module("tawazi")

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        steps = [tawazi.xn(body) for body in bodies]
        last = last_of(graph)

        def declare() -> list[object]:
            made: list[object] = []
            for step, needs in zip(steps, graph, strict=True):
                made.append(step(*[made[needed] for needed in needs]))
            return [made[number] for number in last]

        declared = tawazi.dag(declare, max_concurrency=WORKERS)
        return lambda: list(declared())

    yield prepare
