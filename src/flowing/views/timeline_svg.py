"""The timeline as SVG: bars for attempts, lines for waits, the critical path underlined. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._text import counted, one_line
from flowing.results import StepState
from flowing.views.axis import Axis, axis_of, worded
from flowing.views.lettering import cut_in_the_middle, is_plain, mono_width, sans_width
from flowing.views.markup import NOTHING, Markup, element, joined, number, text
from flowing.views.paint import MONO, drawing, symbol, words
from flowing.views.palette import LIGHT
from flowing.views.picture import Span, SpanKind
from flowing.views.summary import duration
from flowing.views.timeline import Bar, merged

if TYPE_CHECKING:
    from flowing.views.picture import Picture
    from flowing.views.timeline import Row, Timeline

_WIDTH: Final = 900.0
_ROW: Final = 24.0
_BAR: Final = 14.0
_MARGIN: Final = 20.0
_TOP: Final = 34.0
_NAME_PX: Final = 12.0
_SMALL_PX: Final = 11.0
_NAME_MAX: Final = 200.0


def timeline_svg(picture: Picture, timeline: Timeline) -> Markup:
    """Draw the rows below a scale of seconds since the begin. O(bars)."""
    busy = [(from_s - timeline.begin_s, until_s - timeline.begin_s) for from_s, until_s in timeline.busy]
    axis = axis_of(busy, length_s=timeline.end_s - timeline.begin_s, width=_WIDTH)
    names = [_name(picture, row) for row in timeline.rows]
    room = max([mono_width(each, size_px=_NAME_PX) for each in names], default=0.0)
    left = _MARGIN + room + (12 if room else 0)
    height = _TOP + _ROW * len(timeline.rows) + 8
    rows: list[Markup] = []
    for index, row in enumerate(timeline.rows):
        y = _TOP + _ROW * index
        rows += [_label(names[index], row, y), *_bars(picture, row, axis, timeline.begin_s, (left, y))]
    legend = _legend(timeline, height + 14)
    return drawing(
        *_scale(axis, left, height),
        *rows,
        legend,
        width=left + _WIDTH + 2.5 * _MARGIN,
        height=height + 34,
        label=f"timeline of {counted(len(picture.tasks), 'task')}, {duration(timeline.end_s - timeline.begin_s)}",
    )


def _name(picture: Picture, row: Row) -> str:
    if row.place is None:
        return ""
    name = one_line(picture.tasks[row.place].name, length_max=400)
    return cut_in_the_middle(name, width_max=_NAME_MAX, size_px=_NAME_PX)


def _label(name: str, row: Row, y: float) -> Markup:
    if not name:
        return NOTHING
    on_path = row.bars[0].on_path
    fitted = None if is_plain(name) else mono_width(name, size_px=_NAME_PX)
    return words(
        text(name),
        x=_MARGIN,
        y=y + _BAR - 2,
        class_="fl-accent-ink" if on_path else "fl-ink",
        fill=LIGHT.accent if on_path else LIGHT.ink,
        font_family=MONO,
        font_size=_NAME_PX,
        font_weight=700 if on_path else None,
        textLength=fitted,
        lengthAdjust=None if fitted is None else "spacingAndGlyphs",
    )


def _scale(axis: Axis, left: float, height: float) -> list[Markup]:
    drawn: list[Markup] = []
    for place, said in axis.ticks():
        x = left + place
        line = f"M{number(x)} {number(_TOP - 8)}V{number(height)}"
        drawn += [
            element("path", class_="fl-rule", d=line, stroke=LIGHT.rule, stroke_width=1),
            words(text(said), x=x, y=_TOP - 14, font_size=_SMALL_PX, text_anchor="middle"),
        ]
    for from_s, until_s in axis.breaks:
        x = left + (axis.at(from_s) + axis.at(until_s)) / 2
        line = (
            f"M{number(x - 3)} {number(_TOP - 8)}V{number(height)}M{number(x + 3)} {number(_TOP - 8)}V{number(height)}"
        )
        drawn.append(
            element(
                "g",
                element("title", text(f"{duration(until_s - from_s)} in which nothing ran, drawn shorter")),
                element("path", class_="fl-edge", d=line, stroke=LIGHT.line, stroke_width=1.5, stroke_dasharray="3 3"),
            )
        )
    return drawn


def _bars(picture: Picture, row: Row, axis: Axis, begin_s: float, corner: tuple[float, float]) -> list[Markup]:
    drawn: list[Markup] = []
    x, y = corner
    bars = merged(row.bars, shortest_s=2 * axis.seconds_per_pixel) if row.place is None else [(b, 1) for b in row.bars]
    for bar, count in bars:
        start = x + axis.at(bar.span.from_s - begin_s)
        end = x + axis.at(bar.until_s - begin_s)
        title = element("title", text(_said(picture, bar, count, begin_s)))
        drawn.append(element("g", title, *_shapes(bar, start, end, y)))
    return drawn


def _shapes(bar: Bar, start: float, end: float, y: float) -> list[Markup]:
    """Draw a bar; one that is too short to be seen is two pixels long."""
    middle = y + _BAR / 2
    line = f"M{number(start)} {number(middle)}H{number(end)}"
    match bar.span.kind:
        case SpanKind.WAITING:
            return [
                element("path", class_="fl-edge", d=line, stroke=LIGHT.line, stroke_width=1.5, stroke_dasharray="1.5 3")
            ]
        case SpanKind.BACKOFF:
            ends = f"M{number(start)} {number(middle - 4)}v8M{number(end)} {number(middle - 4)}v8"
            return [element("path", class_="fl-edge", d=line + ends, stroke=LIGHT.line, stroke_width=1.5)]
        case SpanKind.EARLIER:
            return [_rect(bar, start, end, y, StepState.FAILED, stroke_dasharray="3 3")]
        case SpanKind.ATTEMPT:
            shapes = [_rect(bar, start, end, y, bar.span.went)]
            if end - start >= _BAR + 4:
                shapes.append(symbol(bar.span.went, x=(start + end) / 2 - 6, y=y + 1))
            if bar.on_path:
                under = f"M{number(start)} {number(y + _BAR + 3)}H{number(max(end, start + 2))}"
                shapes.append(element("path", class_="fl-accent", d=under, stroke=LIGHT.accent, stroke_width=3))
            return shapes


def _rect(
    bar: Bar, start: float, end: float, y: float, state: StepState, *, stroke_dasharray: str | None = None
) -> Markup:
    tone = LIGHT.tones[state]
    return element(
        "rect",
        class_=f"fl-box-{state}",
        x=start,
        y=y,
        width=max(end - start, 2),
        height=_BAR,
        rx=2 if end - start > 4 else None,  # noqa: PLR2004 - no room for round corners
        fill=tone.fill,
        stroke=tone.line,
        stroke_width=2 if bar.span.went is StepState.FAILED else 1,
        stroke_dasharray=stroke_dasharray,
    )


def _said(picture: Picture, bar: Bar, count: int, begin_s: float) -> str:
    task = picture.tasks[bar.place]
    span = bar.span
    length = duration(bar.until_s - span.from_s)
    since = f"from {worded(span.from_s - begin_s)}"
    if count > 1:
        return f"{counted(count, 'attempt')} {span.went}, {length} {since}"
    name = task.name if len(task.name) <= _NAME_MAX else f"{task.name[:200]}…"
    match span.kind:
        case SpanKind.ATTEMPT:
            return f"{name}: attempt {span.attempt} {span.went}, {length} {since}"
        case SpanKind.EARLIER:
            return f"{name}: {counted(task.attempts - 1, 'earlier attempt')}, with waits, {length} {since}"
        case SpanKind.BACKOFF:
            return f"{name}: back-off after attempt {span.attempt}, {length} {since}"
        case SpanKind.WAITING:
            return f"{name}: waiting for a worker, {length} {since}"


_KINDS: Final = (
    (SpanKind.EARLIER, "earlier attempts, with waits"),
    (SpanKind.BACKOFF, "back-off"),
    (SpanKind.WAITING, "ready, waiting"),
)


def _legend(timeline: Timeline, y: float) -> Markup:
    """Say what is drawn, and nothing that is not."""
    bars = [bar for row in timeline.rows for bar in row.bars]
    kinds = {bar.span.kind for bar in bars}
    went = {bar.span.went for bar in bars if bar.span.kind is SpanKind.ATTEMPT}
    drawn: list[Markup] = []
    x = _MARGIN
    if any(bar.on_path for bar in bars):
        line = f"M{number(x)} {number(y)}h22"
        drawn += [
            element("path", class_="fl-accent", d=line, stroke=LIGHT.accent, stroke_width=3),
            words(Markup("critical path"), x=x + 28, y=y + 4, font_size=_SMALL_PX),
        ]
        x += 28 + sans_width("critical path", size_px=_SMALL_PX) + 12
    for bar, said in _samples(kinds, went):
        drawn += [*_shapes(bar, x, x + 22, y - _BAR / 2), words(text(said), x=x + 28, y=y + 4, font_size=_SMALL_PX)]
        x += 28 + sans_width(said, size_px=_SMALL_PX) + 12
    return joined(drawn)


def _samples(kinds: set[SpanKind], went: set[StepState]) -> list[tuple[Bar, str]]:
    made = [
        (Bar(place=0, span=Span(kind=SpanKind.ATTEMPT, from_s=0, went=state), until_s=0), f"attempt, {state}")
        for state in StepState
        if state in went
    ]
    made += [(Bar(place=0, span=Span(kind=kind, from_s=0), until_s=0), said) for kind, said in _KINDS if kind in kinds]
    return made
