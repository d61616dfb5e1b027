"""What a flow is given, checked: every mistake is a `ConfigError` that names the option. Nothing else happens here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from flowing._record import record
from flowing._text import one_line
from flowing.errors import ConfigError

if TYPE_CHECKING:
    from flowing._task.options import ExecutorOption


@record(kw_only=True)
class FlowOptions:
    """The options of `Flow`, as they are once they were checked; what they mean stands there."""

    max_workers: int
    fail_fast: bool
    max_abandoned: int | None
    grace_s: float
    keep_frames: bool
    discover_detached: bool
    stall_warning_s: float | None
    on_change: Literal["error", "rerun", "keep"]
    on_unreadable: Literal["error", "recompute"]
    max_crashes: int
    executor: ExecutorOption
    progress: bool


def one_of(option: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise refused(option, value, " or ".join(map(repr, allowed)))


def whole(option: str, value: object, *, least: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= least:
        return value
    raise refused(option, value, f"a whole number, {least} or more")


def seconds(option: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return min(value, 1e9)
    raise refused(option, value, "a finite number of seconds, 0 or more")


def flag(option: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise refused(option, value, "True or False")


def refused(option: str, value: object, allowed: str) -> ConfigError:
    shown = value if isinstance(value, int | float | str | None) else type(value)
    return ConfigError(f"Flow has {option}={one_line(repr(shown), length_max=80)}; it must be {allowed}")
