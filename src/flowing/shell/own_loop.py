"""An event loop in a thread, for a run whose caller has none. Runs whatever it is given."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, final

from flowing._text import describe_error
from flowing.errors import WorkerStartError
from flowing.shell.log import warn

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable, Callable


@final
class OwnLoop:
    """An event loop in a daemon thread, for a run whose caller has none. `on_closed` is called there in the end."""

    def __init__(self, *, on_closed: Callable[[], None]) -> None:
        self.loop: AbstractEventLoop = asyncio.new_event_loop()
        self._on_closed = on_closed
        self._stop = self.loop.create_future()
        self._thread = threading.Thread(target=self._serve, name="flowing-loop", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as refusal:
            self.loop.close()
            message = f"the system refused to start a thread for the event loop ({refusal}); raise the limit on threads"
            raise WorkerStartError(message) from refusal

    def stop(self) -> None:
        """Have the loop end as soon as nothing is left on it."""
        with suppress(RuntimeError):  # it is closed
            self.loop.call_soon_threadsafe(self._stop.cancel)

    def join(self, *, until_s: float) -> None:
        """Wait for the end, but not for long."""
        self._thread.join(max(0.0, until_s - time.monotonic()))
        if self._thread.is_alive():
            warn("the event loop of a run goes on in a thread: a task that a body began can't be cancelled")

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not (self._stop.done() or self.loop.is_closed()):
            self._runs_through(self._stop)
        while not self.loop.is_closed():
            if self._runs_through(self._last()):
                self.loop.close()
        self._on_closed()

    def _runs_through(self, awaited: Awaitable[object]) -> bool:
        """Run the loop until this is over; False if something ended it before."""
        try:
            self.loop.run_until_complete(awaited)
        except asyncio.CancelledError:
            return True
        except BaseException as error:  # noqa: BLE001 - D12: what a task raises that a body began can't end the loop
            warn("%s hit the event loop of a run, which goes on", describe_error(error))
            return False
        return True

    async def _last(self) -> None:
        """Cancel what bodies left running, and wait for it, as `asyncio.run` does."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        await self.loop.shutdown_asyncgens()
