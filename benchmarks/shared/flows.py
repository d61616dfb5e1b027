"""Flows of a graph: tasks declared in a loop, and compiled. Nothing here measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.graphs import name_of
from shared.plain import WORKERS

from flowing import Flow, Task, task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shared.graphs import Graph, Needs
    from shared.plain import Body

    from flowing import Results


def with_flowing(graph: Graph, bodies: Sequence[Body], *, workers: int = WORKERS) -> Callable[[], Results]:
    """Compile a flow; run it, and give the results."""
    flow = flow_of(graph, bodies, workers=workers)

    def run() -> Results:
        results = flow.run()
        assert results.ok
        return results

    return run


def flow_of(graph: Iterable[Needs], bodies: Iterable[Body], *, workers: int = WORKERS) -> Flow:
    """Declare the tasks and compile the flow, holding nothing more than a list of the tasks on the way."""
    tasks: list[Task[object]] = []
    needed = bytearray()
    for needs, body in zip(graph, bodies, strict=False):  # one body may be repeated without end
        for dependency in needs:
            needed[dependency] = True
        needed.append(False)
        tasks.append(task(body, name=name_of(len(tasks)), depends_on=[tasks[dependency] for dependency in needs]))
    last = [each for each, is_needed in zip(tasks, needed, strict=True) if not is_needed]
    return Flow(*last, max_workers=workers)
