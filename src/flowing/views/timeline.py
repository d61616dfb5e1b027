"""When each task did what, in rows: of one task each, or packed where there are too many. Facts, and no pixels."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from attrs import evolve, field

from flowing._record import record
from flowing.results import StepState
from flowing.views.picture import Picture, Span, SpanKind, critical_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROWS_MAX: Final = 100
LANES_MAX: Final = 24


@record(kw_only=True)
class Bar:
    """A span of the task at `place`, with an end. `on_path` marks the critical path."""

    place: int
    span: Span
    until_s: float
    on_path: bool = False


@record(kw_only=True)
class Row:
    """What is drawn on one line. `place` is the task's, None where tasks share rows."""

    place: int | None
    bars: tuple[Bar, ...] = field(repr=False)


@record(kw_only=True)
class Timeline:
    """Rows from `begin_s` to `end_s`, seconds since 1970. `busy` are the times in which something was going on."""

    rows: tuple[Row, ...]
    begin_s: float
    end_s: float
    busy: tuple[tuple[float, float], ...]
    notes: tuple[str, ...] = ()


def timeline_of(picture: Picture) -> Timeline | None:
    """Lay a run out in time; None where no time is known. O(tasks * log(tasks) + edges)."""
    spans = _spans(picture)
    known = [span for each in spans for span in each]
    if not known:
        return None
    begin_s = min([span.from_s for span in known])
    end_s = max([span.from_s if span.until_s is None else span.until_s for span in known])
    if any(span.until_s is None for span in known):
        end_s += 0.03 * (end_s - begin_s) or 1.0  # what goes on must be seen to
    on_path = set(critical_path(picture))
    bars = [
        tuple(
            [
                Bar(
                    place=place,
                    span=span,
                    until_s=end_s if span.until_s is None else max(span.from_s, span.until_s),
                    on_path=place in on_path,
                )
                for span in each
            ]
        )
        for place, each in enumerate(spans)
        if each
    ]
    rows, notes = _rows(bars)
    busy = _union(bar for each in bars for bar in each if bar.span.kind in {SpanKind.ATTEMPT, SpanKind.BACKOFF})
    return Timeline(rows=rows, begin_s=begin_s, end_s=end_s, busy=busy, notes=notes)


def _spans(picture: Picture) -> list[tuple[Span, ...]]:
    """List what is known of each task: its spans as they were heard, or what follows from its last attempt."""
    first_s = min([each.started_s for each in picture.tasks if each.started_s is not None], default=None)
    main_ends = [each.ended_s for each in picture.tasks if not each.detached]
    main_end_s = max([end for end in main_ends if end is not None], default=None)
    spans: list[tuple[Span, ...]] = []
    for each in picture.tasks:
        needed = [picture.tasks[place].ended_s for place in each.dependencies] or [first_s]
        ready_s = _last([*needed, main_end_s] if each.detached else needed)
        if each.spans:
            spans.append(_with_waits(each.spans, ready_s))
        elif each.started_s is not None:
            went = StepState.FAILED if each.state is StepState.PENDING else each.state
            last = Span(
                kind=SpanKind.ATTEMPT, from_s=each.started_s, until_s=each.ended_s, attempt=each.attempts, went=went
            )
            kind = SpanKind.EARLIER if each.attempts > 1 else SpanKind.WAITING
            spans.append((*_before(kind, ready_s, last), last))
        else:
            spans.append(())
    return spans


def _last(times: Sequence[float | None]) -> float | None:
    """Give the last of some times, or None where one is not known."""
    known = [each for each in times if each is not None]
    return max(known) if len(known) == len(times) else None


def _with_waits(spans: Sequence[Span], ready_s: float | None) -> tuple[Span, ...]:
    filled: list[Span] = []
    for each in spans:
        filled += [*_before(SpanKind.WAITING, ready_s, each), each]
        ready_s = each.until_s
    return tuple(filled)


def _before(kind: SpanKind, ready_s: float | None, span: Span) -> tuple[Span, ...]:
    if ready_s is None or ready_s >= span.from_s:
        return ()
    return (Span(kind=kind, from_s=ready_s, until_s=span.from_s, attempt=1),)


def _rows(bars: Sequence[tuple[Bar, ...]]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    if len(bars) <= ROWS_MAX:
        ascending = sorted(bars, key=lambda each: (each[-1].span.from_s, each[-1].place))
        return tuple([Row(place=each[0].place, bars=each) for each in ascending]), ()
    attempts = [bar for each in bars for bar in each if bar.span.kind is SpanKind.ATTEMPT]
    lanes = _packed(attempts)
    said = (
        f"{len(attempts):,} attempts of {len(bars):,} tasks are packed into {len(lanes):,} rows, as many as ran at "
        f"the same time; a row is not a worker. Waiting and back-off are left out."
    )
    notes = [said]
    if len(lanes) > LANES_MAX:
        notes.append(f"{len(lanes) - LANES_MAX:,} more rows are not drawn.")
    return tuple([Row(place=None, bars=tuple(each)) for each in lanes[:LANES_MAX]]), tuple(notes)


def _packed(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Put each bar into the first row that is free when it begins. O(n * log(n))."""
    free: list[tuple[int, list[Bar]]] = []  # rows by number, so that no two lists are compared
    taken: list[tuple[float, int, list[Bar]]] = []
    rows: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda each: (each.span.from_s, each.place)):
        while taken and taken[0][0] <= bar.span.from_s:
            _, number, row = heapq.heappop(taken)
            heapq.heappush(free, (number, row))
        if free:
            number, row = heapq.heappop(free)
        else:
            number, row = len(rows), list[Bar]()
            rows.append(row)
        row.append(bar)
        heapq.heappush(taken, (bar.until_s, number, row))
    return rows


def _union(bars: Iterable[Bar]) -> tuple[tuple[float, float], ...]:
    """Join times that meet. O(n * log(n))."""
    joined: list[tuple[float, float]] = []
    for from_s, until_s in sorted([(bar.span.from_s, bar.until_s) for bar in bars]):
        if joined and from_s <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], until_s)
        else:
            joined.append((from_s, until_s))
    return tuple(joined)


def merged(bars: Sequence[Bar], *, shortest_s: float) -> tuple[tuple[Bar, int], ...]:
    """Join bars of a row that are too short and too near to each other to be seen apart; count those in each. O(n)."""
    joined: list[tuple[Bar, int]] = []
    for bar in bars:
        last, count = joined[-1] if joined else (None, 0)
        if (
            last is not None
            and bar.until_s - bar.span.from_s < shortest_s
            and bar.span.from_s - last.until_s < shortest_s
            and (count > 1 or last.until_s - last.span.from_s < shortest_s)
            and bar.span.went is last.span.went
        ):
            both = evolve(last, until_s=max(bar.until_s, last.until_s), on_path=bar.on_path or last.on_path)
            joined[-1] = both, count + 1
        else:
            joined.append((bar, 1))
    return tuple(joined)
