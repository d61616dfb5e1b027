"""Run the coroutines of attempts on an event loop, for worker threads that wait. No rules, and no lock of the desk's.

A worker stays parked while its coroutine runs, so everything but the coroutine itself (encoding, gates that are plain
functions, the desk) stays off the loop, and an `async def` task is like any other for everybody else.
"""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from types import CoroutineType

    from flowing.shell.attempt import Attempt
    from flowing.shell.errands import Errand
    from flowing.shell.own_loop import OwnLoop


class Coroutines:
    """The coroutines of one run: on the loop that is given, or on one of its own, which the first of them starts."""

    def __init__(self, loop: AbstractEventLoop | None = None) -> None:
        self._given = loop
        self._own: OwnLoop | None = None
        self._starting = threading.Lock()
        self._under_way: set[Errand] = set()
        self._hurry = False
        self._ended = False
        self._answered = True

    def wait_for(self, attempt: Attempt, coroutine: CoroutineType[object, object, object]) -> object:
        """Run the coroutine on the loop, in a copy of the calling context, and give its value.

        Raises:
            AttemptCancelled: it broke off because the attempt was interrupted.
            WorkerCrashed: there is no loop any more.
            BaseException: whatever the coroutine raised.
        """
        from flowing.shell.errands import Errand  # noqa: PLC0415 - asyncio takes as long to load as flowing itself

        errand = Errand(attempt, coroutine, copy_context())
        self._under_way.add(errand)
        attempt.elsewhere = errand
        try:
            errand.send(self._loop())
            # Whoever ends or cancels says so before he looks who is under way; so he sees this errand, or is seen here.
            if self._hurry or attempt.interrupted:
                attempt.interrupt()
            return errand.outcome()
        finally:
            attempt.elsewhere = None
            self._under_way.discard(errand)
            errand.discard()

    def cancel(self) -> None:
        """Interrupt all that run, and all that are still to come."""
        self._hurry = True
        for errand in self._under_way.copy():
            errand.attempt.interrupt()

    def end(self, *, until_s: float) -> frozenset[int | None]:
        """Interrupt all, wait for them, and let go of the loop; give the threads that had waited for one.

        What does not end is named in a warning, and left behind; the own loop goes on until it does.
        """
        self._ended = True
        self.cancel()
        errands = self._under_way.copy()
        for errand in errands:
            if not errand.is_over_by(until_s):
                errand.leave_behind()
        if self._own is not None:
            self._own.stop()
        return frozenset(errand.attempt.thread_id for errand in errands)

    def join(self, *, until_s: float) -> None:
        """Wait for the thread of the own loop, but not for long."""
        if self._own is not None:
            self._own.join(until_s=until_s)

    def fault(self) -> str | None:
        """Say what has become of the loop, if it does not run any more. To be asked again and again, seconds apart."""
        loop = self._given if self._own is None else self._own.loop
        if loop is None:
            return None
        is_stopped = not (loop.is_running() or self._answered)  # one that is driven in short steps rests, yet answers
        self._answered = False
        try:
            loop.call_soon_threadsafe(self._answer)
        except RuntimeError:
            return "was closed"
        return "was stopped" if is_stopped else None

    def _answer(self) -> None:
        self._answered = True

    def _loop(self) -> AbstractEventLoop | None:
        """Give the loop; None when the run is over."""
        with self._starting:
            if self._ended:
                return None
            if self._given is not None:
                return self._given
            if self._own is None:
                from flowing.shell.own_loop import OwnLoop  # noqa: PLC0415 - as above

                self._own = OwnLoop(on_closed=self.cancel)
            return self._own.loop
