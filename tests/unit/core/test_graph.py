"""Compiling a graph: numbers, names and circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from flowing.core import Graph, Limits, Node, Policy, compile_graph
from flowing.core.graph import dependents_of
from flowing.errors import CycleError, DuplicateTaskError, GraphError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMES: Final = "abcdefgh"


def graph_of(*nodes: Node) -> Graph:
    return compile_graph(nodes, Limits())


def edges(**depends_on: str) -> list[Node]:
    """Make main nodes from `a="bc"`: a depends on b and c."""
    return [Node(name, tuple(needed)) for name, needed in depends_on.items()]


# ── numbers (D18) ────────────────────────────────────────────────────────────────────────────────


@st.composite
def acyclic(draw: st.DrawFn) -> list[Node]:
    """Draw nodes without a circle, declared in any order."""
    nodes: list[Node] = []
    for name in NAMES[: draw(st.integers(0, 8))]:
        depends_on = [node for node in nodes if draw(st.booleans())]
        detached = draw(st.booleans()) or any(node.detached for node in depends_on)
        nodes.append(Node(name, tuple(node.name for node in depends_on), detached=detached))
    return draw(st.permutations(nodes))


def start_order(nodes: Sequence[Node]) -> list[str]:
    """Sort by D18, word for word, by recursion."""

    def height(node: Node) -> int:
        above = [each for each in nodes if node.name in each.dependencies and each.detached == node.detached]
        return 1 + max(map(height, above), default=0)

    return [node.name for node in sorted(nodes, key=lambda node: (node.detached, -height(node)))]


@given(acyclic())
def test_numbers_are_the_start_order(nodes: list[Node]) -> None:
    """Main before detached, longest path to a sink first, then as declared."""
    assert list(graph_of(*nodes).names) == start_order(nodes)


def test_the_start_order_property_catches_the_order_of_definition() -> None:
    """Control: the order in which the nodes were written is another one."""
    find(acyclic(), lambda nodes: [node.name for node in nodes] != start_order(nodes))


@given(acyclic())
def test_a_compiled_graph_says_what_was_declared(nodes: list[Node]) -> None:
    graph = graph_of(*nodes)
    assert graph.size == len(nodes)
    assert graph.main == sum(not node.detached for node in nodes)
    assert {name: graph.names[number] for name, number in graph.numbers.items()} == {name: name for name in graph.names}
    for node in nodes:
        number = graph.numbers[node.name]
        assert tuple(graph.names[needed] for needed in graph.dependencies[number]) == node.dependencies
        assert {graph.names[each] for each in graph.dependents[number]} == {
            each.name for each in nodes if node.name in each.dependencies
        }


@given(acyclic())
def test_a_dependency_has_a_lower_number_and_dependents_ascend(nodes: list[Node]) -> None:
    graph = graph_of(*nodes)
    for number, (needed, waiting) in enumerate(zip(graph.dependencies, graph.dependents, strict=True)):
        assert all(each < number for each in needed)
        assert all(each > number for each in waiting)
        assert list(waiting) == sorted(set(waiting))


@pytest.mark.parametrize("count", [1, 15, 16, 17, 18, 1_000])
def test_a_hub_has_all_its_dependents_in_order(count: int) -> None:
    """However many, among others that have few."""
    names = [f"n{number}" for number in range(count)]
    between = [Node("other"), Node("last", ("hub", "other"))]
    graph = graph_of(Node("hub"), *(Node(name, ("hub",)) for name in names), *between)
    waiting = graph.dependents[graph.numbers["hub"]]
    assert [graph.names[number] for number in waiting] == [*names, "last"]
    assert list(waiting) == sorted(waiting)
    assert graph.dependents[graph.numbers["other"]] == (graph.numbers["last"],)


def test_a_number_stands_everywhere_as_one_int() -> None:
    """A million tasks have no room for four million."""
    graph = graph_of(*(Node(f"n{number}", (f"n{number - 1}",) if number else ()) for number in range(1_000)))
    waiting, needed = graph.dependents[500][0], graph.dependencies[502][0]
    assert waiting is needed
    assert waiting is not int(f"{needed}")  # control: an equal one


def test_a_policy_goes_with_its_task() -> None:
    graph = graph_of(Node("late", ("early",), policy=Policy(retries=1)), Node("early", policy=Policy(retries=2)))
    assert graph.names == ("early", "late")
    assert [policy.retries for policy in graph.policies] == [2, 1]


def test_a_dependency_named_twice_counts_once() -> None:
    graph = graph_of(*edges(a="", b="aa"))
    assert graph.dependencies == ((), (0,))
    assert graph.dependents == ((1,), ())


@pytest.mark.parametrize("numbers", [[0], [0, 1, 2]])
def test_edges_are_turned_round_for_all_tasks_or_none(numbers: list[int]) -> None:
    """Every task has its number, and every number its task."""
    assert dependents_of([(), (0,)], [0, 1]) == ((1,), ())
    with pytest.raises(ValueError, match=r"zip\(\)"):
        dependents_of([(), (0,)], numbers)


def test_no_nodes_make_an_empty_graph() -> None:
    assert graph_of().size == 0


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


def test_two_nodes_of_one_name_are_refused() -> None:
    """The message names the task and the way out."""
    with pytest.raises(DuplicateTaskError, match=r"two tasks are named 'a'; give one of them another name"):
        graph_of(Node("a"), Node("b"), Node("a"))


def test_a_dependency_outside_the_graph_is_refused() -> None:
    with pytest.raises(GraphError, match=r"task 'a' depends on 'z', which is not in the graph; add a node"):
        graph_of(Node("b"), Node("a", ("b", "z")))


def test_a_main_task_that_depends_on_a_detached_one_is_refused() -> None:
    """The message names both ends and both ways out."""
    with pytest.raises(GraphError, match=r"task 'a' depends on the detached task 'b'; make 'a' detached too, or"):
        graph_of(Node("b", detached=True), Node("a", ("b",)))


@pytest.mark.parametrize(
    "nodes", [[Node("\x1b[2J"), Node("\x1b[2J")], [Node("\x1b[2J", ("x",))], edges(**{"\x1b": "\x1b"})]
)
def test_a_refusal_is_one_safe_line(nodes: list[Node]) -> None:
    with pytest.raises(GraphError) as caught:
        graph_of(*nodes)
    assert str(caught.value).isprintable()


# ── circles ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("nodes", "circle"),
    [
        (edges(a="a"), "a -> a"),
        (edges(a="b", b="a"), "a -> b -> a"),
        (edges(a="b", b="c", c="a"), "a -> b -> c -> a"),
        (edges(a="b", b="c", c="ad", d="c"), "c -> d -> c"),
        (edges(a="", b="ac", c="b", d="c"), "b -> c -> b"),
        (edges(a="b", b="a", c="c"), "c -> c"),
    ],
)
def test_the_message_shows_the_shortest_circle(nodes: list[Node], circle: str) -> None:
    """[G1] [G2] Each arrow reads 'depends on'."""
    with pytest.raises(CycleError, match="remove one of these dependencies") as caught:
        graph_of(*nodes)
    assert f": {circle};" in str(caught.value)


@st.composite
def cyclic(draw: st.DrawFn) -> list[Node]:
    """Draw a graph and plant at least one circle in it."""
    names = NAMES[: draw(st.integers(1, 8))]
    needs = {name: set(draw(st.sets(st.sampled_from(names), max_size=2))) for name in names}
    circle = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    for name, needed in zip(circle, [*circle[1:], circle[0]], strict=True):
        needs[name].add(needed)
    return [Node(name, tuple(sorted(needed))) for name, needed in needs.items()]


def shortest_circle_length(needs: Mapping[str, Sequence[str]]) -> int:
    """Count the arrows of a shortest circle: the first power of the relation that has a fixed point."""
    reach = {name: {name} for name in needs}
    for length in range(1, len(needs) + 1):
        reach = {name: {each for at in ends for each in needs[at]} for name, ends in reach.items()}
        if any(name in ends for name, ends in reach.items()):
            return length
    raise AssertionError("no circle")


def is_a_shortest_circle(nodes: Sequence[Node], circle: Sequence[str]) -> bool:
    needs = {node.name: node.dependencies for node in nodes}
    arrows = list(zip(circle, circle[1:]))  # noqa: B905, RUF007 - each with its neighbour
    return (
        circle[0] == circle[-1]
        and all(needed in needs[name] for name, needed in arrows)
        and len(arrows) == shortest_circle_length(needs)
    )


@given(cyclic())
@settings(max_examples=300)
def test_any_circle_is_refused_with_a_shortest_one(nodes: list[Node]) -> None:
    """[G1] Whatever else is in the graph."""
    with pytest.raises(CycleError) as caught:
        graph_of(*nodes)
    assert is_a_shortest_circle(nodes, caught.value.cycle)
    assert " -> ".join(caught.value.cycle) in str(caught.value)


def test_the_circle_property_catches_the_first_circle_found() -> None:
    """[G1] Control: a walk that follows first dependencies finds a circle, and not always a shortest one."""

    def first_found(nodes: Sequence[Node]) -> list[str]:
        needs = {node.name: node.dependencies for node in nodes}
        path = [next(name for name, needed in needs.items() if needed)]
        while path[-1] not in path[:-1] and needs[path[-1]]:
            path.append(needs[path[-1]][0])
        return path[path.index(path[-1]) :]

    def is_wrong(nodes: list[Node]) -> bool:
        found = first_found(nodes)
        return len(found) > 1 and not is_a_shortest_circle(nodes, found)

    find(cyclic(), is_wrong)


def test_a_circle_through_everything_is_found_without_trying_every_start() -> None:
    """[G1] [G12] A search from each of 10^4 tasks would look at 10^8 dependencies; it gives up early, with a circle."""
    ring = [Node(f"{number}", (f"{(number + 1) % 10_000}",)) for number in range(10_000)]
    with pytest.raises(CycleError) as caught:
        graph_of(*ring)
    assert len(set(caught.value.cycle)) == 10_000
    assert caught.value.cycle[0] == caught.value.cycle[-1]
