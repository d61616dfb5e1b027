"""An event loop on virtual time: who waits for a timer waits for nothing. Knows no attempt, no run and no rule.

What is real is waited for as it is. While a call is in a thread, time stands still, as it does for a body that is no
coroutine; while a socket is open on the loop, or a process runs that it began, time goes by as outside, because nobody
knows what will come of it.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, TypeVarTuple, final

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_JUMPS_MAX: Final = 1_000_000  # of the clock, in one coroutine: more is one that goes round in circles


class Clock(Protocol):
    """What has the time."""

    now_s: float


@final
class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with the time of a clock, which jumps to the next timer when nothing else is to be waited for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls = 0
        self._processes: list[asyncio.SubprocessTransport] = []
        self._waits = _Waits(self)
        super().__init__(self._waits)

    def run_until(self, is_over: Callable[[], bool]) -> None:
        """Run until that is true; or until nothing can happen any more, so that it will never be."""
        self._waits.is_over = is_over
        self._waits.jumps = 0
        self.run_forever()

    def end(self) -> None:
        """Cancel what was left running, wait for it, and close."""
        left = asyncio.all_tasks(self)
        for each in left:
            each.cancel()
        try:
            self.run_until(lambda: all(each.done() for each in left))
            self.run_until(self.create_task(self.shutdown_asyncgens()).done)
        finally:
            self.close()

    @override
    def time(self) -> float:
        """Tell the virtual time."""
        return self._clock.now_s

    def jump(self, seconds: float) -> None:
        """Let so much time have passed."""
        self._clock.now_s += seconds

    @property
    def is_calling(self) -> bool:
        """Whether a thread has been given a call, and has not answered."""
        return self._calls > 0

    @override
    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Have a thread call it; that is waited for."""
        future = super().run_in_executor(executor, func, *args)
        self._calls += 1
        future.add_done_callback(self._have_answer)
        return future

    def _have_answer(self, _future: asyncio.Future[T]) -> None:
        self._calls -= 1

    @property
    def has_processes(self) -> bool:
        """Whether a process runs that was begun here; up to CPython 3.11 no socket says so."""
        self._processes = [each for each in self._processes if each.get_returncode() is None]
        return bool(self._processes)

    @override
    async def subprocess_exec(self, *args: Any, **options: Any) -> tuple[asyncio.SubprocessTransport, Any]:
        """Begin a process; that is waited for."""
        transport, protocol = await super().subprocess_exec(*args, **options)
        self._processes.append(transport)
        return transport, protocol

    @override
    async def subprocess_shell(self, *args: Any, **options: Any) -> tuple[asyncio.SubprocessTransport, Any]:
        """Begin a process; that is waited for."""
        transport, protocol = await super().subprocess_shell(*args, **options)
        self._processes.append(transport)
        return transport, protocol


@final
class _Waits(selectors.DefaultSelector):
    """What an event loop waits with, between two rounds."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self.is_over: Callable[[], bool] = bool
        self.jumps: int = 0
        self._loop = loop

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Give what is ready; if nothing is, let the time pass that there is to wait, or stop the loop."""
        if self.is_over():
            self._loop.stop()
            timeout = 0
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._loop.is_calling:
            return super().select(None)
        if self._loop.has_processes or len(self.get_map()) > _OWN_SOCKETS:
            return self._select_as_outside(timeout)
        if timeout is None or self.jumps >= _JUMPS_MAX:
            self._loop.stop()
        else:
            self.jumps += 1
            self._loop.jump(timeout)
        return ready

    def _select_as_outside(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        began_s = time.monotonic()
        ready = super().select(timeout)
        passed_s = time.monotonic() - began_s
        self._loop.jump(passed_s if timeout is None else min(passed_s, timeout))
        return ready


_OWN_SOCKETS: Final = 1  # by which other threads wake the loop


def aside(call: Callable[[], object]) -> None:
    """Call it here, or, where an event loop is running already, in a thread, and wait for that."""
    if asyncio._get_running_loop() is None:  # noqa: SLF001 - documented, for event loops
        call()
        return
    with ThreadPoolExecutor(1, thread_name_prefix="flowing-simulated-loop") as thread:
        thread.submit(call).result()
