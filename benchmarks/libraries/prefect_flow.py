"""prefect: a `flow` that submits tasks to a `ThreadPoolTaskRunner` of 4 workers; no caching, no stored results.

It talks to a server of its own, which it starts by itself, before anything is timed. Logging and analytics are off. A
graph is declared by submitting tasks, which start at once: declaring it is a part of every run.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from libraries.seam import WORKERS
from shared.graphs import last_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libraries.seam import Body, Future, Prepare, Run
    from shared.graphs import Graph

SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}


@contextmanager
def ready() -> Iterator[Prepare]:
    """Set what prefect reads when it is imported; its files stay in the current folder."""
    os.environ |= {**SETTINGS, "PREFECT_HOME": str(Path("prefect").absolute())}
    prefect, runners = import_module("prefect"), import_module("prefect.task_runners")
    no_cache = import_module("prefect.cache_policies").NO_CACHE

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        tasks = [prefect.task(body, cache_policy=no_cache, persist_result=False) for body in bodies]
        last = last_of(graph)

        def submit_all() -> list[int]:
            futures: list[Future] = []
            for task, needs in zip(tasks, graph, strict=True):
                futures.append(task.submit(*[futures[needed] for needed in needs]))
            return [futures[number].result() for number in last]

        runner = runners.ThreadPoolTaskRunner(max_workers=WORKERS)
        flow = prefect.flow(submit_all, task_runner=runner, persist_result=False, validate_parameters=False)
        return lambda: list(flow())

    yield prepare
