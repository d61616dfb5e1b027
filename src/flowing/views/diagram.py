"""What a drawing of the graph shows: boxes, and edges between them. Folds what is too much for a reader; no positions.

Up to `boxes_max` tasks, each has a box. Beyond that, tasks are folded by the first of these rules that is enough:
equal ones (same dependencies, dependents and state); alike ones (same state, and alike all the way up and down, as in
a thousand parallel chains); those in a row; those of one depth. What was folded is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._record import record
from flowing._text import counted
from flowing.results import StepState
from flowing.views.grouping import alike, by_depth, equal_siblings, in_bands, in_rows
from flowing.views.picture import dependents_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowing.views.grouping import Groups
    from flowing.views.picture import DrawnTask, Picture

BOXES_MAX: Final = 300
EDGES_MAX: Final = 2_000
_BANDS_MIN: Final = 6
_EDGES_SEEN_MAX: Final = 400  # with more of them, those that others imply are left out


@record
class Edge:
    """An arrow from one box to a later one."""

    source: int
    target: int
    order_only: bool


@record(kw_only=True)
class Box:
    """One task, or several that are folded; `members` are places in the picture."""

    members: tuple[int, ...]
    state: StepState
    detached: bool

    @property
    def first(self) -> int:
        """The task that gives the box its name."""
        return self.members[0]


@record(kw_only=True)
class Diagram:
    """Boxes in an order in which edges lead forward. `notes` say what is not to be seen."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = ()


def diagram_of(picture: Picture, *, boxes_max: int = BOXES_MAX, edges_max: int = EDGES_MAX) -> Diagram:
    """Choose what is shown: at most `boxes_max` boxes, and `edges_max` edges. O(tasks + edges)."""
    for groups, rule in _ways(picture, boxes_max):
        if len(set(groups)) <= boxes_max:
            diagram = _grouped(picture, groups, rule)
            if len(diagram.edges) <= edges_max:
                return diagram
    raise AssertionError("six boxes are little enough")


def _ways(picture: Picture, boxes_max: int) -> Iterator[tuple[Groups, str]]:
    """Give the rules by which tasks can be folded, the one that changes least first."""
    if len(picture.tasks) <= boxes_max:
        yield tuple(range(len(picture.tasks))), ""
    dependents = dependents_of(picture)
    yield equal_siblings(picture, dependents), "those with the same dependencies, dependents and state"
    similar = alike(picture, dependents)
    yield similar, "those with the same state, alike in all that they depend on and all that depends on them"
    rows = in_rows(picture, similar)
    yield rows, "those that are alike in all that they depend on and all that depends on them, or in a row"
    yield by_depth(picture), "those of the same state and depth in the graph"
    yield in_bands(picture, boxes_max), "those of about the same depth in the graph"
    yield in_bands(picture, _BANDS_MIN), "those of about the same depth in the graph"


def _grouped(picture: Picture, groups: Groups, rule: str) -> Diagram:
    boxes = _boxes(picture, groups)
    place_of = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    order_only: dict[tuple[int, int], bool] = {}
    for target, each in enumerate(picture.tasks):
        for needed in each.dependencies:
            edge = place_of[groups[needed]], place_of[groups[target]]
            order_only[edge] = order_only.get(edge, True) and needed in each.order_only
    edges = tuple([Edge(source, target, kind) for (source, target), kind in order_only.items() if source != target])
    notes: list[str] = []
    if rule:
        notes.append(
            f"{counted(len(picture.tasks), 'task')} drawn as {counted(len(boxes), 'box')}: {rule} are one box."
        )
    if len(edges) > _EDGES_SEEN_MAX:
        needed_edges = _not_implied(len(boxes), edges)
        if len(needed_edges) < len(edges):
            left_out = len(edges) - len(needed_edges)
            notes.append(f"{left_out:,} dependencies that follow from others are not drawn.")
        edges = needed_edges
    return Diagram(boxes=boxes, edges=edges, notes=tuple(notes))


def _boxes(picture: Picture, groups: Groups) -> tuple[Box, ...]:
    members: dict[int, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    return tuple(
        [
            Box(
                members=tuple(each),
                state=most_pressing([picture.tasks[place] for place in each]),
                detached=picture.tasks[each[0]].detached,
            )
            for each in members.values()
        ]
    )


_PRESSING: Final = (
    StepState.FAILED,
    StepState.CANCELLED,
    StepState.RUNNING,
    StepState.SKIPPED,
    StepState.PENDING,
    StepState.SUCCEEDED,
)


def most_pressing(tasks: Sequence[DrawnTask]) -> StepState:
    """Choose the state that a reader has to see of several."""
    states = {each.state for each in tasks}
    return next(state for state in _PRESSING if state in states)


def _not_implied(size: int, edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Leave out each edge beside which there is a longer way. O(edges) operations on sets of `size` bits."""
    sources: list[list[int]] = [[] for _ in range(size)]
    for edge in edges:
        sources[edge.target].append(edge.source)
    above = [0] * size  # for each box, those that it depends on over any way, as bits
    implied: list[int] = [0] * size
    for target in in_forward_order(size, edges):
        for source in sources[target]:
            implied[target] |= above[source]
        above[target] = implied[target]
        for source in sources[target]:
            above[target] |= 1 << source
    return tuple([edge for edge in edges if not implied[edge.target] >> edge.source & 1])


def in_forward_order(size: int, edges: Sequence[Edge]) -> tuple[int, ...]:
    """Sort boxes so that each comes after those that it depends on, else by place."""
    left = [0] * size
    targets: list[list[int]] = [[] for _ in range(size)]
    for edge in edges:
        left[edge.target] += 1
        targets[edge.source].append(edge.target)
    order = [place for place in range(size) if not left[place]]
    for place in order:
        for target in targets[place]:
            left[target] -= 1
            if not left[target]:
                order.append(target)
    assert len(order) == size, "the boxes depend on each other in a circle"
    return tuple(order)
