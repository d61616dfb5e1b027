"""The graph as SVG: a box a task, an arrow a dependency, states by colour, by symbol and in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flowing._record import record
from flowing._text import one_line
from flowing.results import StepState
from flowing.views.diagram import diagram_of, in_forward_order
from flowing.views.layout.layers import Link
from flowing.views.layout.place import Placed, Point, Segment, Sizes, place
from flowing.views.lettering import cut_at_the_end, cut_in_the_middle, is_plain, mono_width, sans_width
from flowing.views.markup import Markup, element, joined, number, text
from flowing.views.paint import MONO, drawing, symbol, words
from flowing.views.palette import LIGHT
from flowing.views.tooltip import said_of, tooltip
from flowing.views.wording import headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.views.diagram import Box, Diagram
    from flowing.views.picture import Picture

_NAME_PX: Final = 12.5
_SMALL_PX: Final = 11.0
_TEXT_MAX: Final = 224.0
_TEXT_MIN: Final = 76.0
_PADDING: Final = 12.0
_SYMBOL: Final = 20.0
_CARDS: Final = 3.0  # how far the cards of a pile stand out
_MARGIN: Final = 20.0
_LINE: Final = 18.0
# An edge may pass behind the words.
_HALO: Final[dict[str, Any]] = {
    "font_size": _SMALL_PX,
    "paint_order": "stroke",
    "stroke": LIGHT.ground,
    "stroke_width": 4,
}
_LATE: Final = "detached: after the main graph"


def svg(picture: Picture) -> str:
    """Draw the graph of a run. O(tasks + edges), and the layout of at most 300 boxes."""
    diagram = diagram_of(picture)
    if not diagram.boxes:
        line = words(Markup("no tasks"), x=_MARGIN, y=2 * _LINE)
        return drawing(line, width=120, height=3 * _LINE, label=headline(picture))
    labels = [_label(picture, box) for box in diagram.boxes]
    sizes = _sizes(labels, with_states=picture.begun)
    placed = place(
        in_forward_order(len(diagram.boxes), diagram.edges),
        [Link(edge.source, edge.target, int(edge.order_only)) for edge in diagram.edges],
        [box.detached for box in diagram.boxes],
        sizes=sizes,
    )
    return _drawn(picture, diagram, labels, placed, sizes)


@record
class _Label:
    name: str
    small: str


def _label(picture: Picture, box: Box) -> _Label:
    first = picture.tasks[box.first]
    name = cut_in_the_middle(one_line(first.name, length_max=400), width_max=_TEXT_MAX, size_px=_NAME_PX)
    return _Label(name, cut_at_the_end(said_of(picture, box), width_max=_TEXT_MAX, size_px=_SMALL_PX))


def _sizes(labels: Sequence[_Label], *, with_states: bool) -> Sizes:
    widths = [
        max(mono_width(each.name, size_px=_NAME_PX), sans_width(each.small, size_px=_SMALL_PX)) for each in labels
    ]
    width = min(max(_TEXT_MIN, *widths), _TEXT_MAX)
    two_lines = with_states or any(each.small for each in labels)
    return Sizes(width=round(width + _SYMBOL + 2 * _PADDING), height=44 if two_lines else 30, room=18)


def _drawn(picture: Picture, diagram: Diagram, labels: Sequence[_Label], placed: Placed, sizes: Sizes) -> str:
    notes = [*diagram.notes]
    if any(edge.order_only for edge in diagram.edges):
        notes.append("Dashed: order without a value.")
    top = _MARGIN + (_LINE if placed.late_from is not None and placed.to_the_right else 0)
    shift = Point(_MARGIN, top)
    wide = [sans_width(each, size_px=_SMALL_PX) for each in notes]
    if placed.late_from is not None:
        wide.append((placed.late_from if placed.to_the_right else 0) + sans_width(_LATE, size_px=_SMALL_PX) + 8)
    width = max(placed.width + _CARDS, *wide, 0) + 2 * _MARGIN
    below = top + placed.height + _CARDS + _MARGIN
    boxes = [
        _box(picture, diagram.boxes[index], labels[index], Point(each.x + shift.x, each.y + shift.y), sizes)
        for index, each in enumerate(placed.corners)
    ]
    said = [
        words(text(each), x=_MARGIN, y=below + _LINE * (index + 0.5), font_size=_SMALL_PX)
        for index, each in enumerate(notes)
    ]
    return drawing(
        _edges(placed.segments, shift, to_the_right=placed.to_the_right),
        *_late_line(placed, shift, Point(width, below - _MARGIN / 2)),
        *boxes,
        *said,
        width=width,
        height=below + (_LINE * (len(notes) + 0.5) if notes else 0),
        label=headline(picture),
    )


def _late_line(placed: Placed, shift: Point, corner: Point) -> tuple[Markup, ...]:
    """Set the detached tasks apart."""
    if placed.late_from is None:
        return ()
    if placed.to_the_right:
        at = placed.late_from + shift.x
        d, x, y = f"M{number(at)} {number(_MARGIN / 2)}V{number(corner.y)}", at + 8, _MARGIN
    else:
        at = placed.late_from + shift.y
        d, x, y = f"M{number(_MARGIN / 2)} {number(at)}H{number(corner.x - _MARGIN / 2)}", _MARGIN / 2, at - 7
    line = element("path", class_="fl-rule", d=d, stroke=LIGHT.rule, stroke_width=1.5, stroke_dasharray="2 4")
    return line, words(Markup(_LATE), x=x, y=y, class_="fl-soft fl-halo", **_HALO)


def _edges(segments: Sequence[Segment], shift: Point, *, to_the_right: bool) -> Markup:
    drawn: list[Markup] = []
    for kind, dashes in ((0, None), (1, "5 4")):
        ways = [_way(each, shift, to_the_right=to_the_right) for each in segments if each.kind == kind]
        if ways:
            drawn.append(
                element(
                    "path",
                    class_="fl-edge",
                    d="".join(ways),
                    fill="none",
                    stroke=LIGHT.line,
                    stroke_width=1.4,
                    stroke_dasharray=dashes,
                )
            )
    tips = "".join([_tip(each.end, shift, to_the_right=to_the_right) for each in segments if each.arrives])
    if tips:
        drawn.append(element("path", class_="fl-tip", d=tips, fill=LIGHT.line))
    return joined(drawn)


def _way(segment: Segment, shift: Point, *, to_the_right: bool) -> str:
    """Draw straight through a bend's layer, and in a soft S through the gap behind it."""
    start = segment.through or segment.begin
    end = segment.end
    back = 5 if segment.arrives else 0  # the line ends inside the tip
    d = f"M{_at(segment.begin, shift)}"
    if segment.through is not None:
        d += f"L{_at(segment.through, shift)}"
    if to_the_right:
        middle = (start.x + end.x) / 2
        end = Point(end.x - back, end.y)
        one, other = Point(middle, start.y), Point(middle, end.y)
    else:
        middle = (start.y + end.y) / 2
        end = Point(end.x, end.y - back)
        one, other = Point(start.x, middle), Point(end.x, middle)
    return f"{d}C{_at(one, shift)} {_at(other, shift)} {_at(end, shift)}"


def _tip(end: Point, shift: Point, *, to_the_right: bool) -> str:
    sides = ("l-8 -4v8z") if to_the_right else ("l-4 -8h8z")
    return f"M{_at(end, shift)}{sides}"


def _at(point: Point, shift: Point) -> str:
    return f"{number(point.x + shift.x)} {number(point.y + shift.y)}"


def _box(picture: Picture, box: Box, label: _Label, corner: Point, sizes: Sizes) -> Markup:
    tone = LIGHT.tones[box.state]
    shape: dict[str, Any] = {
        "class_": f"fl-box-{box.state}",
        "width": sizes.width,
        "height": sizes.height,
        "rx": sizes.height / 2 if box.detached else 6,
        "fill": tone.fill,
        "stroke": tone.line,
    }
    pile = [
        element("rect", x=corner.x + offset, y=corner.y + offset, **shape)
        for offset in ((2 * _CARDS, _CARDS) if len(box.members) > 1 else ())
    ]
    middle = corner.y + sizes.height / 2
    left = corner.x + _PADDING + _SYMBOL
    return element(
        "g",
        element("title", tooltip(picture, box)),
        *pile,
        element(
            "rect",
            x=corner.x,
            y=corner.y,
            stroke_width=2.2 if box.state is StepState.FAILED else 1.2,
            stroke_dasharray="4 3" if box.state is StepState.SKIPPED else None,
            **shape,
        ),
        symbol(box.state, x=corner.x + _PADDING, y=middle - 6),
        _letters(label.name, x=left, y=middle - 3 if label.small else middle + 4.5, state=box.state),
        *_small(label.small, x=left, y=middle + 13, state=box.state),
        class_="fl-task",
    )


def _letters(name: str, *, x: float, y: float, state: StepState) -> Markup:
    """Write a name; one with letters whose width nobody knows is made to be as wide as was reckoned."""
    fitted = None if is_plain(name) else mono_width(name, size_px=_NAME_PX)
    return words(
        text(name),
        x=x,
        y=y,
        class_=f"fl-ink-{state}",
        fill=LIGHT.tones[state].ink,
        font_family=MONO,
        font_size=_NAME_PX,
        font_weight=600,
        textLength=fitted,
        lengthAdjust=None if fitted is None else "spacingAndGlyphs",
    )


def _small(said: str, *, x: float, y: float, state: StepState) -> tuple[Markup, ...]:
    if not said:
        return ()
    fill = LIGHT.tones[state].ink
    return (words(text(said), x=x, y=y, class_=f"fl-ink-{state}", fill=fill, font_size=_SMALL_PX),)
