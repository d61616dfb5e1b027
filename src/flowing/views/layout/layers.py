"""Put each box into a layer, so that edges lead from a layer to a later one, and cut edges at the layers between."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flowing._record import record

if TYPE_CHECKING:
    from collections.abc import Sequence


@record
class Link:
    """An edge from box `source` to box `target`; those of one `kind` from one source share their way."""

    source: int
    target: int
    kind: int = 0


@record(kw_only=True)
class Layers:
    """Vertices by layer. Those below `boxes` are boxes, the others bends: where a way passes through a layer.

    `segments` lead from a vertex to one in the next layer. `kinds` has the kind of each segment's links.
    """

    boxes: int
    layers: tuple[tuple[int, ...], ...]
    segments: tuple[tuple[int, int], ...]
    kinds: tuple[int, ...]

    @property
    def size(self) -> int:
        """Count the vertices."""
        return sum(map(len, self.layers))

    def neighbours(self) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
        """List, for each vertex, those that it is linked to in the layer before, and in the next."""
        before: list[list[int]] = [[] for _ in range(self.size)]
        after: list[list[int]] = [[] for _ in range(self.size)]
        for source, target in self.segments:
            before[target].append(source)
            after[source].append(target)
        return tuple([tuple(each) for each in before]), tuple([tuple(each) for each in after])


def into_layers(order: Sequence[int], links: Sequence[Link], late: Sequence[bool]) -> Layers:
    """Make layers of boxes, which stand in `order` so that links lead forward.

    `late` boxes come after all others; no other box may be linked from one. O(boxes + links + bends).
    """
    layer_of = _pulled_together(order, links, _longest_ways(order, links, late), late)
    _spread_lonely(order, links, layer_of, late)
    layers: list[list[int]] = [[] for _ in range(max(layer_of, default=-1) + 1)]
    for box in order:
        layers[layer_of[box]].append(box)
    segments: dict[tuple[int, int], int] = {}
    bends: dict[tuple[int, int, int], int] = {}
    size = len(order)
    for link in links:
        last = link.source
        for layer in range(layer_of[link.source] + 1, layer_of[link.target]):
            bend = bends.setdefault((link.source, link.kind, layer), size)
            if bend == size:
                size += 1
                layers[layer].append(bend)
            segments[last, bend] = link.kind
            last = bend
        segments[last, link.target] = link.kind
    return Layers(
        boxes=len(order),
        layers=tuple([tuple(each) for each in layers]),
        segments=tuple(segments),
        kinds=tuple(segments.values()),
    )


def _longest_ways(order: Sequence[int], links: Sequence[Link], late: Sequence[bool]) -> list[int]:
    """Give each box the number of its layer: the length of the longest way to it."""
    sources: list[list[int]] = [[] for _ in order]
    for link in links:
        sources[link.target].append(link.source)
    layer_of = [0] * len(order)
    for box in order:
        if not late[box]:
            layer_of[box] = max([layer_of[source] + 1 for source in sources[box]], default=0)
    first_late = max([layer_of[box] + 1 for box in order if not late[box]], default=0)
    for box in order:
        if late[box]:
            layer_of[box] = max([layer_of[source] + 1 for source in sources[box]] + [first_late])
    return layer_of


def _pulled_together(
    order: Sequence[int], links: Sequence[Link], layer_of: list[int], late: Sequence[bool]
) -> list[int]:
    """Move a box that has more links onward than back, to just before the first that it is linked to."""
    targets: list[list[int]] = [[] for _ in order]
    back = [0] * len(order)
    for link in links:
        targets[link.source].append(link.target)
        back[link.target] += 1
    for box in reversed(order):
        near = [layer_of[target] for target in targets[box] if late[target] == late[box]]
        if near and len(targets[box]) > back[box]:
            layer_of[box] = max(layer_of[box], min(near) - 1)
    return layer_of


def _spread_lonely(order: Sequence[int], links: Sequence[Link], layer_of: list[int], late: Sequence[bool]) -> None:
    """Spread boxes without a link, which would all be in the first layer, over those that have the fewest boxes."""
    linked = {end for link in links for end in (link.source, link.target)}
    lonely = [box for box in order if box not in linked and not late[box]]
    others = [layer_of[box] for box in order if box in linked and not late[box]]
    layers = max(max(others, default=0) + 1, 1 if any(late) else math.isqrt(len(lonely)))
    counts = [others.count(layer) for layer in range(layers)]
    for box in lonely:
        layer_of[box] = counts.index(min(counts))
        counts[layer_of[box]] += 1
