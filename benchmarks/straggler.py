"""Measures how close uneven tasks come to the shortest run that is possible: max(critical path, work / workers)."""

from __future__ import annotations

import argparse
import functools
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowing import Flow, Task, task

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYERS = 10
WIDTH = 8
WORKERS = 8
DEPENDENCIES = 2
SLEEP_S = (0.001, 0.050)
OVER_BOUND_MAX = 0.05


@dataclass(frozen=True)
class Plan:
    """Tasks in an order in which dependencies come first, layer by layer."""

    sleep_s: Mapping[str, float]
    dependencies: Mapping[str, tuple[str, ...]]

    def bound_s(self) -> float:
        """Give the time that no scheduler can beat."""
        end_s: dict[str, float] = {}
        for name, sleep_s in self.sleep_s.items():
            end_s[name] = sleep_s + max((end_s[dependency] for dependency in self.dependencies[name]), default=0.0)
        return max(*end_s.values(), sum(self.sleep_s.values()) / WORKERS)

    def barriers_s(self) -> float:
        """Give the time that a runner takes which waits for the whole of each layer."""
        sleeps = list(self.sleep_s.values())
        return sum(max(sleeps[first : first + WIDTH]) for first in range(0, len(sleeps), WIDTH))


def plan(seed: int) -> Plan:
    """Draw sleeps, and for each task two of the layer above."""
    draw = random.Random(seed)
    names = [[f"t{layer}_{place}" for place in range(WIDTH)] for layer in range(LAYERS)]
    return Plan(
        sleep_s={name: draw.uniform(*SLEEP_S) for layer in names for name in layer},
        dependencies={
            name: tuple(draw.sample(names[number - 1], DEPENDENCIES)) if number else ()
            for number, layer in enumerate(names)
            for name in layer
        },
    )


def nap(sleep_s: float, **_values: object) -> None:
    """Sleep."""
    time.sleep(sleep_s)


def makespan_s(drawn: Plan) -> float:
    """Run the plan and give how long it took."""
    tasks: dict[str, Task[None]] = {}
    for name, sleep_s in drawn.sleep_s.items():
        depends_on = [tasks[dependency] for dependency in drawn.dependencies[name]]
        tasks[name] = task(functools.partial(nap, sleep_s), name=name, depends_on=depends_on)
    flow = Flow(*tasks.values(), max_workers=WORKERS)
    begin_s = time.perf_counter()
    results = flow.run()
    took_s = time.perf_counter() - begin_s
    assert results.ok
    return took_s


def main() -> None:
    """Print one line for each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many graphs to draw (default: 5)")
    options = parser.parse_args()

    print(f"{LAYERS} layers x {WIDTH} tasks of 1-50 ms, {WORKERS} workers; milliseconds")
    print(f"{'seed':>4} {'bound':>8} {'flowing':>8} {'barriers':>9} {'over bound':>11} {'target':>7}")
    for seed in range(options.seeds):
        drawn = plan(seed)
        bound_s, took_s = drawn.bound_s(), makespan_s(drawn)
        over = took_s / bound_s - 1
        verdict = "met" if over <= OVER_BOUND_MAX else "MISSED"
        print(
            f"{seed:4} {1e3 * bound_s:8.1f} {1e3 * took_s:8.1f} {1e3 * drawn.barriers_s():9.1f}"
            f" {over:11.1%} {OVER_BOUND_MAX:7.0%}  {verdict}",
            flush=True,
        )
    print("bound: max(critical path, work / workers); barriers: what waiting for each whole layer would take")


if __name__ == "__main__":
    main()
