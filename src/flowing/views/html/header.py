"""The head of the report: what came out of the run, at a glance. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flowing._text import counted
from flowing.views.markup import NOTHING, Markup, element, joined, text
from flowing.views.paint import symbol
from flowing.views.picture import critical_path
from flowing.views.summary import duration
from flowing.views.wording import critical_time_s, wall_time_s

if TYPE_CHECKING:
    from flowing.results import StepState
    from flowing.views.picture import Picture

_PATH_SHOWN_MAX: Final = 12


def header(picture: Picture) -> Markup:
    """Say the name, how many tasks are in which state, how long it took, and what that time went to."""
    facts = [*_when(picture), *_path(picture)]
    if picture.run_id is not None:
        facts.append(("run", element("code", text(picture.run_id, length_max=100))))
    return element(
        "header",
        element("h1", text(picture.title, length_max=200)),
        element("p", *_chips(picture), class_="chips"),
        element("dl", *[joined((element("dt", text(name)), element("dd", said))) for name, said in facts])
        if facts
        else NOTHING,
        *[element("p", text(note), class_="note") for note in picture.notes[:20]],
    )


def state_mark(state: StepState) -> Markup:
    """Draw a state's symbol, for use among words."""
    return element(
        "svg", symbol(state, x=0, y=0), class_="mark", viewBox="0 0 12 12", width=12, height=12, aria_hidden="true"
    )


def _chips(picture: Picture) -> list[Markup]:
    chips = [
        element("span", state_mark(state), text(f"{count:,} {state}"), class_=f"chip {state}")
        for state, count in picture.counts.items()
    ]
    return [element("span", text(counted(len(picture.tasks), "task")), class_="chip"), *chips]


def _when(picture: Picture) -> list[tuple[str, Markup]]:
    begun = [each.started_s for each in picture.tasks if each.started_s is not None]
    facts: list[tuple[str, Markup]] = []
    if begun:
        moment = datetime.fromtimestamp(min(begun), UTC).isoformat(sep=" ", timespec="seconds")
        facts.append(("first attempt", text(moment.replace("+00:00", " UTC"))))
    wall_s = wall_time_s(picture)
    if wall_s is not None:
        worked_s = sum([each.duration_s or 0.0 for each in picture.tasks])
        facts.append(("wall time", text(f"{duration(wall_s)}, in which last attempts took {duration(worked_s)}")))
    return facts


def _path(picture: Picture) -> list[tuple[str, Markup]]:
    path = critical_path(picture)
    if not path:
        return []
    names = [element("code", text(picture.tasks[place].name, length_max=80)) for place in path]
    if len(names) > _PATH_SHOWN_MAX:
        half = _PATH_SHOWN_MAX // 2
        names = [*names[:half], text(f"{len(names) - 2 * half:,} more"), *names[-half:]]
    arrows = joined([joined((Markup(" → "), each)) for each in names[1:]])
    took = text(f"{duration(critical_time_s(picture))} in {counted(len(path), 'task')}: ")
    return [("critical path", joined((took, names[0], arrows)))]
