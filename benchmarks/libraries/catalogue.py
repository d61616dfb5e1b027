"""The libraries that are compared: where each is found, and in a few words how it is run. Imports none of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """One row of the tables. `adapter` is a module beside this one, whose docstring says more."""

    name: str
    adapter: str
    imported: str  # what a user imports
    distribution: str | None  # whose version is shown; None: the standard library's
    how: str


LIBRARIES = (
    Library("flowing", "flows", "flowing", "flowing-dag", "4 threads"),
    Library("by hand", "by_hand", "concurrent.futures, graphlib, queue", None, "4 threads; the loop of overhead.py"),
    Library("dask", "dask_threaded", "dask.threaded", "dask", "4 threads; `dask.threaded.get`"),
    Library("pipefunc", "pipefunc_map", "pipefunc", "pipefunc", "4 threads; `Pipeline.map`, eager"),
    Library("sf-hamilton", "hamilton_driver", "hamilton.driver", "sf-hamilton", "1 thread; `Driver.execute`"),
    Library(
        "sf-hamilton, threads",
        "hamilton_threads",
        "hamilton.driver, hamilton.plugins.h_threadpool",
        "sf-hamilton",
        "4 threads; `FutureAdapter`",
    ),
    Library("tawazi", "tawazi_dag", "tawazi", "tawazi", "4 threads; `max_concurrency=4`"),
    Library("luigi", "luigi_build", "luigi", "luigi", "1 thread; `luigi.build`, local scheduler"),
    Library("doit", "doit_run", "doit.doit_cmd", "doit", "4 threads; `run -n 4 -P thread`"),
    Library("parsl", "parsl_threads", "parsl", "parsl", "4 threads; `ThreadPoolExecutor`"),
    Library("langgraph", "langgraph_state", "langgraph.graph", "langgraph", "4 threads; `StateGraph`"),
    Library("pydantic-graph", "pydantic_steps", "pydantic_graph", "pydantic-graph", "1 event loop; `GraphBuilder`"),
    Library("prefect", "prefect_flow", "prefect", "prefect", "4 threads; `ThreadPoolTaskRunner`, a local server"),
)
