"""Measures a million tasks: how long they take to build and to run, and how much memory the process needs for both.

Every figure comes from a process of its own, so that peaks of memory are apart; small and large graphs take turns. A
process runs 1,000 tasks first, so that nothing is paid for being the first, and small graphs are run ten times. Tasks
share one trivial body; 4 workers. The peak is that of the whole process, with the interpreter.

Targets: peak below 1.2 GiB; a task of the large graph takes at most 1.5 times as long to run as one of the small graph.
The exit status does not depend on them.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from itertools import repeat

from shared.flows import flow_of
from shared.graphs import SHAPES
from shared.measuring import arguments_of, in_child, peak_mib, verdict
from shared.plain import WORKERS, trivial

LARGE = 1_000_000
SMALL = 10_000
SMALL_RUNS = 10
WARM_UP = 1_000
PEAK_MIB_MAX = 1.2 * 1024
RATIO_MAX = 1.5


def build_and_run(shape: str, size: int) -> dict[str, float]:
    """Give seconds to build and to run, and the peak of memory after each."""
    gc.collect()
    begin_s = time.perf_counter()
    flow = flow_of(SHAPES[shape](size), repeat(trivial))
    built_s = time.perf_counter()
    built_mib = peak_mib()
    run_begin_s = time.perf_counter()
    results = flow.run()
    run_s = time.perf_counter() - run_begin_s
    assert results.ok
    assert len(results) == size
    return {"build_s": built_s - begin_s, "run_s": run_s, "built_mib": built_mib, "peak_mib": peak_mib()}


def child(shape: str, size: int) -> None:
    """Print the medians of what this process measures."""
    build_and_run(shape, WARM_UP)
    taken = [build_and_run(shape, size) for _ in range(1 if size > SMALL else SMALL_RUNS)]
    print(json.dumps({figure: statistics.median(each[figure] for each in taken) for figure in taken[0]}))


def measure(shape: str, sizes: tuple[int, int], *, rounds: int) -> list[dict[str, float]]:
    """Give the medians for each size; of memory the worst."""
    taken: list[list[dict[str, float]]] = [[] for _ in sizes]
    for _ in range(rounds):
        for size, figures in zip(sizes, taken, strict=True):
            figures.append(in_child(__file__, "--shapes", shape, "--size", str(size)))
    return [
        {
            figure: (max if figure.endswith("_mib") else statistics.median)([each[figure] for each in figures])
            for figure in figures[0]
        }
        for figures in taken
    ]


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="processes for each graph")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["chain", "layered"], metavar="SHAPE")
    parser.add_argument("--size", type=int, default=LARGE, metavar="TASKS", help=f"of the large graph ({LARGE:,})")
    options = parser.parse_args()
    if options.child:
        child(options.shapes[0], options.size)
        return

    print(
        f"trivial bodies, {WORKERS} workers; microseconds a task: medians of {options.rounds}; MiB: the worst of them"
    )
    heads = f"{'build':>8} {'run':>8} {'MiB built':>10} {'MiB peak':>10} {'target':>8}"
    print(f"{'shape':12} {'tasks':>10} {heads}")
    for shape in options.shapes:
        sizes = (SMALL, options.size)
        run_us: list[float] = []
        for size, figures in zip(sizes, measure(shape, sizes, rounds=options.rounds), strict=True):
            run_us.append(1e6 * figures["run_s"] / size)
            print(
                f"{shape:12} {size:10,} {1e6 * figures['build_s'] / size:8.2f} {run_us[-1]:8.2f}"
                f" {figures['built_mib']:10.0f} {figures['peak_mib']:10.0f} {PEAK_MIB_MAX:8.0f}"
                f"  {verdict([figures['peak_mib']], PEAK_MIB_MAX)}",
                flush=True,
            )
        ratio = run_us[1] / run_us[0]
        print(f"{shape:12} run, large to small: {ratio:.2f}, target {RATIO_MAX}: {verdict([ratio], RATIO_MAX)}")


if __name__ == "__main__":
    main()
