"""Give each vertex its place across the layers: near its neighbours, ways straight, nothing closer than its gap."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.views.layout.crossings import Neighbours, Order

_SWEEPS: Final = 10
_SMOOTHINGS: Final = 16
_STRAIGHT: Final = (1.0, 1.2, 8.0)  # the pull of a segment with no, one and two bends at its ends
_HOLD: Final = 0.01  # the pull of a vertex's own place


def across(order: Order, before: Neighbours, after: Neighbours, *, boxes: int, sizes: Sequence[float]) -> list[float]:
    """Place the middle of every vertex. `sizes` include the room that a vertex keeps free around it."""
    middles = [0.0] * len(sizes)
    for layer in order:
        for vertex, middle in zip(layer, _side_by_side(layer, sizes), strict=True):
            middles[vertex] = middle
    both = tuple([(*before[vertex], *after[vertex]) for vertex in range(len(sizes))])
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for layer in order if forward else reversed(order):
            _settle(layer, before if forward else after, middles, boxes=boxes, sizes=sizes)
    for _ in range(_SMOOTHINGS):
        for layer in order:
            _settle(layer, both, middles, boxes=boxes, sizes=sizes)
    _straighten(order, (before, after), middles, boxes=boxes, sizes=sizes)
    return middles


def _side_by_side(layer: Sequence[int], sizes: Sequence[float]) -> list[float]:
    middles: list[float] = []
    edge = -sum([sizes[vertex] for vertex in layer]) / 2
    for vertex in layer:
        middles.append(edge + sizes[vertex] / 2)
        edge += sizes[vertex]
    return middles


def _settle(
    layer: Sequence[int], towards: Neighbours, middles: list[float], *, boxes: int, sizes: Sequence[float]
) -> None:
    """Move one layer as near to what its segments pull to as its order and gaps allow."""
    wanted: list[float] = []
    weights: list[float] = []
    for vertex in layer:
        pulled, weight = _HOLD * middles[vertex], _HOLD
        for each in towards[vertex]:
            pull = _STRAIGHT[(vertex >= boxes) + (each >= boxes)]
            pulled += pull * middles[each]
            weight += pull
        wanted.append(pulled / weight)
        weights.append(weight)
    gaps = [(sizes[left] + sizes[right]) / 2 for left, right in pairwise(layer)]
    for vertex, middle in zip(layer, nearest(wanted, weights, gaps), strict=True):
        middles[vertex] = middle


def nearest(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Find the places with at least these gaps that are nearest to the wanted ones, in weighted squares. O(n).

    With the gaps taken out, places have to be ascending: those that are not are pooled at their mean, which is the
    optimum (Ayer et al. 1955, "pool adjacent violators").
    """
    shift = 0.0
    pools: list[tuple[float, float, int]] = []  # place, weight and number of those that stand together
    for index, (place, weight) in enumerate(zip(wanted, weights, strict=True)):
        shift += gaps[index - 1] if index else 0.0
        pool = (place - shift, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            other = pools.pop()
            total = other[1] + pool[1]
            pool = ((other[0] * other[1] + pool[0] * pool[1]) / total, total, other[2] + pool[2])
        pools.append(pool)
    ascending = [place for place, _, count in pools for _ in range(count)]
    shift = 0.0
    for index in range(1, len(ascending)):
        shift += gaps[index - 1]
        ascending[index] += shift
    return ascending


def _straighten(
    order: Order, neighbours: tuple[Neighbours, Neighbours], middles: list[float], *, boxes: int, sizes: Sequence[float]
) -> None:
    """Put the vertices of a way on one line, as far as those beside them leave one free."""
    beside = {
        vertex: (layer[place - 1] if place else None, layer[place + 1] if place + 1 < len(layer) else None)
        for layer in order
        for place, vertex in enumerate(layer)
    }
    for way in _ways(order, neighbours, boxes):
        part: list[int] = []
        least, most = float("-inf"), float("inf")
        for vertex in way:
            left, right = beside[vertex]
            leftmost = float("-inf") if left is None else middles[left] + (sizes[left] + sizes[vertex]) / 2
            rightmost = float("inf") if right is None else middles[right] - (sizes[right] + sizes[vertex]) / 2
            if max(least, leftmost) > min(most, rightmost):
                _align(part, middles, least, most)
                part, least, most = [], float("-inf"), float("inf")
            part.append(vertex)
            least, most = max(least, leftmost), min(most, rightmost)
        _align(part, middles, least, most)


def _align(way: Sequence[int], middles: list[float], least: float, most: float) -> None:
    if way:
        line = min(max(sum([middles[vertex] for vertex in way]) / len(way), least), most)
        for vertex in way:
            middles[vertex] = line


def _ways(order: Order, neighbours: tuple[Neighbours, Neighbours], boxes: int) -> list[list[int]]:
    """List the longest ways on which each vertex is the only one before the next: bends first, then boxes too."""
    before, after = neighbours
    ways: list[list[int]] = []
    for bends_only in (False, True):
        taken: set[int] = set()
        for layer in order:
            for first in layer:
                way = [first]
                while not (bends_only and way[-1] < boxes) and way[-1] not in taken:
                    taken.add(way[-1])
                    onward = [
                        each
                        for each in after[way[-1]]
                        if before[each] == (way[-1],)
                        and (len(after[way[-1]]) == 1 or each >= boxes)
                        and not (bends_only and each < boxes)
                    ]
                    if len(onward) != 1 or onward[0] in taken:
                        break
                    way.append(onward[0])
                if len(way) > 1:
                    ways.append(way)
    return ways
