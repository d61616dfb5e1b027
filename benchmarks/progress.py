"""Measures what it costs to show the progress of a run: graphs of 10^5 tasks that do next to nothing.

A process runs one flow, in turns without progress and with it: on a pipe, on a terminal, or, for comparison, without
it again, which shows how far figures can be trusted. Only `run()` is measured, the final table included. What counts is
processor time, of all threads: the tasks do nothing but compute, and seconds on a clock vary more from run to run than
the target allows. What the thread that looks took of it is shown too: that part of the cost varies little.

Target: at most 5 % more than without, in the median of the processes, each of which gives the median of its turns. The
exit status does not depend on it.
"""

from __future__ import annotations

import gc
import io
import json
import statistics
import time
from contextlib import nullcontext
from itertools import repeat
from typing import TYPE_CHECKING, Final

from shared.flows import flow_of
from shared.graphs import SHAPES
from shared.measuring import arguments_of, in_child, verdict
from shared.plain import WORKERS, trivial
from typing_extensions import override

import flowing

if TYPE_CHECKING:
    from flowing import Flow

RATIO_MAX: Final = 1.05
TASKS: Final = 100_000
TURNS: Final = 5
WAYS: Final = ("nothing", "pipe", "terminal")


class Screen(io.StringIO):
    """A terminal that nobody looks at, or a pipe."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.thread_s = 0.0  # of the thread that wrote last; the final table comes last
        self._terminal = terminal

    @override
    def isatty(self) -> bool:
        return self._terminal

    @override
    def write(self, text: str, /) -> int:
        written = super().write(text)
        self.thread_s = time.thread_time()
        return written


def processor_s(flow: Flow, screen: Screen | None) -> float:
    """Give the processor time of a run that is shown there."""
    gc.collect()
    with nullcontext() if screen is None else flowing.progress(flow, file=screen):
        begin_s = time.process_time()
        results = flow.run()
        taken_s = time.process_time() - begin_s
    assert results.ok
    assert screen is None or "SUCCEEDED" in screen.getvalue()
    return taken_s


def child(shape: str, way: str, size: int) -> None:
    """Print medians of the runs that are shown in this way: seconds, the ratio to one without, the part of looking."""
    flow = flow_of(SHAPES[shape](size), repeat(trivial))
    figures: dict[str, list[float]] = {"shown_s": [], "ratio": [], "looking": []}
    for turn in range(TURNS):
        screen = None if way == "nothing" else Screen(terminal=way == "terminal")
        screens = (None, screen)[:: -1 if turn % 2 else 1]
        taken = [processor_s(flow, each) for each in screens]
        plain_s, shown_s = taken[:: -1 if turn % 2 else 1]
        figures["shown_s"].append(shown_s)
        figures["ratio"].append(shown_s / plain_s)
        figures["looking"].append(0.0 if screen is None else screen.thread_s / shown_s)
    print(json.dumps({name: statistics.median(each) for name, each in figures.items()}))


def measure(shape: str, size: int, *, rounds: int) -> dict[str, dict[str, float]]:
    """Give the medians for each way; their processes take turns."""
    taken: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, figures in taken.items():
            figures.append(in_child(__file__, "--shapes", shape, "--size", str(size), "--way", way))
    return {
        way: {name: statistics.median(each[name] for each in figures) for name in figures[0]}
        for way, figures in taken.items()
    }


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="processes for each line")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--size", type=int, default=TASKS, metavar="TASKS", help=f"of each graph ({TASKS:,})")
    parser.add_argument("--way", choices=WAYS, default=WAYS[0], help="what a child shows the runs on")
    options = parser.parse_args()
    if options.child:
        child(options.shapes[0], options.way, options.size)
        return

    print(f"{options.size:,} tasks, trivial bodies, {WORKERS} workers; processor time: medians of {options.rounds}")
    print(f"{'graph':14} {'shown on':10} {'seconds':>8} {'looking':>8} {'ratio':>7} {'target':>7}")
    for shape in options.shapes:
        for way, figures in measure(shape, options.size, rounds=options.rounds).items():
            line = f"{shape:14} {way:10} {figures['shown_s']:8.3f} {figures['looking']:8.1%} {figures['ratio']:7.3f}"
            if way != WAYS[0]:
                line += f" {RATIO_MAX:7.2f}  {verdict([figures['ratio']], RATIO_MAX)}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
