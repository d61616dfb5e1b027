"""parsl: `python_app`s and their futures, a `ThreadPoolExecutor` of 4 threads; logging, scaling, usage tracking off.

A graph is declared by calling the apps, which start at once: declaring it is a part of every run.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from libraries.seam import WORKERS
from shared.graphs import last_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libraries.seam import Body, Future, Prepare, Run
    from shared.graphs import Graph


@contextmanager
def ready() -> Iterator[Prepare]:
    """Load the configuration, which starts the threads."""
    parsl, executors = import_module("parsl"), import_module("parsl.executors")
    config = import_module("parsl.config").Config(
        executors=[executors.ThreadPoolExecutor(max_threads=WORKERS)],
        run_dir="parsl",
        initialize_logging=False,
        strategy="none",
        usage_tracking=0,
    )

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        apps = [parsl.python_app(body, cache=False) for body in bodies]
        last = last_of(graph)

        def run() -> list[int]:
            futures: list[Future] = []
            for app, needs in zip(apps, graph, strict=True):
                futures.append(app(*[futures[needed] for needed in needs]))
            return [futures[number].result() for number in last]

        return run

    with parsl.load(config):
        yield prepare
