"""Have calls carried out by an executor: one that is given, or one that a function makes, anew when it breaks."""

from __future__ import annotations

import threading
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, cast, final

from flowing._task.functions import name_of
from flowing._text import describe_error, one_line, type_name
from flowing.errors import AttemptCancelled, ExecutorBroken
from flowing.shell.parcels import about, carry_out, packed_call, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

    from flowing.shell.attempt import Attempt
    from flowing.shell.parcels import Call


@final
class ExecutorPlace:
    """An executor, as worker threads see it. `on_broken` is called when it breaks and nothing replaces it."""

    def __init__(self, given: Executor | Callable[[], Executor], on_broken: Callable[[ExecutorBroken], None]) -> None:
        is_one = not isinstance(given, type) and callable(getattr(given, "submit", None))
        # proof of both: what is no executor makes one, by `is_executor_option`
        self._make = None if is_one else cast("Callable[[], Executor]", given)
        self._executor = cast("Executor", given) if is_one else None
        self._on_broken = on_broken
        self._making = threading.Lock()
        self._orders: set[_Order] = set()
        self._ended = False

    def run(self, call: Call, attempt: Attempt) -> object:
        """Have it carried out, as in `Place`."""
        executor = self._current(attempt)
        order = _Order(attempt, executor)
        self._orders.add(order)
        attempt.elsewhere = order
        try:
            order.submit(call)
            # Whoever interrupts or ends says so before he looks for orders; so he sees this one, or is seen here.
            if attempt.interrupted:
                order.interrupt()
            if self._ended:
                order.let_go()
            return order.outcome()
        except _Lost as fault:
            raise self._broken(executor, attempt, fault.reason) from fault.__cause__
        finally:
            attempt.elsewhere = None
            self._orders.discard(order)

    def end(self) -> frozenset[int | None]:
        """Let go of everybody, and shut down what was made for the run, without waiting; as in `Place`."""
        with self._making:
            self._ended = True
        orders = self._orders.copy()
        is_busy = bool([order for order in orders if order.let_go()])
        if self._make is not None and self._executor is not None:
            _shut_down(self._executor, is_busy=is_busy)
        return frozenset(order.attempt.thread_id for order in orders)

    def _current(self, attempt: Attempt) -> Executor:
        """Give the executor, made anew if the one before has broken."""
        with self._making:
            if self._ended:
                raise AttemptCancelled(attempt.body.name)
            if self._executor is None:
                assert self._make is not None, "an executor that was given stays"
                try:
                    self._executor = self._make()
                except Exception as error:
                    reason = f"can't be made: {describe_error(error)}"
                    raise self._broken(None, attempt, reason) from error
            return self._executor

    def _broken(self, executor: Executor | None, attempt: Attempt, reason: str) -> ExecutorBroken:
        """Word what happened, and let go of an executor that can be replaced; else end the run."""
        is_replaced = self._make is not None and executor is not None
        if is_replaced:
            with self._making:
                if self._executor is executor:
                    self._executor = None
        name = type_name(executor) if self._make is None or executor is not None else name_of(self._make)
        way_out = (
            "a new one is made for the next attempt; give the task retry="
            if is_replaced
            else "the run was ended; give the flow a function that makes an executor, and resume() keeps what succeeded"
        )
        task = attempt.body.name
        message = f"the executor of task {one_line(task)!r}, {one_line(name)}, {one_line(reason)}; {way_out}"
        error = ExecutorBroken(message, task=task, executor=name, is_replaced=is_replaced)
        if not is_replaced:
            self._on_broken(error)
        return error


class _Lost(Exception):  # noqa: N818 - never leaves this file
    """The executor has no answer, and will give none."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@final
class _Order:
    """One call that an executor has, and the thread that waits for it."""

    __slots__ = ("_executor", "_future", "_is_local", "_let_go", "_over", "attempt")

    def __init__(self, attempt: Attempt, executor: Executor) -> None:
        self.attempt: Attempt = attempt
        self._executor = executor
        self._is_local = _is_local(executor)
        self._future: Future[Any] | None = None
        self._let_go = False
        self._over = threading.Event()

    def submit(self, call: Call) -> None:
        """Hand the call in."""
        work: Callable[[], object]
        if self._is_local:
            work = partial(copy_context().run, call.function, *call.positional, **call.keywords)
        else:
            by_value = not isinstance(self._executor, ProcessPoolExecutor)  # which pickles by name alone
            work = partial(carry_out, packed_call(call, about(self.attempt, by_value=by_value)))
        try:
            self._future = self._executor.submit(work)
        except Exception as error:
            raise _Lost(f"takes no work ({describe_error(error)})") from error
        self._future.add_done_callback(self._has_ended)

    def outcome(self) -> object:
        """Wait for the end."""
        self._over.wait()
        future = self._future
        assert future is not None, "it was submitted"
        if not future.done():
            raise AttemptCancelled(self.attempt.body.name)
        if future.cancelled():
            if self.attempt.interrupted or self._let_go:
                raise AttemptCancelled(self.attempt.body.name)
            raise _Lost("has cancelled the call")
        error = future.exception()
        if isinstance(error, BrokenExecutor) and not self._is_local:
            raise _Lost(f"has broken ({describe_error(error)})") from error
        try:
            if error is not None:
                raise error
        finally:
            del error  # its traceback reaches this frame
        value: object = future.result()
        return value if self._is_local else unpacked(cast("bytes", value), self.attempt.body.name)

    def interrupt(self) -> None:
        """Have the executor cancel the call; one that runs already most executors can't."""
        if self._future is not None:
            with suppress(Exception):  # of the executor's own, which may be broken
                self._future.cancel()

    def let_go(self) -> bool:
        """Interrupt, and let the waiting thread go; True if the call goes on all the same."""
        self._let_go = True
        self.interrupt()
        self._over.set()
        return self._future is not None and not self._future.done()

    def stuck_at(self) -> str:
        """Say where the call is: nobody sees into the other process."""
        name = type_name(self._executor)
        return name if self._future is not None and self._future.running() else f"the queue of {name}"

    def _has_ended(self, _: object) -> None:
        self._over.set()


def _is_local(executor: Executor) -> bool:
    """Tell whether it runs calls in this process, where nothing needs to be pickled."""
    return isinstance(executor, ThreadPoolExecutor) and type_name(executor) != "InterpreterPoolExecutor"


def _shut_down(executor: Executor, *, is_busy: bool) -> None:
    """End an executor that was made for the run, and never wait for a body that hangs: nobody else will end it."""
    processes = tuple(dict(getattr(executor, "_processes", None) or {}).values()) if is_busy else ()
    with suppress(Exception):  # of the executor's own, which may be broken
        executor.shutdown(wait=False)
    for process in processes:
        with suppress(Exception):
            process.kill()
