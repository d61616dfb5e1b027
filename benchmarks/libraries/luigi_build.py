"""luigi: `luigi.build` with the local scheduler and one worker in this process; "complete" is a look into a dict.

More workers are processes, which would have to write every value to a file for the others.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from shared.graphs import last_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph

    class Step(Protocol):
        """A task of luigi's with our parameter."""

        @property
        def number(self) -> int:
            """Which task of the graph it is."""
            ...


@contextmanager
def ready() -> Iterator[Prepare]:
    """Nothing has to be started."""
    luigi = import_module("luigi")

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        values: dict[int, int] = {}

        def requires(step: Step) -> list[object]:
            return [made(number=needed) for needed in graph[step.number]]

        def work(step: Step) -> None:
            values[step.number] = bodies[step.number](*[values[needed] for needed in graph[step.number]])

        made = type(
            "Step",
            (luigi.Task,),
            {
                "number": luigi.IntParameter(),
                "requires": requires,
                "complete": lambda step: step.number in values,
                "run": work,
            },
        )
        last = last_of(graph)
        steps = [made(number=number) for number in last]

        def run() -> list[int]:
            values.clear()
            assert luigi.build(steps, workers=1, local_scheduler=True, log_level="CRITICAL")
            return [values[number] for number in last]

        return run

    yield prepare
