"""doit: `doit run -n 4 -P thread` from within, nothing printed; values in a dict, order by `task_dep`.

doit keeps in a file what ran; of its file formats the JSON one, which is written once at the end.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from libraries.seam import WORKERS
from shared.graphs import last_of, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libraries.seam import Body, Prepare, Run
    from shared.graphs import Graph

CONFIG = {
    "verbosity": 0,
    "reporter": "zero",
    "backend": "json",
    "dep_file": "doit.json",
    "num_process": WORKERS,
    "par_type": "thread",
}


@contextmanager
def ready() -> Iterator[Prepare]:
    """Nothing has to be started."""
    base, main, tasks = (import_module(f"doit.{name}") for name in ("cmd_base", "doit_cmd", "task"))

    def prepare(graph: Graph, bodies: Sequence[Body]) -> Run:
        values: dict[int, int] = {}

        def work(number: int) -> None:
            values[number] = bodies[number](*[values[needed] for needed in graph[number]])

        declared = [
            {"name": name, "actions": [partial(work, number)], "task_dep": list(needs)}
            for number, (name, needs) in enumerate(named(graph).items())
        ]
        methods = {
            "setup": lambda *_: None,
            "load_doit_config": lambda _: CONFIG,
            "load_tasks": lambda *_, **__: [tasks.dict_to_task(dict(each)) for each in declared],
        }
        loader = type("Loader", (base.TaskLoader2,), methods)
        last = last_of(graph)

        def run() -> list[int]:
            values.clear()
            Path("doit.json").unlink(missing_ok=True)
            assert main.DoitMain(loader()).run(["run"]) == 0
            return [values[number] for number in last]

        return run

    yield prepare
