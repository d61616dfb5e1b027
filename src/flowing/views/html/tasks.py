"""The table of tasks; of very many, those that a reader looks for. Values are types and sizes (FAULTS S11). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._text import counted
from flowing.results import StepState
from flowing.views.html.header import state_mark
from flowing.views.markup import NOTHING, Markup, element, text
from flowing.views.picture import critical_path
from flowing.views.summary import duration

if TYPE_CHECKING:
    from flowing.views.picture import Picture

ROWS_MAX: Final = 1_000
_HEAD: Final = ("State", "Task", "Began", "Duration", "Attempts", "Value", "Why")


def task_table(picture: Picture) -> Markup:
    """Write a row a task in start order. O(n * log(n))."""
    shown = _chosen(picture)
    note = NOTHING
    if len(shown) < len(picture.tasks):
        said = (
            f"{len(shown):,} of {counted(len(picture.tasks), 'task')} are listed: failed ones first, then others "
            f"without a result, then those that took longest."
        )
        note = element("p", text(said), class_="note")
    begin_s = min([each.started_s for each in picture.tasks if each.started_s is not None], default=0.0)
    on_path = set(critical_path(picture))
    rows = [_row(picture, place, begin_s, on_path=place in on_path) for place in shown]
    head = element("tr", *[element("th", text(each), scope="col") for each in _HEAD])
    table = element("table", element("thead", head), element("tbody", *rows))
    return element(
        "section", element("h2", text("Tasks")), note, element("div", table, class_="scrolled", tabindex="0")
    )


def _chosen(picture: Picture) -> list[int]:
    places = list(range(len(picture.tasks)))
    if len(places) <= ROWS_MAX:
        return places

    def interest(place: int) -> tuple[int, float]:
        each = picture.tasks[place]
        rank = {StepState.FAILED: 0, StepState.SUCCEEDED: 2}.get(each.state, 1)
        return rank, -(each.duration_s or 0.0)

    return sorted(sorted(places, key=interest)[:ROWS_MAX])


def _row(picture: Picture, place: int, begin_s: float, *, on_path: bool) -> Markup:
    task = picture.tasks[place]
    marks = [*(["detached"] if task.detached else []), *(["critical path"] if on_path else [])]
    began = "" if task.started_s is None else f"+{duration(task.started_s - begin_s)}"
    return element(
        "tr",
        element("td", state_mark(task.state), text(task.state), class_=f"state {task.state}"),
        element(
            "td",
            element("code", text(task.name)),
            *[element("small", text(mark), class_="accent" if mark == "critical path" else None) for mark in marks],
        ),
        element("td", text(began), class_="number"),
        element("td", text("" if task.duration_s is None else duration(task.duration_s)), class_="number"),
        element("td", text(f"{task.attempts:,}" if task.attempts else ""), class_="number"),
        element("td", text(task.value)),
        element("td", text(task.why)),
    )
