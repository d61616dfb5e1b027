"""The order in a layer: as few crossings as a dumb search finds on small graphs, and never more than before."""

from __future__ import annotations

import random
from itertools import combinations, permutations, product

from hypothesis import given, settings

from flowing.views.layout.crossings import crossings, ordered
from flowing.views.layout.layers import Layers, Link, into_layers
from tests.unit.views.layout.test_layers import graphs


def counted_by_pairs(order: list[list[int]], segments: tuple[tuple[int, int], ...]) -> int:
    """Count crossings by the definition: two segments between the same layers whose ends are in opposite order."""
    at = {vertex: (layer, place) for layer, each in enumerate(order) for place, vertex in enumerate(each)}
    return sum(
        at[a][0] == at[c][0] and (at[a][1] - at[c][1]) * (at[b][1] - at[d][1]) < 0
        for (a, b), (c, d) in combinations(segments, 2)
    )


@given(graphs())
def test_crossings_are_counted_right(graph: tuple[int, list[Link], list[bool]]) -> None:
    layers = into_layers(range(graph[0]), graph[1], graph[2])
    order = [list(each) for each in layers.layers]
    assert crossings(order, layers.neighbours()[1]) == counted_by_pairs(order, layers.segments)


@given(graphs())
@settings(max_examples=50)
def test_the_order_is_of_the_same_vertices_and_no_worse(graph: tuple[int, list[Link], list[bool]]) -> None:
    layers = into_layers(range(graph[0]), graph[1], graph[2])
    order = ordered(layers)
    assert [sorted(each) for each in order] == [sorted(each) for each in layers.layers]
    assert order == ordered(layers)
    before = [list(each) for each in layers.layers]
    assert counted_by_pairs(order, layers.segments) <= counted_by_pairs(before, layers.segments)


def test_what_can_be_drawn_without_a_crossing_is() -> None:
    """Three pairs, linked crosswise: as they come they cross three times."""
    layers = Layers(boxes=6, layers=((0, 1, 2), (3, 4, 5)), segments=((0, 5), (1, 4), (2, 3)), kinds=(0, 0, 0))
    assert crossings([list(each) for each in layers.layers], layers.neighbours()[1]) == 3
    assert crossings(ordered(layers), layers.neighbours()[1]) == 0


def test_on_small_graphs_it_is_near_the_best_order_of_all() -> None:
    """Control: the best of all orders, by trying each of them."""
    excess = best_sum = declared_sum = 0
    for seed in range(40):
        choose = random.Random(seed)
        segments = tuple((a, b) for a in range(4) for b in range(4, 8) if choose.random() < 0.45)
        layers = Layers(boxes=8, layers=((0, 1, 2, 3), (4, 5, 6, 7)), segments=segments, kinds=(0,) * len(segments))
        best = min(
            counted_by_pairs([list(above), list(below)], segments)
            for above, below in product(permutations(range(4)), permutations(range(4, 8)))
        )
        excess += counted_by_pairs(ordered(layers), segments) - best
        declared_sum += counted_by_pairs([list(each) for each in layers.layers], segments) - best
        best_sum += best
    assert best_sum > 50
    assert declared_sum > best_sum
    assert excess <= 0.1 * best_sum
