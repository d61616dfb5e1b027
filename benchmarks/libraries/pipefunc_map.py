"""pipefunc: `Pipeline.map` in a `ThreadPoolExecutor` of 4 workers, eager, results in memory; types not compared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from libraries.seam import WORKERS
from shared.graphs import last_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph


@contextmanager
def ready() -> Iterator[Prepare]:
    """Start the threads."""
    pipefunc = import_module("pipefunc")

    with ThreadPoolExecutor(WORKERS) as pool:

        def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
            functions = [pipefunc.PipeFunc(body, output_name=name_of(number)) for number, body in enumerate(bodies)]
            pipeline = pipefunc.Pipeline(functions, validate_type_annotations=False)
            last = [name_of(number) for number in last_of(graph)]

            def run() -> list[int]:
                results = pipeline.map({}, executor=pool, storage="dict", scheduling_strategy="eager")
                return [results[name].output for name in last]

            return run

        yield prepare
