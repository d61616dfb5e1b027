"""The reasons that a table has no room for, whole, below it. Knows no flow, and no checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._cli.output import MESSAGE_MAX, quoted
from flowing._text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN_MAX: Final = 5  # so that a big flow does not push its own table off the screen


def whole(reasons: Iterable[tuple[str, str]], *, cut_at: int) -> list[str]:
    """Write those that were cut, each with its task, a line each; of many, the first."""
    cut = [(name, reason) for name, reason in reasons if len(reason) > cut_at]
    if not cut:
        return []
    lines = [f"task {quoted(name)}: {one_line(reason, length_max=MESSAGE_MAX)}" for name, reason in cut[:_SHOWN_MAX]]
    if len(cut) > _SHOWN_MAX:
        lines.append(f"... and {len(cut) - _SHOWN_MAX} more, which --debug shows")
    return ["", *lines]
