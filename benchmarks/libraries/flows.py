"""flowing: tasks by `task(…, depends_on=…)`, run by `Flow(…, max_workers=4).run()`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.flows import with_flowing
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
    """Declare and compile a flow."""
    run_flow = with_flowing(graph, bodies)
    last = [name_of(number) for number in last_of(graph)]

    def run() -> list[int]:
        results = run_flow()
        return [_whole(results[name].value) for name in last]

    return run


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
