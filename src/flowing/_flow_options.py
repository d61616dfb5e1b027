"""Check what a flow is given. Every mistake is a `ConfigError` that names the option, and nothing else happens here."""

from __future__ import annotations

import math

from flowing._text import one_line
from flowing.errors import ConfigError


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
