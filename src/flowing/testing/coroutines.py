"""Run the coroutines of one simulated run, one after the other, on one loop that has the run's clock. No rules."""

from __future__ import annotations

import math
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, final

from flowing._text import describe_error
from flowing.shell.log import warn

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from types import CoroutineType

    from flowing.shell.attempt import Attempt
    from flowing.shell.errands import Errand
    from flowing.testing.virtual_loop import VirtualLoop
    from flowing.testing.world import SimulatedWorld


class NeverReturns(BaseException):
    """What stands for the outcome of a coroutine that waits for ever."""


@final
class SimulatedCoroutines:
    """The coroutines of one run, on a loop that the first of them makes. Each is run to its end before the next one."""

    __slots__ = ("_loop", "_world")

    def __init__(self, world: SimulatedWorld) -> None:
        self._loop: VirtualLoop | None = None
        self._world = world

    def wait_for(self, attempt: Attempt, coroutine: CoroutineType[object, object, object]) -> object:
        """Run the coroutine in a copy of the calling context, on a time of its own, and give its value.

        Raises:
            NeverReturns: it waits for what will never happen.
            AttemptCancelled: it broke off at its deadline, or because the run was over.
            BaseException: whatever the coroutine raised.
        """
        from flowing.shell.errands import Errand  # noqa: PLC0415 - asyncio takes as long to load as flowing itself
        from flowing.testing.virtual_loop import VirtualLoop, aside  # noqa: PLC0415 - as above

        loop = self._loop = self._loop or VirtualLoop(self._world)
        errand = Errand(attempt, coroutine, copy_context())
        attempt.elsewhere = errand
        try:
            aside(partial(self._run, errand, loop))
            if not errand.is_over_by(0.0):
                raise NeverReturns
            return errand.outcome()
        finally:
            attempt.elsewhere = None
            errand.discard()

    def end(self) -> None:
        """Cancel what bodies left running on the loop, wait for it, and close the loop."""
        loop, self._loop = self._loop, None
        if loop is not None:
            from flowing.testing.virtual_loop import aside  # noqa: PLC0415 - as above

            aside(loop.end)

    def _run(self, errand: Errand, loop: VirtualLoop) -> None:
        """Run it, and tell it what a body is told: that the run was cancelled, that its time or the run is over."""
        world, attempt = self._world, errand.attempt
        deadline_s = math.inf if attempt.deadline_s is None else attempt.deadline_s
        told_s, over_s = min([math.inf, *world.cancels.at_s()]), world.cancels.over_at_s()
        errand.send(loop)
        if world.desk.live.get(attempt.task) is not attempt:
            deadline_s = world.now_s
        timers: list[TimerHandle] = []
        if told_s < min(deadline_s, over_s):
            timers.append(loop.call_at(told_s, attempt.cancel))
        if deadline_s < math.inf and deadline_s <= over_s:
            timers.append(loop.call_at(deadline_s, attempt.interrupt))
        elif over_s < math.inf:
            timers.append(loop.call_at(over_s, self._cut_short, attempt))
        try:
            _run_through(errand, loop)
        finally:
            for timer in timers:
                timer.cancel()

    def _cut_short(self, attempt: Attempt) -> None:
        self._world.crew.is_cut_short = True
        attempt.interrupt()


def _run_through(errand: Errand, loop: VirtualLoop) -> None:
    """Run the loop until the errand is over, or hangs."""
    while True:
        try:
            loop.run_until(partial(errand.is_over_by, 0.0))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - as in production: what a body began there can't end the loop
            warn("%s hit the event loop of a run, which goes on", describe_error(error))
        else:
            return
