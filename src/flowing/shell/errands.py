"""One coroutine on its way: sent to an event loop by a thread, which waits for what becomes of it. No rules."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import time
from typing import TYPE_CHECKING, final

from flowing._text import one_line
from flowing.errors import AttemptCancelled, WorkerCrashed
from flowing.shell.forks import leave_forked_child
from flowing.shell.log import warn
from flowing.shell.tracebacks import stuck_at, suspended_at

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from contextvars import Context
    from types import CoroutineType

    from flowing.shell.attempt import Attempt


@final
class Errand:
    """One coroutine: sent to the loop by a thread, which waits for the outcome."""

    __slots__ = (
        "_context",
        "_coroutine",
        "_error",
        "_interrupted",
        "_loop",
        "_loop_thread_id",
        "_over",
        "_pid",
        "_task",
        "_value",
        "attempt",
    )

    def __init__(self, attempt: Attempt, coroutine: CoroutineType[object, object, object], context: Context) -> None:
        self.attempt: Attempt = attempt
        self._coroutine = coroutine
        self._context = context
        self._loop: AbstractEventLoop | None = None
        self._pid = os.getpid()
        self._over = threading.Event()
        self._interrupted = False
        self._loop_thread_id: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._value: object = None
        self._error: BaseException | None = None

    def send(self, loop: AbstractEventLoop | None) -> None:
        """Hand it over to the loop; without one, it is over."""
        self._loop = loop
        if loop is None:
            self._end(asyncio.CancelledError())
            return
        try:
            loop.call_soon_threadsafe(self._begin, loop)
        except RuntimeError as refusal:
            name = one_line(self.attempt.body.name)
            message = f"the event loop on which task {name!r} was to run is closed; resume() on a loop that runs"
            raise WorkerCrashed(message) from refusal

    def outcome(self) -> object:
        """Wait for the end."""
        self._over.wait()
        error = self._error
        try:
            if error is None:
                return self._value
            if self._interrupted and isinstance(error, asyncio.CancelledError):
                raise AttemptCancelled(self.attempt.body.name) from None
            raise error
        finally:
            del error  # its traceback reaches this frame

    def is_over_by(self, until_s: float) -> bool:
        """Wait for the end, but not for long."""
        return self._over.wait(max(0.0, until_s - time.monotonic()))

    def interrupt(self) -> None:
        """Have the coroutine cancelled."""
        self._interrupted = True
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:
            self._end(asyncio.CancelledError())  # the loop is closed: nothing runs on it any more

    def stuck_at(self) -> str | None:
        """Say in which line the coroutine is."""
        if self._coroutine.cr_running:
            return stuck_at(self._loop_thread_id)
        return suspended_at(self._coroutine)

    def leave_behind(self) -> None:
        """Let the waiting thread go, though the coroutine has not ended."""
        warn(
            "task %s was cancelled, did not end, and is left behind in %s; let CancelledError through, and don't "
            "block the event loop",
            repr(one_line(self.attempt.body.name)),
            one_line(self.stuck_at() or "an unknown line"),
        )
        self._end(asyncio.CancelledError())

    def discard(self) -> None:
        """Close a coroutine that never began: else Python complains that nobody awaited it."""
        if inspect.getcoroutinestate(self._coroutine) == inspect.CORO_CREATED:
            self._coroutine.close()

    def _begin(self, loop: AbstractEventLoop) -> None:
        """Make the asyncio task. On the loop, as all that follows."""
        if self._over.is_set():
            return
        self._loop_thread_id = threading.get_ident()
        name = f"flowing {one_line(self.attempt.body.name)} {self.attempt.number}"
        whole = self._whole()
        try:
            self._task = loop.create_task(whole, name=name, context=self._context)
            self._task.add_done_callback(self._take)
        except BaseException as error:  # noqa: BLE001 - a task factory may be the user's
            whole.close()
            self._end(error)
        if self._interrupted:
            self._cancel()

    async def _whole(self) -> None:
        try:
            self._value = await self._coroutine
        except BaseException as error:  # noqa: BLE001 - D12: what is no Exception would end the caller's loop
            self._error = error
        if os.getpid() != self._pid:
            leave_forked_child(self.attempt)

    def _take(self, task: asyncio.Task[None]) -> None:
        """Note the end. A task that is cancelled before its first step never gets to `_whole`."""
        self._task = None
        self._end(asyncio.CancelledError() if task.cancelled() else self._error)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, error: BaseException | None) -> None:
        if not self._over.is_set():
            self._error = error
            self._over.set()
