"""Order the vertices of each layer so that few segments cross. Exact for no graph, the same for every machine."""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.views.layout.layers import Layers

Order: TypeAlias = "list[list[int]]"  # for each layer, its vertices
Neighbours: TypeAlias = "Sequence[Sequence[int]]"

_SWEEPS_MAX: Final = 24
_PATIENCE: Final = 5  # sweeps without a better order
_ROUNDS_MAX: Final = 2
_MIXED_MAX: Final = 250  # vertices, up to which it begins in several orders
_PRIME: Final = 104_729
_MIXERS: Final = (1, _PRIME - 1, 7_919, 31_337, 65_537)  # times a vertex, modulo the prime: as declared, back, mixed
_SWAPPED_MAX: Final = 1_200  # vertices, up to which neighbours are swapped one by one, too


def ordered(layers: Layers) -> Order:
    """Sweep to and fro, each layer by the mean place of its neighbours, and keep the best order that was seen.

    Begins in several orders, the declared one first, because sweeps end in the nearest order that none can better.
    """
    before, after = layers.neighbours()
    declared = [list(each) for each in layers.layers]
    best, fewest = declared, crossings(declared, after)
    for mixer in _MIXERS if layers.size <= _MIXED_MAX else _MIXERS[:1]:
        order = [sorted(each, key=lambda vertex: vertex * mixer % _PRIME) for each in declared]
        stale = 0
        for sweep in range(_SWEEPS_MAX):
            if not fewest or stale >= _PATIENCE:
                break
            _sweep(order, before if sweep % 2 == 0 else after, forward=sweep % 2 == 0)
            if layers.size <= _SWAPPED_MAX:
                _swap(order, before, after)
            count = crossings(order, after)
            stale += 1
            if count < fewest:
                best, fewest, stale = [list(each) for each in order], count, 0
    return best


def crossings(order: Order, after: Neighbours) -> int:
    """Count the pairs of segments that cross. O(segments * log(segments)), but for moving places in memory."""
    count = 0
    for layer, following in pairwise(order):
        places = {vertex: place for place, vertex in enumerate(following)}
        seen: list[int] = []
        for vertex in layer:
            ends = sorted([places[target] for target in after[vertex]])
            for end in ends:
                count += len(seen) - bisect_right(seen, end)
            for end in ends:
                insort(seen, end)
    return count


def _sweep(order: Order, towards: Neighbours, *, forward: bool) -> None:
    """Sort each layer by the mean place of each vertex's neighbours in the layer that was sorted before."""
    steps = range(1, len(order)) if forward else range(len(order) - 2, -1, -1)
    for step in steps:
        fixed = _fractions(order[step - 1 if forward else step + 1])
        own = _fractions(order[step])
        means = {
            vertex: sum([fixed[each] for each in towards[vertex]]) / len(towards[vertex])
            if towards[vertex]
            else own[vertex]
            for vertex in order[step]
        }
        order[step].sort(key=means.__getitem__)


def _fractions(layer: Sequence[int]) -> dict[int, float]:
    return {vertex: (place + 0.5) / len(layer) for place, vertex in enumerate(layer)}


def _swap(order: Order, before: Neighbours, after: Neighbours) -> None:
    """Swap two that stand side by side wherever that leaves fewer crossings. A third round gains little."""
    for _ in range(_ROUNDS_MAX):
        gained = False
        for step, layer in enumerate(order):
            ends = _ends(order, step, before, after)
            for place in range(len(layer) - 1):
                left, right = ends[layer[place]], ends[layer[place + 1]]
                now = _crossed(left[0], right[0]) + _crossed(left[1], right[1])
                if now > _crossed(right[0], left[0]) + _crossed(right[1], left[1]):
                    layer[place], layer[place + 1] = layer[place + 1], layer[place]
                    gained = True
        if not gained:
            return


def _ends(order: Order, step: int, before: Neighbours, after: Neighbours) -> dict[int, tuple[list[int], list[int]]]:
    """List, for each vertex of a layer, the places of its neighbours before and after, ascending."""
    above = {vertex: place for place, vertex in enumerate(order[step - 1])} if step else {}
    below = {vertex: place for place, vertex in enumerate(order[step + 1])} if step + 1 < len(order) else {}
    return {
        vertex: (sorted([above[each] for each in before[vertex]]), sorted([below[each] for each in after[vertex]]))
        for vertex in order[step]
    }


def _crossed(left: Sequence[int], right: Sequence[int]) -> int:
    """Count the crossings of two vertices that stand side by side, by the sorted ends of their segments."""
    return sum([len(left) - bisect_right(left, end) for end in right])
