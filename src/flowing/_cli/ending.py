"""How a command ends: its exit status, and the mistakes that are the caller's. Prints nothing."""

from __future__ import annotations

from typing import Final

FINE: Final = 0
FOUND: Final = 1  # a task failed, wiring does not fit, a file is damaged
WRONG_USE: Final = 2
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it


class WrongUseError(Exception):
    """What was asked for can't be done; the message is one safe line. `details` are for `--debug`."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details: Final = details
