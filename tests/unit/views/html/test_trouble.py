"""Failures with their tracebacks, and what was not run for which reason."""

from __future__ import annotations

from flowing.results import StepState
from flowing.views.html.trouble import failures, skipped
from flowing.views.picture import DrawnTask, Picture
from tests.unit.views.drawn import chain, fan, picture
from tests.unit.views.html.reading import Page


def test_each_failure_has_its_traceback_folded_away() -> None:
    shown = Picture(
        tasks=(
            DrawnTask(
                name="a", state=StepState.FAILED, attempts=3, why="OSError: full", traceback="Traceback …\n  x < y"
            ),
            DrawnTask(name="b", state=StepState.FAILED, detached=True, attempts=1, why="ValueError"),
        )
    )
    page = Page(failures(shown))
    assert page.said("summary") == ["a", "3 attempts", "OSError: full", "b", "1 attempt, detached", "ValueError"]
    assert page.said("pre") == ["Traceback …\n  x < y"]
    assert page.said("p") == ["No traceback was kept."]
    assert [tag for tag, _ in page.elements].count("details") == 2


def test_many_failures_are_folded_and_counted() -> None:
    page = Page(failures(picture(fan(200), state=lambda place: StepState.FAILED)))
    assert "197 more failures, of which 45 are here" in page.said("summary")
    assert len(page.said("code")) == 50


def test_what_was_not_run_is_grouped_by_its_reason() -> None:
    tasks = [DrawnTask(name=f"s{n}", state=StepState.SKIPPED, why="task 'a' failed") for n in range(60)]
    shown = Picture(tasks=(*tasks, DrawnTask(name="c", state=StepState.CANCELLED, why="not started: cancelled")))
    page = Page(skipped(shown))
    assert page.said("summary") == [
        *("60 tasks SKIPPED", "task 'a' failed"),
        *("1 task CANCELLED", "not started: cancelled"),
    ]
    assert "and 10 more" in page.said("li")


def test_many_reasons_are_counted() -> None:
    shown = Picture(
        tasks=tuple(DrawnTask(name=f"s{n}", state=StepState.SKIPPED, why=f"task 't{n}' failed") for n in range(80))
    )
    assert Page(skipped(shown)).said("p") == ["30 more reasons are not listed."]


def test_where_all_went_well_there_is_nothing() -> None:
    assert failures(picture(chain(3))) == skipped(picture(chain(3))) == ""
