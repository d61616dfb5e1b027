"""Rows of the timeline: what is known when, what follows from it, and how many rows it takes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from flowing.results import StepState
from flowing.views.picture import DrawnTask, Picture, Span, SpanKind
from flowing.views.timeline import Bar, Row, merged, timeline_of
from tests.unit.views.drawn import chain, fan, picture


def kinds(row: Row) -> list[tuple[str, float, float]]:
    return [(bar.span.kind.value, bar.span.from_s, bar.until_s) for bar in row.bars]


def task(name: str, started_s: float | None = None, took_s: float | None = None, **more: Any) -> DrawnTask:  # noqa: ANN401 - of any field
    made = DrawnTask(name=name, started_s=started_s, duration_s=took_s, attempts=int(started_s is not None))
    return evolve(made, **{"state": StepState.SUCCEEDED, **more})


def test_a_task_waits_from_the_end_of_what_it_needs() -> None:
    timeline = timeline_of(Picture(tasks=(task("a", 10, 2), task("b", 15, 1, dependencies=(0,)))))
    assert timeline is not None
    assert [kinds(row) for row in timeline.rows] == [
        [("attempt", 10, 12)],
        [("waiting", 12, 15), ("attempt", 15, 16)],
    ]
    assert (timeline.begin_s, timeline.end_s) == (10, 16)
    assert timeline.busy == ((10, 12), (15, 16))
    assert all(bar.on_path for row in timeline.rows for bar in row.bars)


def test_earlier_attempts_are_known_to_have_been() -> None:
    timeline = timeline_of(Picture(tasks=(task("a", 0, 1), task("b", 9, 1, dependencies=(0,), attempts=3))))
    assert timeline is not None
    assert kinds(timeline.rows[1]) == [("earlier attempts", 1, 9), ("attempt", 9, 10)]


def test_events_say_it_exactly() -> None:
    spans = (
        Span(kind=SpanKind.ATTEMPT, from_s=2, until_s=3, attempt=1, went=StepState.FAILED),
        Span(kind=SpanKind.BACKOFF, from_s=3, until_s=5, attempt=1),
        Span(kind=SpanKind.ATTEMPT, from_s=6, until_s=9, attempt=2, went=StepState.SUCCEEDED),
    )
    timeline = timeline_of(Picture(tasks=(task("a", 0, 1), task("b", 6, 3, dependencies=(0,), spans=spans))))
    assert timeline is not None
    assert kinds(timeline.rows[1]) == [
        ("waiting", 1, 2),
        ("attempt", 2, 3),
        ("back-off", 3, 5),
        ("waiting", 5, 6),
        ("attempt", 6, 9),
    ]


def test_a_detached_task_waits_for_the_main_graph() -> None:
    tasks = (task("a", 0, 1), task("b", 1, 8, dependencies=(0,)), task("c", 10, 1, dependencies=(0,), detached=True))
    timeline = timeline_of(Picture(tasks=tasks))
    assert timeline is not None
    assert kinds(timeline.rows[2])[0] == ("waiting", 9, 10)


def test_what_goes_on_reaches_the_end_and_what_waits_for_another_try_has_failed_once() -> None:
    running = task("a", 0, state=StepState.RUNNING)
    backing_off = task("b", 0, 50, state=StepState.PENDING)
    timeline = timeline_of(Picture(tasks=(running, backing_off)))
    assert timeline is not None
    assert timeline.rows[0].bars[0].until_s == timeline.end_s > 50
    assert timeline.rows[1].bars[0].span.went is StepState.FAILED


def test_without_times_there_is_no_timeline() -> None:
    assert timeline_of(picture(chain(3), state=lambda place: StepState.PENDING)) is None
    assert timeline_of(Picture(tasks=())) is None


def test_many_tasks_are_packed_into_as_many_rows_as_ran_at_once() -> None:
    tasks = tuple(task(f"t{place}", place // 4, 1) for place in range(400))
    timeline = timeline_of(Picture(tasks=tasks))
    assert timeline is not None
    assert len(timeline.rows) == 4
    assert all(row.place is None for row in timeline.rows)
    assert "400 attempts of 400 tasks are packed into 4 rows" in timeline.notes[0]


def test_more_rows_than_can_be_drawn_are_counted() -> None:
    timeline = timeline_of(picture(fan(1_000)))
    assert timeline is not None
    assert len(timeline.rows) == 24
    assert timeline.notes[1] == "976 more rows are not drawn."


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), min_size=101, max_size=130))
def test_packed_attempts_do_not_meet(times: list[tuple[int, int]]) -> None:
    timeline = timeline_of(Picture(tasks=tuple(task(f"t{n}", *each) for n, each in enumerate(times))))
    assert timeline is not None
    for row in timeline.rows:
        ends = [(bar.span.from_s, bar.until_s) for bar in row.bars]
        assert all(before[1] <= after[0] for before, after in pairwise(ends))


def test_bars_too_short_to_be_seen_apart_are_joined_and_counted() -> None:
    def bar(from_s: float, until_s: float, went: StepState = StepState.SUCCEEDED) -> Bar:
        return Bar(
            place=0, span=Span(kind=SpanKind.ATTEMPT, from_s=from_s, until_s=until_s, went=went), until_s=until_s
        )

    bars = [bar(0, 0.1), bar(0.1, 0.2), bar(0.3, 0.4), bar(0.4, 0.5, StepState.FAILED), bar(0.5, 9), bar(9, 9.1)]
    joined = merged(bars, shortest_s=1)
    assert [(each.span.from_s, each.until_s, count) for each, count in joined] == [
        (0, 0.4, 3),
        (0.4, 0.5, 1),
        (0.5, 9, 1),
        (9, 9.1, 1),
    ]


def test_four_times_as_many_tasks_cost_about_four_times_as_much() -> None:
    """Counted in looks at a start, because each could be looked at for each."""

    class Looks(float):
        count = 0

        @override
        def __lt__(self, other: float) -> bool:
            Looks.count += 1
            return float(self) < float(other)

        @override
        def __gt__(self, other: float) -> bool:
            Looks.count += 1
            return float(self) > float(other)

    looks: list[int] = []
    for size in (1_000, 4_000):
        Looks.count = 0
        assert timeline_of(Picture(tasks=tuple(task(f"t{place}", Looks(place), 1) for place in range(size))))
        looks.append(Looks.count)
    assert 0 < looks[1] < 6 * looks[0]
