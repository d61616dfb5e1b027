"""Layers: edges lead forward, late boxes come last, ways are cut at each layer between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowing.views.layout.layers import Layers, Link, into_layers


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[Link], list[bool]]:
    """Draw boxes in forward order, links of two kinds, and some boxes at the end that are late."""
    size = draw(st.integers(1, 12))
    late_from = draw(st.integers(0, size))
    pairs = [(source, target) for target in range(size) for source in range(target)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []
    links = [Link(source, target, draw(st.integers(0, 1))) for source, target in chosen]
    return size, links, [box >= late_from for box in range(size)]


def layer_numbers(layers: Layers) -> dict[int, int]:
    return {vertex: number for number, layer in enumerate(layers.layers) for vertex in layer}


@given(graphs())
def test_every_segment_leads_to_the_next_layer_and_every_link_is_a_way(
    graph: tuple[int, list[Link], list[bool]],
) -> None:
    size, links, late = graph
    layers = into_layers(range(size), links, late)
    number = layer_numbers(layers)
    assert sorted(number) == list(range(layers.size))
    assert all(number[target] == number[source] + 1 for source, target in layers.segments)
    assert layers.layers[0]
    for link in links:
        reached = {link.source}
        for (source, target), kind in sorted(
            zip(layers.segments, layers.kinds, strict=True), key=lambda each: number[each[0][0]]
        ):
            if source in reached and kind == link.kind and (source >= size or source == link.source):
                reached.add(target)
        assert link.target in reached


@given(graphs())
def test_late_boxes_come_after_all_others(graph: tuple[int, list[Link], list[bool]]) -> None:
    size, links, late = graph
    number = layer_numbers(into_layers(range(size), links, late))
    main = [number[box] for box in range(size) if not late[box]]
    assert all(number[box] > max(main, default=-1) for box in range(size) if late[box])


def test_links_of_one_kind_from_one_box_share_their_way() -> None:
    links = [Link(0, 1), Link(1, 2), Link(2, 3), Link(0, 3), Link(0, 2)]
    assert into_layers(range(4), links, [False] * 4).size == 4 + 2
    apart = [*links[:3], Link(0, 3, 1), Link(0, 2, 0)]
    assert into_layers(range(4), apart, [False] * 4).size == 4 + 3


def test_a_source_stands_just_before_what_needs_it() -> None:
    """Else the picture is full of long edges from the first layer."""
    number = layer_numbers(into_layers(range(5), [Link(0, 1), Link(1, 2), Link(2, 4), Link(3, 4)], [False] * 5))
    assert number[3] == number[4] - 1 == 2


def test_boxes_without_a_link_are_spread() -> None:
    assert [len(layer) for layer in into_layers(range(9), [], [False] * 9).layers] == [3, 3, 3]
