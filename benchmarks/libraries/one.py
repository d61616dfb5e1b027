"""Measures one library on one graph, in this process: `python -m libraries.one ADAPTER SHAPE TASKS`; prints JSON.

A graph of ten tasks is run before, so that nothing is paid for being the first. Says what went wrong in "failed", and
counts a wrong value as a failure.
"""

from __future__ import annotations

import contextlib
import gc
import json
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING

from shared.graphs import SHAPES
from shared.measuring import peak_mib
from shared.written import expected, written

if TYPE_CHECKING:
    from libraries.seam import Prepare, Ready
    from shared.graphs import Graph

WARM_UP = 10


def measure(prepare: Prepare, graph: Graph) -> dict[str, float]:
    """Give the seconds to declare the graph, and those to run it once."""
    bodies = written(graph)
    values = expected(graph)
    gc.collect()
    begin_s = time.perf_counter()
    run = prepare(graph, bodies)
    declared_s = time.perf_counter()
    gc.collect()
    run_begin_s = time.perf_counter()
    made = run()
    run_s = time.perf_counter() - run_begin_s
    if list(made) != values:
        message = f"{len(made)} values, not the right ones"
        raise ValueError(message)
    return {"declare_s": declared_s - begin_s, "run_s": run_s, "peak_mib": peak_mib()}


def main() -> None:
    """Measure, and print what came of it. Whatever libraries print goes to stderr."""
    adapter, shape, size = sys.argv[1:]
    ready: Ready = import_module(f"libraries.{adapter}").ready
    said: dict[str, float] | dict[str, str]
    with contextlib.redirect_stdout(sys.stderr):
        try:
            with ready() as prepare:
                measure(prepare, list(SHAPES[shape](WARM_UP)))
                said = measure(prepare, list(SHAPES[shape](int(size))))
        except Exception as error:  # noqa: BLE001 - whatever a library raises is its result
            said = {"failed": type(error).__name__}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
