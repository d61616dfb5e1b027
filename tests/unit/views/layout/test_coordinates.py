"""Places across the layers: gaps are kept, the nearest places are the nearest, and ways are straight."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing.views.layout.coordinates import across, nearest
from flowing.views.layout.crossings import ordered
from flowing.views.layout.layers import Link, into_layers
from tests.unit.views.layout.test_layers import graphs

places = st.floats(-1e3, 1e3, width=32)


@given(st.lists(st.tuples(places, st.floats(0.125, 8, width=32), st.floats(0, 50, width=32)), min_size=1, max_size=12))
def test_gaps_are_kept_and_no_place_is_better_shifted(rows: list[tuple[float, float, float]]) -> None:
    """At the optimum, moving any run that stands together gains nothing."""
    wanted, weights = [row[0] for row in rows], [row[1] for row in rows]
    gaps = [row[2] for row in rows[1:]]
    found = nearest(wanted, weights, gaps)
    assert all(b - a >= gap - 1e-6 for a, b, gap in zip(found, found[1:], gaps, strict=False))

    def cost(at: list[float]) -> float:
        return sum(weight * (place - want) ** 2 for place, want, weight in zip(at, wanted, weights, strict=True))

    for first in range(len(rows)):
        for after in range(first + 1, len(rows) + 1):
            for step in (-0.01, 0.01):
                moved = [place + step * (first <= index < after) for index, place in enumerate(found)]
                if all(b - a >= gap - 1e-9 for a, b, gap in zip(moved, moved[1:], gaps, strict=False)):
                    assert cost(moved) >= cost(found) - 1e-6


@given(graphs())
def test_no_two_vertices_of_a_layer_are_closer_than_their_sizes(graph: tuple[int, list[Link], list[bool]]) -> None:
    layers = into_layers(range(graph[0]), graph[1], graph[2])
    order = ordered(layers)
    sizes = [40.0 if vertex < layers.boxes else 10.0 for vertex in range(layers.size)]
    middles = across(order, *layers.neighbours(), boxes=layers.boxes, sizes=sizes)
    for layer in order:
        for left, right in pairwise(layer):
            assert middles[right] - middles[left] >= (sizes[left] + sizes[right]) / 2 - 1e-6


def test_a_chain_and_a_long_way_are_straight() -> None:
    links = [Link(0, 1), Link(1, 2), Link(2, 3), Link(3, 4), Link(0, 4)]
    layers = into_layers(range(5), links, [False] * 5)
    sizes = [40.0] * 5 + [10.0] * (layers.size - 5)
    middles = across(ordered(layers), *layers.neighbours(), boxes=5, sizes=sizes)
    assert middles[1] == middles[2] == middles[3]
    assert len({middles[bend] for bend in range(5, layers.size)}) == 1


def test_a_parent_stands_in_the_middle_of_its_children() -> None:
    layers = into_layers(range(4), [Link(0, 1), Link(0, 2), Link(0, 3)], [False] * 4)
    middles = across(ordered(layers), *layers.neighbours(), boxes=4, sizes=[40.0] * 4)
    assert middles[0] == pytest.approx(sum(middles[1:]) / 3, abs=0.5)
