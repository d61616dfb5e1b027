"""Every graph of so many tasks, detached ones among them, each once. No tests."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from flowing.core import Limits, Node, Policy, compile_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowing.core import Graph


def all_graphs(size: int, *, retries: int = 0) -> list[Graph]:
    """Give every graph of `size` tasks, with one worker and with two, with fail_fast and without.

    Two graphs count as one if their compiled forms are equal: then the core can't tell them apart.
    """
    policy = Policy(retries=retries)
    found: dict[tuple[object, ...], Graph] = {}
    for dependencies in _wirings(size):
        for detached in _markings(dependencies):
            nodes = [
                Node(str(task), tuple(map(str, needed)), policy=policy, detached=is_detached)
                for task, (needed, is_detached) in enumerate(zip(dependencies, detached, strict=True))
            ]
            for workers, fail_fast in itertools.product((1, 2), (False, True)):
                graph = compile_graph(nodes, Limits(workers=workers, abandoned=1, fail_fast=fail_fast))
                wiring = tuple(tuple(sorted(needed)) for needed in graph.dependencies)
                found.setdefault((wiring, graph.main, graph.limits), graph)
    return list(found.values())


def _wirings(size: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Give all ways in which tasks can depend on those declared before them."""
    subsets = [
        [tuple(below for below in range(task) if bits >> below & 1) for bits in range(1 << task)]
        for task in range(size)
    ]
    return itertools.product(*subsets)


def _markings(dependencies: tuple[tuple[int, ...], ...]) -> Iterator[tuple[bool, ...]]:
    """Give all ways in which tasks can be detached: what depends on a detached one has to be."""
    for detached in itertools.product((False, True), repeat=len(dependencies)):
        if all(
            detached[task] or not any(detached[each] for each in needed) for task, needed in enumerate(dependencies)
        ):
            yield detached
