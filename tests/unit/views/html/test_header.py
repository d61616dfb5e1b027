"""The head: counts, times and the critical path, as far as they are known."""

from __future__ import annotations

from flowing.results import StepState
from flowing.views.html.header import header
from flowing.views.picture import Picture
from tests.unit.views.drawn import chain, mixed, picture
from tests.unit.views.html.reading import Page


def test_it_says_how_the_run_stands() -> None:
    page = Page(header(picture(chain(40), state=mixed)))
    chips = ["40 tasks", "3 PENDING", "3 RUNNING", "28 SUCCEEDED", "2 FAILED", "2 SKIPPED", "2 CANCELLED"]
    assert page.said("span") == chips
    assert page.said("dt") == ["first attempt", "wall time", "critical path"]


def test_the_critical_path_is_named_from_end_to_end() -> None:
    assert "".join(Page(header(picture(chain(3)))).said("dd")).endswith("3.00 s in 3 tasks: task_0 → task_1 → task_2")
    assert " → 88 more → " in "".join(Page(header(picture(chain(100)))).said("dd"))


def test_before_a_run_there_are_no_times() -> None:
    page = Page(header(picture(chain(2), state=lambda place: StepState.PENDING)))
    assert page.said("dl") == []
    assert page.said("span") == ["2 tasks", "2 PENDING"]


def test_a_run_has_its_id_and_its_notes() -> None:
    page = Page(header(Picture(tasks=(), run_id="abc", notes=("one", "two"))))
    assert page.said("dd") == ["abc"]
    assert page.said("p")[-2:] == ["one", "two"]
