"""Measures what one trivial task costs: with flowing, with the loop that people write by hand, and in sequence.

All three run the same bodies on the same graphs, pass each task the values of its dependencies by name, and keep every
value. Graphs are declared, and flows compiled, outside the timing (build.py measures that). A `graphlib` sorter is used
up by one run, so the loop written by hand makes it within the timing; the column "of it, sorter" is what that takes.

Targets, flowing to by hand, of the medians and of the bests: chain 0.35, fan 0.7, independent 0.7, layered 1.0 (0.8
would be better still). The exit status does not depend on them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.flows import with_flowing
from shared.graphs import SHAPES
from shared.measuring import Taken, arguments_of, take_turns, verdict
from shared.plain import WORKERS, Contestant, by_hand, in_sequence, sorter_alone, trivial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sized

    from shared.graphs import Graph

SIZES = (1_000, 10_000, 100_000)
RATIO_MAX = {"chain": 0.35, "fan": 0.7, "independent": 0.7, "layered": 1.0}
CONTESTANTS: Mapping[str, Contestant] = {
    "flowing": with_flowing,
    "by hand": by_hand,
    "of it, sorter": sorter_alone,
    "sequence": in_sequence,
}


def checked(contestant: Contestant, graph: Graph) -> Callable[[], Sized]:
    """Prepare a run that fails unless there is a value for every task."""
    run = contestant(graph, [trivial] * len(graph))

    def run_and_count() -> Sized:
        values = run()
        assert len(values) == len(graph)
        return values

    return run_and_count


def measure(graph: Graph, *, rounds: int) -> dict[str, Taken]:
    """Give each contestant's microseconds a task."""
    contestants = {name: partial(checked, contestant, graph) for name, contestant in CONTESTANTS.items()}
    seconds = take_turns(contestants, rounds=rounds)
    return {name: Taken.of([1e6 * each / len(graph) for each in taken]) for name, taken in seconds.items()}


def rows(shapes: list[str], sizes: list[int], *, rounds: int) -> Iterator[str]:
    """Measure, and word one line of the table for each graph."""
    for shape in shapes:
        for size in sizes:
            taken = measure(list(SHAPES[shape](size)), rounds=rounds)
            cells = [f"{each.median:8.2f} {each.best:8.2f}" for each in taken.values()]
            flowing, hand = taken["flowing"], taken["by hand"]
            ratios = (flowing.median / hand.median, flowing.best / hand.best)
            said = verdict(ratios, RATIO_MAX[shape])
            yield (
                f"{shape:12} {size:8,} {' '.join(cells)} {ratios[0]:8.2f} {ratios[1]:8.2f}"
                f" {RATIO_MAX[shape]:7.2f}  {said}"
            )


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="how often each graph is run")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="TASKS")
    options = parser.parse_args()

    print(f"microseconds a task, trivial bodies, {WORKERS} workers: median and best of {options.rounds}")
    print(f"{'':21} " + " ".join(f"{name:^17}" for name in [*CONTESTANTS, "flowing / by hand"]))
    heads = " ".join([f"{'median':>8} {'best':>8}"] * (len(CONTESTANTS) + 1))
    print(f"{'shape':12} {'tasks':>8} {heads} {'target':>7}")
    for row in rows(options.shapes, options.sizes, rounds=options.rounds):
        print(row, flush=True)


if __name__ == "__main__":
    main()
