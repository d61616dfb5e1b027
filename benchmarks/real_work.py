"""Measures what is left of the processors when tasks do real work: flowing and the loop written by hand, to the ideal.

Three kinds of body: 1 ms of pure Python, which holds the interpreter's lock; a sleep of 1 ms; and `zlib.compress` of
1 MB at level 1, which lets go of that lock. The ideal is what the bodies take in sequence, in a plain loop measured in
turns with the others, divided by how many can be at work at once: one of pure Python, as many sleepers as there are
workers, as many compressors as there are processors (or workers, if they are fewer). Graphs are "independent" and
"layered" (each task needs three of the layer of 100 above).

No target: the table shows what each is above the ideal, in percent and in microseconds a task. A figure below zero
says that the machine had a slow spell in the sequence's turn.
"""

from __future__ import annotations

import random
import time
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shared.flows import with_flowing
from shared.graphs import SHAPES
from shared.measuring import Taken, arguments_of, processors, take_turns
from shared.plain import WORKERS, Body, Contestant, by_hand, in_sequence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.graphs import Graph

WORK_S = 0.001
STEPS_TRIED = 100_000
DATA_BYTES = 1 << 20
CONTESTANTS: Mapping[str, Contestant] = {"flowing": with_flowing, "by hand": by_hand, "sequence": in_sequence}


def count(steps: int, **_values: object) -> int:
    """Add up numbers in pure Python."""
    total = 0
    for number in range(steps):
        total += number
    return total


def count_for_a_millisecond() -> Body:
    """Find how many steps take a millisecond here, at the fastest of ten tries."""
    tries_s: list[float] = []
    for _ in range(10):
        begin_s = time.perf_counter()
        count(STEPS_TRIED)
        tries_s.append(time.perf_counter() - begin_s)
    return partial(count, round(STEPS_TRIED * WORK_S / min(tries_s)))


def nap(**_values: object) -> None:
    """Sleep."""
    time.sleep(WORK_S)


def text() -> bytes:
    """Draw a megabyte of words, which a compressor makes about half as long."""
    draw = random.Random(0)
    words = [draw.randbytes(draw.randint(2, 9)).hex().encode() for _ in range(5_000)]
    return b" ".join(draw.choices(words, k=DATA_BYTES // 5))[:DATA_BYTES]


def compress(data: bytes, **_values: object) -> int:
    """Compress what `text` gave."""
    return len(zlib.compress(data, level=1))


@dataclass(frozen=True)
class Work:
    """A kind of body, how many of it can be at work at once, and how many tasks to run."""

    body: Body
    at_once: int
    tasks: int


def kinds(tasks: int) -> Mapping[str, Work]:
    """Make the three kinds; compressors take longer, so there are fewer of them."""
    return {
        "pure Python": Work(count_for_a_millisecond(), 1, tasks),
        "sleep": Work(nap, WORKERS, tasks),
        "compress": Work(partial(compress, text()), min(WORKERS, processors()), max(1, tasks // 4)),
    }


def measure(graph: Graph, work: Work, *, rounds: int) -> dict[str, Taken]:
    """Give each contestant's microseconds a task."""
    bodies = [work.body] * len(graph)
    contestants = {name: partial(contestant, graph, bodies) for name, contestant in CONTESTANTS.items()}
    seconds = take_turns(contestants, rounds=rounds)
    return {name: Taken.of([1e6 * each / len(graph) for each in taken_s]) for name, taken_s in seconds.items()}


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="how often each graph is run")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["independent", "layered"], metavar="SHAPE")
    parser.add_argument("--tasks", type=int, default=400, help="of each graph; a fourth of compressors (default: 400)")
    options = parser.parse_args()

    print(f"microseconds a task, {WORKERS} workers, {processors()} processors: median and best of {options.rounds}")
    heads = " ".join(f"{name:^17}" for name in [*CONTESTANTS, "ideal"])
    print(f"{'':23} {heads} {'median above the ideal':^35}")
    heads = " ".join([f"{'median':>8} {'best':>8}"] * (len(CONTESTANTS) + 1))
    print(f"{'body':11} {'graph':11} {heads} {'flowing':>17} {'by hand':>17}")
    for name, work in kinds(options.tasks).items():
        for shape in options.shapes:
            taken = measure(list(SHAPES[shape](work.tasks)), work, rounds=options.rounds)
            sequence = taken["sequence"]
            ideal = Taken(sequence.median / work.at_once, sequence.best / work.at_once)
            cells = [f"{each.median:8.0f} {each.best:8.0f}" for each in [*taken.values(), ideal]]
            over = [taken[each].median - ideal.median for each in ("flowing", "by hand")]
            overs = [f"{each:8.0f} {each / ideal.median:8.1%}" for each in over]
            print(f"{name:11} {shape:11} {' '.join([*cells, *overs])}", flush=True)


if __name__ == "__main__":
    main()
