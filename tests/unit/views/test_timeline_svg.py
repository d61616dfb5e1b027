"""The drawing of the timeline: every kind of time looks its own, and says what it is."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from attrs import evolve

from flowing.results import StepState
from flowing.views.picture import Picture, Span, SpanKind
from flowing.views.timeline import timeline_of
from flowing.views.timeline_svg import timeline_svg
from tests.unit.views.drawn import NAMES, chain, fan, mixed, named, picture

SVG = "{http://www.w3.org/2000/svg}"


def drawn(shown: Picture) -> ET.Element:
    timeline = timeline_of(shown)
    assert timeline is not None
    return ET.fromstring(timeline_svg(shown, timeline))


def texts(root: ET.Element, tag: str = "text") -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}{tag}")]


def test_each_attempt_back_off_and_wait_says_what_it_is() -> None:
    spans = (
        Span(kind=SpanKind.ATTEMPT, from_s=1_000_000_001.5, until_s=1_000_000_002, attempt=1, went=StepState.FAILED),
        Span(kind=SpanKind.BACKOFF, from_s=1_000_000_002, until_s=1_000_000_003, attempt=1),
        Span(kind=SpanKind.ATTEMPT, from_s=1_000_000_003, until_s=1_000_000_004, attempt=2, went=StepState.SUCCEEDED),
    )
    plain = picture(chain(2))
    root = drawn(Picture(tasks=(plain.tasks[0], evolve(plain.tasks[1], spans=spans, attempts=2))))
    assert texts(root, "title") == [
        "task_0: attempt 1 SUCCEEDED, 1.00 s from 0.0 ms",
        "task_1: waiting for a worker, 500.0 ms from 1,000.0 ms",
        "task_1: attempt 1 FAILED, 500.0 ms from 1,500.0 ms",
        "task_1: back-off after attempt 1, 1.00 s from 2,000.0 ms",
        "task_1: attempt 2 SUCCEEDED, 1.00 s from 3,000.0 ms",
    ]
    legend = ["critical path", "attempt, SUCCEEDED", "attempt, FAILED", "back-off", "ready, waiting"]
    assert texts(root)[-5:] == legend


def test_only_what_is_drawn_is_explained() -> None:
    assert "back-off" not in texts(drawn(picture(chain(2))))


def test_the_critical_path_is_underlined() -> None:
    root = drawn(picture([[], [0], [0], [2]]))
    lines = [each for each in root.iter(f"{SVG}path") if each.get("class") == "fl-accent"]
    assert len(lines) == 1 + 3  # with the one that explains it


def test_all_is_inside_and_nothing_has_an_id() -> None:
    for shown in (picture(fan(50), state=mixed, name=named), picture(fan(2_000), state=mixed)):
        root = drawn(shown)
        width, height = float(root.get("width", 0)), float(root.get("height", 0))
        for each in root.iter(f"{SVG}rect"):
            assert float(each.get("x", 0)) >= 0
            assert float(each.get("x", 0)) + float(each.get("width", 0)) <= width
            assert float(each.get("y", 0)) + float(each.get("height", 0)) <= height
        assert all("id" not in each.attrib for each in root.iter())


def test_names_stay_text() -> None:
    """[S9] Whatever they are."""
    root = drawn(picture([[]] * len(NAMES), name=NAMES.__getitem__))
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        "svg",
        "style",
        "rect",
        "path",
        "text",
        "g",
        "title",
    }
    assert any("<script>" in each for each in texts(root, "title"))


def test_a_hundred_thousand_attempts_are_a_few_bars() -> None:
    root = drawn(picture(chain(3_000)))
    assert len(list(root.iter(f"{SVG}rect"))) < 1_000
    assert any("attempts SUCCEEDED" in each for each in texts(root, "title"))


def test_hours_without_an_attempt_are_marked() -> None:
    first, second = picture(chain(2)).tasks
    later = evolve(second, started_s=1_000_050_000.0, attempts=1)
    assert "833.3 min in which nothing ran, drawn shorter" in texts(drawn(Picture(tasks=(first, later))), "title")
