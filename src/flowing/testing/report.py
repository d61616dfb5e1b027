"""The story of a simulated run as a table of text: one safe line an event. Projects, runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._text import describe_error, one_line
from flowing.core.events import (
    AttemptEvent,
    AttemptFailed,
    AttemptTimedOut,
    BackoffStarted,
    InputRejected,
    ResultProvided,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core.events import Event

_HEAD: Final = ("SECONDS", "EVENT", "TASK", "ATTEMPT", "")
_DETAIL_MAX: Final = 80
_NAME_MAX: Final = 40


def table(story: Sequence[tuple[float, Event]], names: Sequence[str], *, most: int | None = None) -> str:
    """Draw the events, or the last `most` of them."""
    shown = story if most is None else story[-most:]
    rows = [_HEAD, *(_row(at_s, event, names) for at_s, event in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        f"{at_s:>{widths[0]}}  {event:<{widths[1]}}  {task:<{widths[2]}}  {attempt:>{widths[3]}}  {detail}".rstrip()
        for at_s, event, task, attempt, detail in rows
    ]
    left_out = len(story) - len(shown)
    return "\n".join([*lines[:1], *([f"({left_out} events before)"] if left_out else []), *lines[1:]])


def _row(at_s: float, event: Event, names: Sequence[str]) -> tuple[str, str, str, str, str]:
    task = attempt = ""
    if isinstance(event, AttemptEvent):
        attempt = str(event.attempt)
    if isinstance(event, AttemptEvent | ResultProvided):
        task = one_line(names[event.task], length_max=_NAME_MAX)
    return (f"{at_s:.3f}", type(event).__name__, task, attempt, _detail(event))


def _detail(event: Event) -> str:
    match event:
        case AttemptFailed(error=error) | AttemptTimedOut(error=error) | InputRejected(error=error):
            return describe_error(error, length_max=_DETAIL_MAX)
        case BackoffStarted(until_s=until_s):
            return f"until {until_s:.3f}"
        case _:
            return ""
