"""The compiled graph: tasks as numbers, in the order in which they should start. No functions, no values, no state."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Final

from attrs import field

from flowing._record import record
from flowing._text import one_line
from flowing.errors import CycleError, DuplicateTaskError, GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CYCLE_SEARCH_STEPS_MAX: Final = 2_000_000
_DEPENDENTS_COPIED_MAX: Final = 16


@record(kw_only=True)
class Policy:
    """How often a task is tried again, and after what delay (D7). Delays are in seconds."""

    retries: int = 0
    backoff_base_s: float = 1.0
    backoff_max_s: float = 30.0
    jitter: bool = False


@record(kw_only=True)
class Limits:
    """What one run may use: live attempts, abandoned threads beside them, and whether a failure stops it."""

    workers: int = 5
    abandoned: int = 5
    fail_fast: bool = True


@record
class Node:
    """One task as declared: a name and the names of the tasks it waits for."""

    name: str
    dependencies: tuple[str, ...] = ()
    policy: Policy = field(kw_only=True, default=Policy())
    detached: bool = field(kw_only=True, default=False)


@record(kw_only=True, slots=False)
class Graph:
    """An acyclic graph whose task numbers are its start order.

    Tasks `0 .. main - 1` are the main graph, `main .. size - 1` are detached (D6). Within each, a task with a
    longer path to a sink has the lower number, then the one declared first (D18); so a dependency always has a
    lower number than its dependents. `dependents` are ascending, `dependencies` in declared order.
    """

    names: tuple[str, ...]
    dependencies: tuple[tuple[int, ...], ...] = field(repr=False)
    dependents: tuple[tuple[int, ...], ...] = field(repr=False)
    policies: tuple[Policy, ...] = field(repr=False)
    main: int
    limits: Limits

    @property
    def size(self) -> int:
        """Count the tasks."""
        return len(self.names)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Map each name to its number. O(n) once."""
        return {name: number for number, name in enumerate(self.names)}


def compile_graph(nodes: Sequence[Node], limits: Limits) -> Graph:
    """Compile the nodes: number them and resolve their names. O(nodes + edges) and no recursion.

    Raises:
        DuplicateTaskError: two nodes have one name.
        GraphError: a dependency is not among the nodes, or a main node depends on a detached one.
        CycleError: the nodes depend on each other in a circle.
    """
    resolved = _resolve(nodes)
    detached = [node.detached for node in nodes]
    order = start_order(resolved, detached, _topological(nodes, resolved))
    numbers = [*range(len(order))]
    number_of = dict(zip(order, numbers, strict=True))
    dependencies = tuple([tuple([number_of[needed] for needed in resolved[place]]) for place in order])
    return Graph(
        names=tuple([nodes[place].name for place in order]),
        dependencies=dependencies,
        dependents=dependents_of(dependencies, numbers),
        policies=tuple([nodes[place].policy for place in order]),
        main=detached.count(False),
        limits=limits,
    )


def start_order(
    dependencies: Sequence[Sequence[int]], detached: Sequence[bool], topological: Sequence[int]
) -> list[int]:
    """Sort places: main before detached, longest path to a sink first, then declared order (D18).

    A place is where a task stands in declared order. In `topological`, each comes after those that it depends on.
    """
    height = [0] * len(dependencies)
    for place in reversed(topological):
        above = height[place] + 1
        for needed in dependencies[place]:
            if height[needed] < above and detached[needed] == detached[place]:
                height[needed] = above
    order = sorted(range(len(height)), key=height.__getitem__, reverse=True)
    order.sort(key=detached.__getitem__)
    return order


def dependents_of(dependencies: Sequence[Sequence[int]], numbers: Iterable[int]) -> tuple[tuple[int, ...], ...]:
    """Turn the edges round; `numbers` are those of the tasks, ascending. O(tasks + edges).

    Few tasks have many dependents: to copy a short tuple for one more takes half the time of a list for each task,
    and half the memory.
    """
    dependents: list[tuple[int, ...]] = [()] * len(dependencies)
    further: dict[int, list[int]] = {}
    for number, needed in zip(numbers, dependencies, strict=True):
        for dependency in needed:
            waiting = dependents[dependency]
            if len(waiting) < _DEPENDENTS_COPIED_MAX:
                dependents[dependency] = (*waiting, number)
            else:
                further.setdefault(dependency, []).append(number)
    for dependency, waiting_too in further.items():
        dependents[dependency] += tuple(waiting_too)
    return tuple(dependents)


def _resolve(nodes: Sequence[Node]) -> list[tuple[int, ...]]:
    """Turn dependency names into places, each once."""
    places: dict[str, int] = {}
    for place, node in enumerate(nodes):
        if places.setdefault(node.name, place) != place:
            message = f"two tasks are named {one_line(node.name)!r}; give one of them another name"
            raise DuplicateTaskError(message)
    resolved: list[tuple[int, ...]] = []
    for node in nodes:
        unknown = [name for name in node.dependencies if name not in places]
        if unknown:
            message = (
                f"task {one_line(node.name)!r} depends on {one_line(unknown[0])!r}, which is not in the graph; "
                f"add a node of that name, or remove the dependency"
            )
            raise GraphError(message)
        needed = tuple(dict.fromkeys(places[name] for name in node.dependencies))
        for place in needed:
            if nodes[place].detached and not node.detached:
                message = (
                    f"task {one_line(node.name)!r} depends on the detached task {one_line(nodes[place].name)!r}; "
                    f"make {one_line(node.name)!r} detached too, or the other one not"
                )
                raise GraphError(message)
        resolved.append(needed)
    return resolved


def _topological(nodes: Sequence[Node], dependencies: Sequence[Sequence[int]]) -> list[int]:
    """Order places so that every dependency comes first (Kahn 1962)."""
    dependents = dependents_of(dependencies, range(len(nodes)))
    unmet = [len(needed) for needed in dependencies]
    order = [place for place, count in enumerate(unmet) if not count]
    for place in order:  # grows while it is walked
        for waiting in dependents[place]:
            unmet[waiting] -= 1
            if not unmet[waiting]:
                order.append(waiting)
    if len(order) < len(nodes):
        stuck = {place for place, count in enumerate(unmet) if count}
        raise CycleError([nodes[place].name for place in _shortest_cycle(dependencies, stuck)])
    return order


def _shortest_cycle(dependencies: Sequence[Sequence[int]], stuck: set[int]) -> list[int]:
    """Find a shortest circle among `stuck`, first position repeated at the end.

    Breadth-first from each position, given up after a fixed number of steps: then it is the shortest one so far.
    """
    best: list[int] = []
    steps = 0
    for root in sorted(stuck):
        came_from: dict[int, int] = {}
        queue = deque([(root, 0)])
        while queue:
            position, distance = queue.popleft()
            if best and distance + 1 >= len(best) - 1:
                break
            for needed in dependencies[position]:
                steps += 1
                if needed == root:
                    best = _walk_back(came_from, root, position)
                    queue.clear()
                    break
                if needed in stuck and needed not in came_from:
                    came_from[needed] = position
                    queue.append((needed, distance + 1))
        if steps > _CYCLE_SEARCH_STEPS_MAX and best:
            break
    return best


def _walk_back(came_from: Mapping[int, int], root: int, last: int) -> list[int]:
    """List the circle root -> ... -> last -> root in the direction 'depends on'."""
    path = [root]
    position = last
    while position != root:
        path.append(position)
        position = came_from[position]
    path.append(root)
    path.reverse()
    return path
