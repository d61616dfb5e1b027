"""The table: a row a task, and of very many those that a reader looks for."""

from __future__ import annotations

from flowing.results import StepState
from flowing.views.html.tasks import task_table
from flowing.views.picture import DrawnTask, Picture
from tests.unit.views.drawn import chain, fan, picture
from tests.unit.views.html.reading import Page


def test_each_task_has_a_row() -> None:
    shown = Picture(
        tasks=(
            DrawnTask(
                name="a", state=StepState.SUCCEEDED, attempts=1, started_s=5.0, duration_s=0.5, value="list, 3 items"
            ),
            DrawnTask(name="b", state=StepState.SKIPPED, detached=True, why="its gate closed"),
        )
    )
    assert Page(task_table(shown)).said("td") == [
        *("SUCCEEDED", "a", "critical path", "+0.0 ms", "500.0 ms", "1", "list, 3 items"),
        *("SKIPPED", "b", "detached", "its gate closed"),
    ]


def test_of_very_many_the_failed_and_the_slowest_are_listed_and_it_says_so() -> None:
    shown = picture(fan(20_000), state=lambda place: StepState.FAILED if place == 19_999 else StepState.SUCCEEDED)
    page = Page(task_table(shown))
    assert page.said("code").count("task_19999") == 1
    assert len(page.said("code")) == 1_000
    assert page.said("p")[0].startswith("1,000 of 20,002 tasks are listed: failed ones first")
    assert Page(task_table(picture(chain(2)))).said("p") == []
