"""The layout as a whole: boxes do not meet, ways do not pass through boxes, and it is the same every time."""

from __future__ import annotations

import inspect
import sys

from attrs import evolve
from hypothesis import given, settings

from flowing.views.layout.layers import Link
from flowing.views.layout.place import Placed, Sizes, place
from tests.unit.views.layout.test_layers import graphs

SIZES = Sizes(width=100, height=40, room=18)


def overlaps(placed: Placed) -> int:
    """Count pairs of boxes that meet."""
    boxes = placed.corners
    return sum(
        abs(one.x - other.x) < SIZES.width and abs(one.y - other.y) < SIZES.height
        for index, one in enumerate(boxes)
        for other in boxes[index + 1 :]
    )


@given(graphs())
@settings(max_examples=60)
def test_no_two_boxes_meet_and_all_are_inside(graph: tuple[int, list[Link], list[bool]]) -> None:
    placed = place(range(graph[0]), graph[1], graph[2], sizes=SIZES)
    assert overlaps(placed) == 0
    for corner in placed.corners:
        assert 0 <= corner.x <= placed.width - SIZES.width
        assert 0 <= corner.y <= placed.height - SIZES.height
    assert placed == place(range(graph[0]), graph[1], graph[2], sizes=SIZES)


@given(graphs())
@settings(max_examples=60)
def test_no_bend_is_behind_a_box(graph: tuple[int, list[Link], list[bool]]) -> None:
    """A way goes straight through a layer at a bend, and bends keep away from boxes."""
    placed = place(range(graph[0]), graph[1], graph[2], sizes=SIZES)
    for segment in placed.segments:
        if segment.through is not None:
            for corner in placed.corners:
                across = segment.begin.y - corner.y if placed.to_the_right else segment.begin.x - corner.x
                along = segment.begin.x - corner.x if placed.to_the_right else segment.begin.y - corner.y
                breadth = SIZES.height if placed.to_the_right else SIZES.width
                assert along != 0 or not 0 < across < breadth


def test_boxes_that_meet_are_found_out() -> None:
    """Control."""
    placed = place(range(2), [], [False] * 2, sizes=SIZES)
    assert overlaps(evolve(placed, corners=(placed.corners[0],) * 2)) == 1


def test_a_long_chain_needs_no_recursion() -> None:
    limit = sys.getrecursionlimit()
    links = [Link(box, box + 1) for box in range(1_999)]
    sys.setrecursionlimit(len(inspect.stack()) + 60)
    try:
        placed = place(range(2_000), links, [False] * 2_000, sizes=SIZES)
    finally:
        sys.setrecursionlimit(limit)
    assert not placed.to_the_right
    assert {corner.x for corner in placed.corners} == {0.0}
