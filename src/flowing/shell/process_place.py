"""Have calls carried out in processes of a run's own, each of which one thread waits for, and may kill.

A pool that shares a queue between its processes can't kill one without risk to the others, and has to ask again and
again whether one has died. Here each process has a pipe of its own, and the thread that is parked for the attempt
anyway waits for the answer and for the process's end at the same time.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, cast, final

from flowing._text import one_line
from flowing.errors import AttemptCancelled, ProcessDied
from flowing.shell.parcels import about, carry_out, packed_call, unpacked

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext

    from flowing._task.options import Processes
    from flowing.shell.attempt import Attempt
    from flowing.shell.parcels import Call

_READY: Final = b""
_LOOK_S: Final = 1.0  # how often either side looks whether the other is still there, where no pipe may tell
_REAP_S: Final = 5.0  # one that was killed, or whose pipe is closed, needs milliseconds


@final
class ProcessPlace:
    """The processes of one run: started when they are needed, kept for the next call, killed with the run."""

    def __init__(self, wanted: Processes) -> None:
        # proof: all contexts have what is used of this one
        self._context = cast("SpawnContext", multiprocessing.get_context(wanted.start_method))
        self._free = wanted.workers  # how many more may work
        self._idle: list[_Process] = []
        self._orders: set[_Order] = set()
        self._changed = threading.Condition()
        self._starting = threading.Lock()
        self._ended = False
        atexit.register(self.end)  # else multiprocessing waits for them at the exit

    def run(self, call: Call, attempt: Attempt) -> object:
        """Have it carried out, as in `Place`."""
        order = _Order(attempt, self._changed)
        attempt.elsewhere = order
        with self._changed:
            self._orders.add(order)
        try:
            answer = self._asked(order, packed_call(call, about(attempt, by_value=False)))
        finally:
            attempt.elsewhere = None
            with self._changed:
                self._orders.discard(order)
        return unpacked(answer, attempt.body.name)

    def end(self) -> frozenset[int | None]:
        """Kill all processes, as in `Place`."""
        with self._changed:
            self._ended = True
            orders = self._orders.copy()
            for order in orders:
                order.break_off()
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        for process in idle:
            process.kill()
        for process in idle:
            process.exit_code()
        atexit.unregister(self.end)
        return frozenset(order.attempt.thread_id for order in orders)

    def _asked(self, order: _Order, parcel: bytes) -> bytes:
        """Wait for a process, and for its answer."""
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._is_void(order))
            if self._is_void(order):
                raise AttemptCancelled(order.attempt.body.name)
            self._free -= 1
            process = self._idle.pop() if self._idle else None
        answer = None
        try:
            process = process or self._started(order.attempt.body.name)
            with self._changed:
                order.process = process
                if self._is_void(order):
                    process.kill()
            answer = process.ask(parcel)
            if answer is None:
                raise self._no_answer(order, process)
            return answer
        finally:
            self._give_back(order, process, is_whole=answer is not None)

    def _started(self, task: str) -> _Process:
        # One at a time: a sibling that is forked in the middle of it would hold its pipes open.
        with self._starting:
            try:
                return _Process(self._context)
            except (
                EOFError,
                ConnectionError,
            ) as error:  # the server that forks, which may import the main module, died
                raise _died_before_it_began(task, None) from error

    def _is_void(self, order: _Order) -> bool:
        """Tell whether nobody waits for it any more."""
        return order.is_broken_off or order.attempt.interrupted or self._ended

    def _give_back(self, order: _Order, process: _Process | None, *, is_whole: bool) -> None:
        with self._changed:
            order.process = None
            self._free += 1
            if process is not None and is_whole and not self._is_void(order):
                self._idle.append(process)
                process = None
            self._changed.notify()
        if process is not None:
            process.kill()
            process.exit_code()

    def _no_answer(self, order: _Order, process: _Process) -> AttemptCancelled | ProcessDied:
        """Say why there is none: the process was killed by us, or died."""
        task = order.attempt.body.name
        code = process.exit_code()
        if self._is_void(order):
            return AttemptCancelled(task)
        if not process.was_ready:
            return _died_before_it_began(task, code)
        message = (
            f"the process of task {one_line(task)!r} {_words_for(code)} while the body ran; look for a crash in native "
            f"code, os._exit(), or too little memory; give the task retry= if another attempt may help"
        )
        return ProcessDied(message, task=task, exit_code=code)


@final
class _Order:
    """One call on its way, and the process that has it."""

    __slots__ = ("_changed", "attempt", "is_broken_off", "process")

    def __init__(self, attempt: Attempt, changed: threading.Condition) -> None:
        self.attempt: Attempt = attempt
        self.is_broken_off: bool = False
        self.process: _Process | None = None
        self._changed = changed

    def interrupt(self) -> None:
        """Kill the process that works for it."""
        with self._changed:
            self.break_off()
            self._changed.notify_all()

    def break_off(self) -> None:
        """Do what `interrupt` does, for one who has the lock."""
        self.is_broken_off = True
        if self.process is not None:
            self.process.kill()

    def stuck_at(self) -> str:
        """Say where the call is."""
        process = self.process
        return "the queue for a process" if process is None else f"process {process.pid}"


@final
class _Process:
    """A process that carries out one call after the other."""

    def __init__(self, context: SpawnContext) -> None:
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="flowing-process")
        try:
            self._process.start()
        finally:
            theirs.close()
        self.was_ready: bool = False

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return self._process.pid

    def ask(self, parcel: bytes) -> bytes | None:
        """Give its answer; None if it died instead."""
        try:
            if not self.was_ready and self._answer() != _READY:
                return None
            self.was_ready = True
            self._pipe.send_bytes(parcel)
            return self._answer()
        except (EOFError, OSError):
            return None

    def _answer(self) -> bytes | None:
        # Children of the body, and what other threads forked meanwhile, may hold the pipe open, and even the sentinel.
        ready: list[object] = []
        while not ready and self._process.exitcode is None:
            ready = [*wait([self._pipe, self._process.sentinel], _LOOK_S)]
        return self._pipe.recv_bytes() if self._pipe.poll() else None

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()

    def exit_code(self) -> int | None:
        """Wait for its end, and give how it ended, negative for a signal; None if nobody knows."""
        self._pipe.close()
        self._process.join(_REAP_S)
        return self._process.exitcode


def _died_before_it_began(task: str, code: int | None) -> ProcessDied:
    message = (
        f"the process for task {one_line(task)!r} {_words_for(code)} before it began; a program that starts a flow "
        f'needs `if __name__ == "__main__":` around that, for such a process imports its main module'
    )
    return ProcessDied(message, task=task, exit_code=code)


def _words_for(code: int | None) -> str:
    if code is None:
        return "was lost"
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _serve(pipe: Connection) -> None:
    """Carry out calls until nobody has any more. In the other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the flow's: it lets running bodies finish
    parent = os.getppid()
    try:
        pipe.send_bytes(_READY)
        while True:
            # Forked siblings hold copies of this pipe's other end, so its end alone would not tell of the parent's.
            while not pipe.poll(_LOOK_S):
                if os.getppid() != parent:
                    return
            pipe.send_bytes(carry_out(pipe.recv_bytes()))
    except (EOFError, OSError):
        return
