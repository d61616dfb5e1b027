"""pydantic-graph: a `GraphBuilder` of steps, a join before each step that takes several values; one event loop."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from shared.graphs import last_of, name_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph, Needs


class Context(Protocol):
    """What a step is given. The library reads the annotations of steps, so it is there at run time."""

    @property
    def inputs(self) -> list[tuple[int, int]] | tuple[int, int]:
        """A number and a value, or a list of them."""
        ...


@contextmanager
def ready() -> Iterator[Prepare]:
    """Nothing has to be started."""
    library = import_module("pydantic_graph")

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        builder = library.GraphBuilder(output_type=list, auto_instrument=False)
        steps = [
            builder.step(_step(number, needs, bodies[number]), node_id=name_of(number))
            for number, needs in enumerate(graph)
        ]

        def join_before(target: object, name: str) -> object:
            join = builder.join(library.reduce_list_append, initial_factory=list, node_id=name)
            builder.add(builder.edge_from(join).to(target))
            return join

        waiting: list[list[object]] = [[] for _ in graph]
        for step, needs in zip(steps, graph, strict=True):
            target = join_before(step, f"before {step.id}") if len(needs) > 1 else step
            for needed in needs:
                waiting[needed].append(target)
        last = last_of(graph)
        end = join_before(builder.end_node, "last") if len(last) > 1 else builder.end_node
        for number in last:
            waiting[number].append(end)
        first = [step for step, needs in zip(steps, graph, strict=True) if not needs]
        builder.add(builder.edge_from(builder.start_node).to(*first))
        for step, targets in zip(steps, waiting, strict=True):
            builder.add(builder.edge_from(step).to(*targets))
        built = builder.build()

        def run() -> list[int]:
            values = _values(built.run_sync())
            return [values[number] for number in last]

        return run

    yield prepare


def _step(number: int, needs: Needs, body: Body) -> Callable[[Context], Awaitable[tuple[int, int]]]:
    async def step(context: Context) -> tuple[int, int]:
        values = _values(context.inputs) if needs else {}
        return number, body(*[values[needed] for needed in needs])

    return step


def _values(inputs: list[tuple[int, int]] | tuple[int, int]) -> dict[int, int]:
    """Read what comes from one step, or from a join of several."""
    pairs: list[tuple[int, int]] = inputs if isinstance(inputs, list) else [inputs]
    return dict(pairs)
