"""A clock for runs that leaps when a test says so: a deadline passes then, and never because the machine is slow.

No tests.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from flowing.shell import session as session_module
from flowing.shell.clerk import Clerk
from flowing.shell.seams import World

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from flowing import Flow

FAR_S = 3600.0  # for a deadline that only a leap reaches


class LeapingClock:
    """The real clock, and what was leapt. The runs that begin while it is installed go by it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._leapt_s = 0.0

        def clerk(_: object, *start: Any, **options: Any) -> Clerk:  # noqa: ANN401 - those of a clerk
            return Clerk(self, *start, **options)

        def world(_: object, *seams: Any, **options: Any) -> World:  # noqa: ANN401 - those of a world
            return World(self, *seams, **options)

        patch.setattr(session_module, "Clerk", clerk)
        patch.setattr(session_module, "World", world)

    def __call__(self) -> float:
        return time.monotonic() + self._leapt_s

    def leap(self, flow: Flow) -> None:
        """Have `FAR_S` pass at once, and the clerk look at the clock."""
        self._leapt_s += FAR_S
        session = flow._runs.session
        assert session is not None, "a clock leaps for a flow that runs"
        session._clerk._ring()

    def leap_when(self, flow: Flow, *moments: Callable[[], object]) -> None:
        """Leap once at each of these moments, in their order, as soon as it is there."""

        def wait_and_leap() -> None:
            for has_come in moments:
                while not has_come():
                    time.sleep(0.001)
                self.leap(flow)

        threading.Thread(target=wait_and_leap, daemon=True).start()


def whereabouts(flow: Flow) -> list[str | None]:
    """Say where each attempt is now that runs, in the order in which they were begun."""
    session = flow._runs.session
    return [] if session is None else [attempt.stuck_at() for attempt in list(session._desk.live.values())]
