"""Measures what it takes to declare tasks and to compile a flow, against `inspect.signature` of the same functions.

Every task has a function of its own, with code of its own, as in a module that somebody wrote: annotated parameters
named as the dependencies whose values they take. Annotations are evaluated, as they are without `from __future__ import
annotations`. "chain" needs one value, "pairs" the two
before it, "wide" the value of one first task, "layered" three of the layer above. Signatures are dropped at once, tasks
are kept, as a user keeps them. Reading a signature, declaring tasks and compiling take turns.

Target: `task()` and `Flow()` together at most 2.5 times `inspect.signature`, in the median and in the best. The exit
status does not depend on it.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING

from shared.graphs import chain, last_of, layered
from shared.measuring import Taken, arguments_of, take_turns, verdict
from shared.written import written

from flowing import Flow, Task, task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shared.graphs import Graph, Needs
    from shared.measuring import Prepare

SIZE = 100_000
RATIO_MAX = 2.5


def pairs(size: int) -> Iterator[Needs]:
    """Each task needs the two before it."""
    for number in range(size):
        yield tuple(range(max(0, number - 2), number))


def wide(size: int) -> Iterator[Needs]:
    """All tasks but the first need the first."""
    for number in range(size):
        yield (0,) if number else ()


SHAPES: Mapping[str, Callable[[int], Iterator[Needs]]] = {
    "chain": chain,
    "pairs": pairs,
    "wide": wide,
    "layered": layered,
}


def read_signatures(bodies: Sequence[Callable[..., int]]) -> int:
    """Read each function's signature."""
    return sum(inspect.signature(body).return_annotation is int for body in bodies)


def declare(graph: Graph, bodies: Sequence[Callable[..., int]]) -> list[Task[int]]:
    """Make a task of each function."""
    tasks: list[Task[int]] = []
    for needs, body in zip(graph, bodies, strict=True):
        tasks.append(task(body, depends_on=[tasks[needed] for needed in needs]))
    return tasks


def prepare_compile(graph: Graph, bodies: Sequence[Callable[..., int]]) -> Callable[[], Flow]:
    """Declare the tasks; what is timed makes a flow of the last ones."""
    tasks = declare(graph, bodies)
    last = [tasks[number] for number in last_of(graph)]

    def compile_flow() -> Flow:
        flow = Flow(*last)
        assert len(flow.tasks) == len(tasks)
        return flow

    return compile_flow


def measure(graph: Graph, *, rounds: int) -> dict[str, Taken]:
    """Give the microseconds a task of each part."""
    bodies = written(graph)
    assert read_signatures(bodies) == len(graph)
    parts: dict[str, Prepare] = {
        "signature": lambda: partial(read_signatures, bodies),
        "task()": lambda: partial(declare, graph, bodies),
        "Flow()": lambda: prepare_compile(graph, bodies),
    }
    seconds = take_turns(parts, rounds=rounds)
    return {name: Taken.of([1e6 * each / len(graph) for each in taken_s]) for name, taken_s in seconds.items()}


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="how often each graph is built")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--size", type=int, default=SIZE, metavar="TASKS", help=f"of each graph (default: {SIZE:,})")
    options = parser.parse_args()

    print(f"{options.size:,} tasks; microseconds a task: median and best of {options.rounds}")
    print(f"{'':10} {'signature':^17} {'task()':^17} {'Flow()':^17} {'both / signature':^17}")
    print(f"{'graph':10} " + " ".join([f"{'median':>8} {'best':>8}"] * 4) + f" {'target':>7}")
    for shape in options.shapes:
        taken = measure(list(SHAPES[shape](options.size)), rounds=options.rounds)
        signature, declared, compiled = taken.values()
        ratios = (
            (declared.median + compiled.median) / signature.median,
            (declared.best + compiled.best) / signature.best,
        )
        cells = [f"{each.median:8.2f} {each.best:8.2f}" for each in taken.values()]
        print(
            f"{shape:10} {' '.join(cells)} {ratios[0]:8.2f} {ratios[1]:8.2f} {RATIO_MAX:7.1f}"
            f"  {verdict(ratios, RATIO_MAX)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
