"""Put layers, order and coordinates together: where every box and every segment of a way is. Pure, no recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._record import record
from flowing.views.layout.coordinates import across
from flowing.views.layout.crossings import ordered
from flowing.views.layout.layers import into_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.views.layout.layers import Layers, Link

_BEND_SIZE: Final = 14.0
_GAP_MIN: Final = 44.0
_GAP_MAX: Final = 130.0
_STEEPNESS: Final = 0.1  # the further a segment leads aside, the longer it may be
_LATE_GAP: Final = 20.0  # more room, for the line that sets late boxes apart


@record
class Point:
    """A place, in pixels to the right and down."""

    x: float
    y: float


@record(kw_only=True)
class Sizes:
    """How large each box is, and the room between two beside each other."""

    width: float
    height: float
    room: float


@record(kw_only=True)
class Segment:
    """A part of a way, between two layers. `through` is how far it goes straight on first: through a bend's layer."""

    begin: Point
    end: Point
    through: Point | None
    kind: int
    arrives: bool


@record(kw_only=True)
class Placed:
    """Where everything is. `corners` are the upper left corners of the boxes; `late_from` is where late boxes begin."""

    width: float
    height: float
    to_the_right: bool
    corners: tuple[Point, ...]
    segments: tuple[Segment, ...]
    late_from: float | None


def place(
    order: Sequence[int], links: Sequence[Link], late: Sequence[bool], *, sizes: Sizes, widest: float = 1_200.0
) -> Placed:
    """Lay out boxes of one size, from left to right or from top to bottom: as they come nearer to a page.

    `order` has every box after those that it is linked from; see `into_layers` for `late`.
    """
    layers = into_layers(order, links, late)
    in_order = ordered(layers)
    ways = [_placed(layers, in_order, late, sizes, to_the_right=each) for each in (True, False)]
    return min(ways, key=lambda each: (max(1.0, each.width / widest, each.height / widest), not each.to_the_right))


def _placed(
    layers: Layers, order: list[list[int]], late: Sequence[bool], sizes: Sizes, *, to_the_right: bool
) -> Placed:
    breadth, length = (sizes.height, sizes.width) if to_the_right else (sizes.width, sizes.height)
    room = [breadth + sizes.room if vertex < layers.boxes else _BEND_SIZE for vertex in range(layers.size)]
    before, after = layers.neighbours()
    middles = across(order, before, after, boxes=layers.boxes, sizes=room)
    first = min([middles[vertex] - (breadth if vertex < layers.boxes else 0) / 2 for vertex in range(layers.size)])
    middles = [round(2 * (middle - first)) / 2 for middle in middles]
    layer_of = {vertex: index for index, layer in enumerate(order) for vertex in layer}
    first_late = min([layer_of[box] for box in range(layers.boxes) if late[box]], default=0) or None
    starts = _starts(layers, order, middles, length, first_late)

    def at(along: float, aside: float) -> Point:
        return Point(along, aside) if to_the_right else Point(aside, along)

    segments: list[Segment] = []
    for (source, target), kind in zip(layers.segments, layers.kinds, strict=True):
        near = starts[layer_of[source]]
        begin, beyond = at(near, middles[source]), at(near + length, middles[source])
        is_bend = source >= layers.boxes
        segments.append(
            Segment(
                begin=begin if is_bend else beyond,
                through=beyond if is_bend else None,
                end=at(starts[layer_of[target]], middles[target]),
                kind=kind,
                arrives=target < layers.boxes,
            )
        )
    total = starts[-1] + length
    broad = max([middles[vertex] + (breadth if vertex < layers.boxes else 0) / 2 for vertex in range(layers.size)])
    late_from = None if first_late is None else (starts[first_late - 1] + length + starts[first_late]) / 2
    return Placed(
        width=total if to_the_right else broad,
        height=broad if to_the_right else total,
        to_the_right=to_the_right,
        corners=tuple([at(starts[layer_of[box]], middles[box] - breadth / 2) for box in range(layers.boxes)]),
        segments=tuple(segments),
        late_from=late_from,
    )


def _starts(
    layers: Layers, order: list[list[int]], middles: Sequence[float], length: float, first_late: int | None
) -> list[float]:
    """Say where each layer begins: after a gap that leaves steep segments some room."""
    layer_of = {vertex: index for index, layer in enumerate(order) for vertex in layer}
    aside = [0.0] * len(order)
    for source, target in layers.segments:
        index = layer_of[source]
        aside[index] = max(aside[index], abs(middles[source] - middles[target]))
    starts = [0.0]
    for index, each in enumerate(aside[:-1]):
        gap = round(min(_GAP_MAX, _GAP_MIN + _STEEPNESS * each)) + (_LATE_GAP if index + 1 == first_late else 0)
        starts.append(starts[-1] + length + gap)
    return starts
