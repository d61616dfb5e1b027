"""What a box says: a line in it, and a few when it is pointed at. No value, no traceback (FAULTS S11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._text import counted
from flowing.views.markup import Markup, joined, text
from flowing.views.summary import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.results import StepState
    from flowing.views.diagram import Box
    from flowing.views.picture import Picture

_NAMES_MAX: Final = 8
_NAME_MAX: Final = 80


def tooltip(picture: Picture, box: Box) -> Markup:
    """Say all of a box that has no room in it."""
    return joined(_of_many(picture, box) if len(box.members) > 1 else _of_one(picture, box.first), by="\n")


def said_of(picture: Picture, box: Box) -> str:
    """Say what a box is beside its name, as far as there is something to say."""
    if len(box.members) > 1:
        return f"\N{MULTIPLICATION SIGN} {len(box.members):,}{_states(picture, box)}"
    if not picture.begun:
        return ""
    task = picture.tasks[box.first]
    parts = [task.state.value]
    if task.overridden:
        parts.append(task.why)
    if task.duration_s is not None:
        parts.append(duration(task.duration_s))
    if task.attempts > 1:
        parts.append(counted(task.attempts, "attempt"))
    return " · ".join(parts)


def _states(picture: Picture, box: Box) -> str:
    counts = counts_in(picture, box)
    if len(counts) > 1:
        return ": " + ", ".join([f"{count:,} {state}" for state, count in counts.items()])
    return f" {box.state}" if picture.begun else ""


def counts_in(picture: Picture, box: Box) -> dict[StepState, int]:
    """Count a box's tasks by state."""
    counts: dict[StepState, int] = {}
    for place in box.members:
        state = picture.tasks[place].state
        counts[state] = counts.get(state, 0) + 1
    return counts


def _of_one(picture: Picture, place: int) -> list[Markup]:
    task = picture.tasks[place]
    about = [task.state.value] if picture.begun else []
    if task.detached:
        about.append("detached")
    if task.duration_s is not None:
        about.append(duration(task.duration_s))
    if task.attempts:
        about.append(counted(task.attempts, "attempt"))
    said = [text(task.name), text(" · ".join(about))] if about else [text(task.name)]
    if task.why:
        said.append(text(task.why))
    if task.value:
        said.append(text(f"value: {task.value}"))
    if task.dependencies:
        said.append(text(f"depends on: {_listed(picture, task.dependencies)}", length_max=2_000))
    return said


def _of_many(picture: Picture, box: Box) -> list[Markup]:
    states = ", ".join([f"{count:,} {state}" for state, count in counts_in(picture, box).items()])
    said = [text(counted(len(box.members), "task") + (f": {states}" if picture.begun else ""))]
    return [*said, text(_listed(picture, box.members), length_max=2_000)]


def _listed(picture: Picture, places: Sequence[int]) -> str:
    names = [picture.tasks[place].name for place in places[:_NAMES_MAX]]
    cut = [name if len(name) <= _NAME_MAX else f"{name[:_NAME_MAX]}…" for name in names]
    more = len(places) - _NAMES_MAX
    return ", ".join(cut) + (f" and {more:,} more" if more > 0 else "")
