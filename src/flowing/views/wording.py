"""What pictures say in words of the run: in a line, and in figures. Safe text, not escaped for HTML yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._text import counted, one_line
from flowing.views.picture import critical_path

if TYPE_CHECKING:
    from flowing.views.picture import Picture


def headline(picture: Picture) -> str:
    """Say how a run stands: its name, its tasks by state."""
    counts = ", ".join([f"{count:,} {state}" for state, count in picture.counts.items()])
    return f"{one_line(picture.title, length_max=200)}: {counted(len(picture.tasks), 'task')}" + (
        f", {counts}" if counts else ""
    )


def wall_time_s(picture: Picture) -> float | None:
    """Give the time from the first attempt that is known to the end of the last; None where there is none."""
    begun = [each.started_s for each in picture.tasks if each.started_s is not None]
    ended = [each.ended_s for each in picture.tasks if each.ended_s is not None]
    begun += [span.from_s for each in picture.tasks for span in each.spans]
    return max(ended) - min(begun) if begun and ended else None


def critical_time_s(picture: Picture) -> float:
    """Add up what the tasks of the critical path took."""
    return sum([picture.tasks[place].duration_s or 0.0 for place in critical_path(picture)])
