"""What went wrong: each failure with its traceback, and what was skipped for which reason. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._text import counted
from flowing.results import StepState
from flowing.views.html.header import state_mark
from flowing.views.markup import NOTHING, Markup, element, lines, text

if TYPE_CHECKING:
    from flowing.views.picture import DrawnTask, Picture

FAILURES_MAX: Final = 50
_AT_ONCE: Final = 5
_CAUSES_MAX: Final = 50
_NAMES_MAX: Final = 50


def failures(picture: Picture) -> Markup:
    """Write each failure, those of the main graph first, its traceback folded away."""
    failed = [each for each in picture.tasks if each.state is StepState.FAILED]
    if not failed:
        return NOTHING
    shown = [_failure(each) for each in failed[:FAILURES_MAX]]
    first, others = shown[:_AT_ONCE], shown[_AT_ONCE:]
    more = NOTHING
    if others:
        said = f"{len(failed) - _AT_ONCE:,} more failures"
        if len(failed) > FAILURES_MAX:
            said += f", of which {len(others)} are here"
        more = element("details", element("summary", text(said)), element("div", *others, class_="inner"))
    return element("section", element("h2", text("Failures")), *first, more)


def _failure(task: DrawnTask) -> Markup:
    about = [counted(task.attempts, "attempt")] if task.attempts else []
    about += ["detached"] if task.detached else []
    heading = element(
        "summary",
        state_mark(StepState.FAILED),
        element("code", text(task.name)),
        element("small", text(", ".join(about))) if about else NOTHING,
        element("span", text(task.why), class_="why"),
    )
    if task.traceback is None:
        return element("details", heading, element("p", text("No traceback was kept."), class_="note"))
    return element("details", heading, element("pre", lines(task.traceback), tabindex="0"))


def skipped(picture: Picture) -> Markup:
    """Write what was skipped or cancelled, by what it goes back to."""
    causes: dict[tuple[StepState, str], list[DrawnTask]] = {}
    for each in picture.tasks:
        if each.state in {StepState.SKIPPED, StepState.CANCELLED}:
            causes.setdefault((each.state, each.why), []).append(each)
    if not causes:
        return NOTHING
    ranked = sorted(causes.items(), key=lambda each: -len(each[1]))
    note = NOTHING
    if len(ranked) > _CAUSES_MAX:
        note = element("p", text(f"{len(ranked) - _CAUSES_MAX:,} more reasons are not listed."), class_="note")
    groups = [_group(state, why, tasks) for (state, why), tasks in ranked[:_CAUSES_MAX]]
    return element("section", element("h2", text("Not run")), note, *groups)


def _group(state: StepState, why: str, tasks: list[DrawnTask]) -> Markup:
    count = counted(len(tasks), "task")
    heading = element(
        "summary", state_mark(state), text(f"{count} {state}"), element("span", text(why or "no reason"), class_="why")
    )
    names = [element("li", element("code", text(each.name))) for each in tasks[:_NAMES_MAX]]
    if len(tasks) > _NAMES_MAX:
        names.append(element("li", text(f"and {len(tasks) - _NAMES_MAX:,} more")))
    return element("details", heading, element("ul", *names))
