"""The graphs that are run: for each task, the numbers of the tasks that it needs. Nothing here runs them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

Needs = tuple[int, ...]  # the numbers of a task's dependencies, all lower than its own
Graph = Sequence[Needs]

LAYER_WIDTH: Final = 100
LAYER_NEEDS: Final = 3


def chain(size: int) -> Iterator[Needs]:
    """Each task needs the one before it."""
    for number in range(size):
        yield (number - 1,) if number else ()


def fan(size: int) -> Iterator[Needs]:
    """One task, then all the others, then one that needs all of these."""
    yield ()
    for _ in range(size - 2):
        yield (0,)
    yield tuple(range(1, size - 1))


def independent(size: int) -> Iterator[Needs]:
    """No task needs another."""
    for _ in range(size):
        yield ()


def layered(size: int) -> Iterator[Needs]:
    """Layers of 100 tasks; each task needs 3 random ones of the layer above."""
    choice = random.Random(size)
    for number in range(size):
        first = number - number % LAYER_WIDTH
        yield tuple(choice.sample(range(first - LAYER_WIDTH, first), LAYER_NEEDS)) if first else ()


SHAPES: Final[Mapping[str, Callable[[int], Iterator[Needs]]]] = {
    "chain": chain,
    "fan": fan,
    "independent": independent,
    "layered": layered,
}


def name_of(number: int) -> str:
    """Give the name by which a task's value reaches those that need it."""
    return f"t{number}"


def named(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Give each task's dependencies by name, in order of definition."""
    names = [name_of(number) for number in range(len(graph))]
    return {name: tuple([names[needed] for needed in needs]) for name, needs in zip(names, graph, strict=True)}


def last_of(graph: Iterable[Needs]) -> list[int]:
    """Give the numbers of the tasks that no other needs."""
    unneeded: dict[int, None] = {}
    for number, needs in enumerate(graph):
        for needed in needs:
            unneeded.pop(needed, None)
        unneeded[number] = None
    return list(unneeded)
