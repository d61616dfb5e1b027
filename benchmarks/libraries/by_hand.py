"""The loop that people write by hand: `graphlib`, a `ThreadPoolExecutor` of 4 workers, and a queue."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared import plain
from shared.graphs import last_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph


@contextmanager
def ready() -> Iterator[Prepare]:
    """Nothing has to be started."""
    yield prepare


def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
    """Name the tasks; the sorter is made by each run."""
    run_loop = plain.by_hand(graph, bodies)
    last = [name_of(number) for number in last_of(graph)]

    def run() -> list[int]:
        values = run_loop()
        return [value for name in last if isinstance(value := values[name], int)]

    return run
