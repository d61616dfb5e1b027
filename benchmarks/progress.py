"""Measures what it costs to show the progress of a run: graphs of 10^5 tasks that do next to nothing.

Runs without progress, with it on a pipe, and with it on a terminal take turns, each in a flow of its own; only `run()`
is measured, the final table included. What counts is processor time, of all threads: the tasks do nothing but compute,
and seconds on a clock vary more from run to run than the target allows. Target: at most 5 % more than without, in the
median of the rounds. The exit status does not depend on it.
"""

from __future__ import annotations

import gc
import io
import statistics
import time
from itertools import repeat
from typing import TYPE_CHECKING, Final

from shared.flows import flow_of
from shared.graphs import SHAPES
from shared.measuring import arguments_of, machine, verdict
from shared.plain import trivial
from typing_extensions import override

import flowing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.graphs import Graph
    from shared.measuring import Prepare

    from flowing import Results

RATIO_MAX: Final = 1.05
TASKS: Final = 100_000


class Screen(io.StringIO):
    """A terminal that nobody looks at, or a pipe."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    @override
    def isatty(self) -> bool:
        return self._terminal


def prepared(graph: Graph, screen: Screen | None) -> Prepare:
    """Give what makes a flow, which shows its progress on the screen, if there is one."""

    def prepare() -> Callable[[], Results]:
        flow = flow_of(graph, repeat(trivial))

        def run() -> Results:
            if screen is None:
                return flow.run()
            with flowing.progress(flow, file=screen):
                return flow.run()

        return run

    return prepare


def contestants_of(graph: Graph) -> Mapping[str, Prepare]:
    """Give the three ways to run a graph."""
    return {
        "without": prepared(graph, None),
        "pipe": prepared(graph, Screen(terminal=False)),
        "terminal": prepared(graph, Screen(terminal=True)),
    }


def processor_s(prepare: Prepare) -> float:
    """Give the processor time of one run."""
    run = prepare()
    gc.collect()
    begin_s = time.process_time()
    run()
    return time.process_time() - begin_s


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=15, rounds_help="runs of each line")
    options = parser.parse_args()
    ratios: list[float] = []
    print(machine())
    print(f"{'graph':14} {'shown on':10} {'CPU s':>8} {'ratio':>6}")
    for name, shape in SHAPES.items():
        contestants = contestants_of([*shape(TASKS)])
        taken: dict[str, list[float]] = {how: [] for how in contestants}
        for _ in range(options.rounds):
            for how, prepare in contestants.items():
                taken[how].append(processor_s(prepare))
        for how, seconds in taken.items():
            ratio = statistics.median(
                with_it / without for with_it, without in zip(seconds, taken["without"], strict=True)
            )
            ratios += [ratio] if how != "without" else []
            print(f"{name:14} {how:10} {statistics.median(seconds):8.3f} {ratio:6.3f}")
    print(f"target {RATIO_MAX}: {verdict(ratios, RATIO_MAX)}")


if __name__ == "__main__":
    main()
