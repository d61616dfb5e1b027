"""Conduct a run for a caller on an event loop, which goes on meanwhile. No scheduling decisions.

What would block the loop is in a thread: all of `run()`, reading the checkpoint included.
"""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Final, Generic, TypeVar, final

from flowing._text import describe_error
from flowing.errors import WorkerStartError
from flowing.shell.log import warn

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

    from flowing.shell.session import Session

T = TypeVar("T")

_JOIN_S: Final = 0.02  # the thread needs microseconds; the loop is not held up for longer


async def conducted(conduct: Callable[[Caller], T]) -> T:
    """Have `conduct` called in a thread, in the caller's context, and wait for what it gives or raises.

    A cancel of the asyncio task that waits cancels the run and all its coroutines; plain functions get their grace. It
    is waited for, and then the cancel goes on its way. A second one ends the run at once.

    Raises:
        WorkerStartError: the system refuses to start a thread.
        BaseException: whatever `conduct` raised.
    """
    caller = Caller(asyncio.get_running_loop())
    work = _Work(conduct, caller)
    work.start()
    cancelled: asyncio.CancelledError | None = None
    try:
        while not work.done.done():
            try:
                await asyncio.wait((work.done,))
            except asyncio.CancelledError as error:
                caller.cancel(at_once=cancelled is not None)
                cancelled = cancelled or error
    finally:
        if not work.done.done():  # the coroutine is closed while it waits: nobody will ever ask for the outcome
            caller.cancel(at_once=True)
    work.join()
    if cancelled is not None:
        raise cancelled from work.error
    return work.outcome()


@final
class Caller:
    """One who waits on an event loop for a run."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop: AbstractEventLoop = loop
        self._session: Session | None = None
        self._cancels = 0

    def awaits(self, session: Session) -> None:
        """Hear that the run begins."""
        self._session = session
        if self._cancels:
            session.cancel(at_once=self._cancels > 1, coroutines=True)

    def cancel(self, *, at_once: bool) -> None:
        """Cancel the run, or have it cancelled as soon as it begins. From any thread."""
        # `awaits` sets the session before it looks for a cancel, so one of the two sees the other.
        self._cancels = 2 if at_once else 1
        if self._session is not None:
            self._session.cancel(at_once=at_once, coroutines=True)


@final
class _Work(Generic[T]):
    """A call in a thread of its own; `done` is set on the caller's loop."""

    def __init__(self, conduct: Callable[[Caller], T], caller: Caller) -> None:
        self.done: asyncio.Future[None] = caller.loop.create_future()
        self.error: BaseException | None = None
        self._value: list[T] = []
        self._conduct = conduct
        self._caller = caller
        self._thread = threading.Thread(target=copy_context().run, args=(self._work,), name="flowing-run", daemon=True)

    def start(self) -> None:
        """Begin.

        Raises:
            WorkerStartError: the system refuses to start a thread.
        """
        try:
            self._thread.start()
        except RuntimeError as refusal:
            message = (
                f"the system refused to start a thread ({refusal}); lower the number of threads, or raise their limit"
            )
            raise WorkerStartError(message) from refusal

    def join(self) -> None:
        """Wait for the thread, which has nothing left to do."""
        self._thread.join(_JOIN_S)

    def outcome(self) -> T:
        """Give what the call gave, or raise what it raised."""
        error = self.error
        try:
            if error is not None:
                raise error
            return self._value[0]
        finally:
            del error  # its traceback reaches this frame

    def _work(self) -> None:
        try:
            self._value.append(self._conduct(self._caller))
        except BaseException as error:  # noqa: BLE001 - it is raised where the caller waits
            self.error = error
        try:
            self._caller.loop.call_soon_threadsafe(self._tell)
        except RuntimeError:
            ending = "ended" if self.error is None else f"ended with {describe_error(self.error)}"
            warn("a run %s, but the event loop on which it was awaited is closed; its results are on the flow", ending)

    def _tell(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
