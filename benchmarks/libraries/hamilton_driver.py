"""sf-hamilton: a driver of a module of the functions, with its default executor (one thread), results in a dict."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING

from shared.graphs import last_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph


@contextmanager
def ready(*, threads: int = 0) -> Iterator[Prepare]:
    """Turn telemetry off, and make the adapter that gives results, with threads if there are to be any."""
    os.environ["HAMILTON_TELEMETRY_ENABLED"] = "false"
    driver, modules = import_module("hamilton.driver"), import_module("hamilton.ad_hoc_utils")
    adapter = import_module("hamilton.base").DictResult()
    if threads:
        pool = import_module("hamilton.plugins.h_threadpool")
        adapter = pool.FutureAdapter(max_workers=threads, result_builder=adapter)
    numbers = count()

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        module = modules.create_temporary_module(*bodies, module_name=f"written_{next(numbers)}")
        built = driver.Builder().with_modules(module).with_adapters(adapter).build()
        last = [name_of(number) for number in last_of(graph)]

        def run() -> list[int]:
            results = built.execute(last)
            return [results[name] for name in last]

        return run

    yield prepare
