"""langgraph: a `StateGraph` with a key for each value, each node given only the keys that it takes; 4 at a time.

Without a checkpointer; tracing off. Its limit on steps is set as high as the graph is deep.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, TypedDict

from libraries.seam import WORKERS
from shared.graphs import last_of, named
from shared.written import expected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph


@contextmanager
def ready() -> Iterator[Prepare]:
    """Turn tracing off."""
    os.environ["LANGSMITH_TRACING"] = "false"
    graphs = import_module("langgraph.graph")

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        needs_of = named(graph)
        builder = graphs.StateGraph(_keys(needs_of))
        for (name, needs), body in zip(needs_of.items(), bodies, strict=True):
            builder.add_node(f"make {name}", _node(name, needs, body), input_schema=_keys(needs))
            before = [f"make {needed}" for needed in needs]
            builder.add_edge(before if len(before) > 1 else before[0] if before else graphs.START, f"make {name}")
        compiled = builder.compile()
        names = list(needs_of)
        last = [names[number] for number in last_of(graph)]
        config = {"max_concurrency": WORKERS, "recursion_limit": max(expected(graph)) + 2}

        def run() -> list[int]:
            state = compiled.invoke({}, config, output_keys=last)
            return [state[name] for name in last]

        return run

    yield prepare


def _node(name: str, needs: Sequence[str], body: Body) -> Callable[[Mapping[str, int]], dict[str, int]]:
    return lambda state: {name: body(*[state[needed] for needed in needs])}


def _keys(names: Mapping[str, object] | Sequence[str]) -> type:
    made: type = TypedDict("Keys", dict.fromkeys(names, int))  # type: ignore[misc] # the names are known at run time
    return made
