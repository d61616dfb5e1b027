"""Measures how close uneven tasks come to the shortest run that is possible: max(critical path, work / workers).

Bodies sleep, so that the schedule is all that counts. Drawn graphs have 10 layers of 8 tasks that take 1 to 50 ms, each
needs two of the layer above, and there are 8 workers. In the last graph the critical path, 10 tasks of 40 ms, is
defined after 40 tasks of 40 ms that need nothing: who starts what is ready in order of definition comes to the path
late, and takes 1.5 times as long as who starts with the longest path. The loop written by hand, in turns with flowing,
starts in order of definition.

A machine wakes sleepers late, some tenths of a millisecond each time: "path alone" is the critical path slept through
in one thread with no scheduler at all, and shows how much of what is over the bound is the machine's.

Targets: flowing at most 2 % above the bound, in the median. The exit status does not depend on it.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.flows import with_flowing
from shared.measuring import Taken, arguments_of, take_turns, verdict
from shared.plain import by_hand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.graphs import Graph
    from shared.measuring import Prepare

LAYERS = 10
WIDTH = 8
WORKERS = 8
NEEDS = 2
SLEEP_S = (0.001, 0.050)
STEP_S = 0.040  # what a step on the critical path of a drawn graph takes on average
STEPS = 10
FILLERS = WORKERS * STEPS // 2
OVER_BOUND_MAX = 0.02


@dataclass(frozen=True)
class Plan:
    """Tasks in order of definition, in which dependencies come first."""

    graph: Graph
    sleeps_s: Sequence[float]

    def bound_s(self) -> float:
        """Give the time that no scheduler can beat."""
        return max(sum(self.critical_path_s()), sum(self.sleeps_s) / WORKERS)

    def critical_path_s(self) -> tuple[float, ...]:
        """Give the sleeps of the longest path."""
        paths: list[tuple[float, ...]] = []
        for needs, sleep_s in zip(self.graph, self.sleeps_s, strict=True):
            paths.append((*max((paths[needed] for needed in needs), key=sum, default=()), sleep_s))
        return max(paths, key=sum)

    def layer_by_layer_s(self) -> float:
        """Give the time that a runner takes which waits for the whole of each layer."""
        layers: list[int] = []
        for needs in self.graph:
            layers.append(1 + max((layers[needed] for needed in needs), default=0))
        slowest_s = dict.fromkeys(layers, 0.0)
        for layer, sleep_s in zip(layers, self.sleeps_s, strict=True):
            slowest_s[layer] = max(slowest_s[layer], sleep_s)
        return sum(slowest_s.values())


def drawn(seed: int) -> Plan:
    """Draw sleeps, and for each task two of the layer above."""
    draw = random.Random(seed)
    firsts = range(0, LAYERS * WIDTH, WIDTH)
    return Plan(
        [
            tuple(draw.sample(range(first - WIDTH, first), NEEDS)) if first else ()
            for first in firsts
            for _ in range(WIDTH)
        ],
        [draw.uniform(*SLEEP_S) for _ in range(LAYERS * WIDTH)],
    )


def path_last() -> Plan:
    """Make the graph whose critical path is defined last."""
    path = [(FILLERS + step - 1,) if step else () for step in range(STEPS)]
    return Plan([*[()] * FILLERS, *path], [STEP_S] * (FILLERS + STEPS))


def nap(sleep_s: float, **_values: object) -> None:
    """Sleep."""
    time.sleep(sleep_s)


def measure(plan: Plan, *, rounds: int) -> dict[str, Taken]:
    """Give the seconds of flowing, of the loop written by hand, and of the critical path alone."""
    bodies = [partial(nap, sleep_s) for sleep_s in plan.sleeps_s]
    path_s = plan.critical_path_s()

    def sleep_path() -> None:
        for sleep_s in path_s:
            time.sleep(sleep_s)

    contestants: dict[str, Prepare] = {
        "flowing": partial(with_flowing, plan.graph, bodies, workers=WORKERS),
        "by hand": partial(by_hand, plan.graph, bodies, workers=WORKERS),
        "path alone": lambda: sleep_path,
    }
    seconds = take_turns(contestants, rounds=rounds)
    return {name: Taken.of(taken_s) for name, taken_s in seconds.items()}


def row(name: str, plan: Plan, *, rounds: int) -> str:
    """Measure, and word one line of the table."""
    taken, bound_s = measure(plan, rounds=rounds), plan.bound_s()
    cells = [f"{1e3 * each.median:8.1f} {1e3 * each.best:8.1f}" for each in taken.values()]
    over = {name: each.median / bound_s - 1 for name, each in taken.items()}
    return (
        f"{name:12} {1e3 * bound_s:8.1f} {' '.join(cells)} {1e3 * plan.layer_by_layer_s():9.1f}"
        f" {' '.join(f'{each:10.1%}' for each in over.values())} {OVER_BOUND_MAX:7.0%}"
        f"  {verdict([over['flowing']], OVER_BOUND_MAX)}"
    )


def main() -> None:
    """Print one line for each graph."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="how often each graph is run")
    parser.add_argument("--seeds", type=int, default=5, help="how many graphs to draw (default: 5)")
    options = parser.parse_args()

    print(f"milliseconds, {WORKERS} workers: median and best of {options.rounds}; at the right, median over bound")
    names = ("flowing", "by hand", "path alone")
    print(f"{'':21} " + " ".join(f"{name:^17}" for name in names))
    heads = " ".join([f"{'median':>8} {'best':>8}"] * len(names))
    overs = " ".join(f"{name:>10}" for name in names)
    print(f"{'graph':12} {'bound':>8} {heads} {'layers':>9} {overs} {'target':>7}")
    for seed in range(options.seeds):
        print(row(f"drawn, {seed}", drawn(seed), rounds=options.rounds), flush=True)
    print(row("path last", path_last(), rounds=options.rounds))
    print("bound: max(critical path, work / workers); layers: computed, the sum of the slowest of each layer")


if __name__ == "__main__":
    main()
