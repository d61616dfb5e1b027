"""What the desk and sleeping bodies wait on, simulated: nobody waits, others come meanwhile. Chooses nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from flowing.testing.world import SimulatedWorld


@final
class SimulatedLock:
    """The desk's lock: while one visit is about to take it, or holds it, others may come."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._taken = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: ARG002, FBT001, FBT002 - as a lock has it
        """Take it, unless it is taken."""
        if self._taken:
            return False
        self._world.meanwhile()
        self._taken = True
        self._world.meanwhile()
        return True

    def release(self) -> None:
        """Give it back."""
        self._world.meanwhile()
        self._taken = False


@final
class SimulatedBell:
    """What a body sleeps on: time of its own passes, and nobody else's."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world

    def set(self) -> None:
        """Wake nobody: the body has been run to its end before anybody could."""

    def wait(self, timeout: float | None = None) -> bool:
        """Let the time pass; True if the attempt is cancelled before."""
        world = self._world
        attempt = world.crew.performing
        assert attempt is not None
        assert timeout is not None
        ends_s = min([math.inf if attempt.deadline_s is None else attempt.deadline_s, *world.cancels.at_s()])
        if world.now_s + timeout <= ends_s:
            world.now_s += timeout
            return False
        world.now_s = max(world.now_s, ends_s)
        attempt.cancelled = True
        return True
