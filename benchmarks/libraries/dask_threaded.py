"""dask: a graph as a dictionary of tuples, run by `dask.threaded.get(…, num_workers=4)`.

Measured, and not faster: the same with records of `dask._task_spec`, and `dask.delayed`.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from libraries.seam import WORKERS
from shared.graphs import last_of, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph


@contextmanager
def ready() -> Iterator[Prepare]:
    """Nothing has to be started."""
    threaded = import_module("dask.threaded")

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        needs = named(graph)
        tuples = {name: (body, *needs[name]) for name, body in zip(needs, bodies, strict=True)}
        names = list(needs)
        last = [names[number] for number in last_of(graph)]
        return lambda: list(threaded.get(tuples, last, num_workers=WORKERS))

    yield prepare
