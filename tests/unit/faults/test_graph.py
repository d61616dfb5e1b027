"""Faults of the graph, refused before any task starts; those of one declaration are in `tests/unit/_task`."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing import CycleError, Flow, Task, task
from flowing.core import Limits, Node, compile_graph

if TYPE_CHECKING:
    from collections.abc import Iterator


@st.composite
def graphs_with_a_cycle(draw: st.DrawFn) -> tuple[list[Node], set[tuple[str, str]], int]:
    """Draw an acyclic graph, and plant one circle in it: the nodes, their edges and the circle's length."""
    size = draw(st.integers(1, 12))
    needs = {
        number: set(draw(st.lists(st.integers(0, number - 1), max_size=3))) if number else set()
        for number in range(size)
    }
    circle = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=5, unique=True))
    for one, other in zip(circle, circle[1:] + circle[:1], strict=True):
        needs[one].add(other)
    names = [f"t{number}" for number in range(size)]
    nodes = [Node(names[number], tuple(names[each] for each in sorted(needs[number]))) for number in range(size)]
    order = draw(st.permutations(nodes))
    return order, {(node.name, needed) for node in nodes for needed in node.dependencies}, len(circle)


@given(graphs_with_a_cycle())
def test_a_cycle_is_refused_and_shown(planted: tuple[list[Node], set[tuple[str, str]], int]) -> None:
    """[G1] What is shown is a circle of real edges, and no longer than the one that was planted."""
    nodes, edges, length = planted
    with pytest.raises(CycleError, match="remove one of these dependencies") as caught:
        compile_graph(nodes, Limits())
    cycle = caught.value.cycle
    assert cycle[0] == cycle[-1]
    assert set(pairwise(cycle)) <= edges
    assert len(cycle) - 1 <= length
    assert " -> ".join(cycle) in str(caught.value)


def test_without_the_planted_edge_there_is_no_cycle() -> None:
    """Control: the same kind of graph is accepted without its circle."""
    compile_graph([Node("a", ("b",)), Node("b", ("c",)), Node("c")], Limits())


def test_a_task_that_needs_itself_is_a_cycle() -> None:
    """[G2] The shortest there is."""
    with pytest.raises(CycleError, match="circle: a -> a; remove"):
        compile_graph([Node("a", ("a",))], Limits())


@pytest.fixture
def _shallow_stack() -> Iterator[None]:
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 100)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("_shallow_stack")
def test_long_chains_wide_fans_and_large_hubs_run_without_recursion() -> None:
    """[G12] Defined, compiled, run, failed, skipped, overridden and resumed with 100 frames of stack."""
    size = 5_000

    def link(number: int, last: Task[object]) -> Task[object]:
        return task(lambda: None, name=f"chain {number}", after=[last])

    @task
    def root() -> None:
        raise ValueError

    last: Task[object] = root
    for number in range(size):
        last = link(number, last)
    fan: list[Task[None]] = [task(lambda: None, name=f"fan {number}", after=[root]) for number in range(size)]
    hub: Task[None] = task(lambda: None, name="hub", after=fan)
    flow = Flow(last, hub)
    assert flow.run().counts()["SKIPPED"] == 2 * size + 1  # type: ignore[index]  # a StrEnum's value finds its member
    flow.override(root, None)
    assert flow.resume().ok
    flow.invalidate(root)
    assert flow.results[hub].state == "PENDING"
    flow.summary()
