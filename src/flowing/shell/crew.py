"""Worker threads: visit the desk, perform, visit again. No scheduling decisions.

Daemon threads of our own: a stuck task in a `ThreadPoolExecutor` keeps the interpreter from exiting.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptSucceeded,
    CancelRequested,
    InputRejected,
    ResultsCommitted,
)
from flowing.shell.forks import leave_forked_child
from flowing.shell.perform import perform, run_in_place
from flowing.shell.seams import Saving
from flowing.shell.tracebacks import clean

if TYPE_CHECKING:
    from contextvars import Context

    from flowing.core.events import AttemptEvent
    from flowing.shell.attempt import Attempt
    from flowing.shell.desk import Desk
    from flowing.shell.seams import Await, Store


class ThreadWorker:
    """A worker as the desk sees it, and its bell."""

    __slots__ = ("_bell", "assignment")

    def __init__(self) -> None:
        self.assignment: Attempt | Saving | None = None
        self._bell = threading.Lock()
        self._bell.acquire()

    def wake(self) -> None:
        """Let it visit the desk again."""
        self._bell.release()

    def sleep(self) -> None:
        """Wait for `wake`, which may have come already."""
        self._bell.acquire()


class Crew:
    """The worker threads of one run, hired when there is something to start."""

    def __init__(
        self,
        context: Context,
        *,
        keep_frames: bool,
        store: Store | None = None,
        wait_for: Await = run_in_place,
    ) -> None:
        self._context = context
        self._wait_for = wait_for
        self._keep_frames = keep_frames
        self._pid = os.getpid()
        self._main = threading.main_thread()  # in a forked child another one; to ask for the process is a system call
        self._threads: list[threading.Thread] = []
        self._store = store

    def hire(self, desk: Desk) -> None:
        """Start one more thread."""
        number = len(self._threads)
        thread = threading.Thread(target=self._work, args=(desk, number), name=f"flowing-{number}", daemon=True)
        self._threads.append(thread)
        try:
            thread.start()
        except RuntimeError:
            self._threads.remove(thread)
            raise

    def missing(self) -> frozenset[threading.Thread]:
        """Give the threads that have ended, or have not begun yet. While a run is open, no thread ends by itself."""
        return frozenset(thread for thread in self._threads.copy() if not thread.is_alive())

    def join(self, desk: Desk, freed: frozenset[int | None] = frozenset(), *, until_s: float) -> None:
        """Wait for the threads that are on their way out, or were freed; not for those stuck in a body."""
        stuck = {attempt.thread_id for attempt in (*desk.live.values(), *desk.abandoned.values())} - freed
        for thread in self._threads:
            if thread.ident not in stuck and thread.is_alive():
                thread.join(max(0.0, until_s - time.monotonic()))

    def _work(self, desk: Desk, number: int) -> None:
        try:
            self._serve(desk, ThreadWorker(), number)
        except BaseException as error:  # noqa: BLE001 - FAULTS X11: whatever hit us, the run must end
            desk.break_down(error)
        finally:
            del desk  # an error's traceback reaches this frame, and through it the whole run

    def _serve(self, desk: Desk, worker: ThreadWorker, number: int) -> None:
        event: AttemptEvent | ResultsCommitted | None = None
        thread_id, store, wait_for = threading.get_ident(), self._store, self._wait_for
        try:
            while True:
                if desk.visit(worker, event):
                    attempt, worker.assignment = worker.assignment, None
                    assert attempt is not None
                    if type(attempt) is Saving:
                        event = self._save(attempt)
                        continue
                    attempt.thread_id = thread_id
                    attempt.spent = None
                    if store is not None:
                        store.begins(attempt, number)
                    event = self._context.copy().run(perform, attempt, wait_for)
                    attempt.over = True
                    attempt.inputs = ()
                    if threading.main_thread() is not self._main and os.getpid() != self._pid:
                        leave_forked_child(attempt)
                    if store is not None:
                        store.has_ended(number)
                    if type(event) is not AttemptSucceeded and type(event) is not AttemptReturned:
                        self._look_into(event, desk)
                elif desk.closed:
                    return
                else:
                    event = None
                    worker.sleep()
        finally:
            del desk, worker, event  # as in _work

    def _save(self, saving: Saving) -> ResultsCommitted:
        """Have the store commit; what it raises ends the run."""
        assert self._store is not None
        self._store.save(saving.results)
        return ResultsCommitted(saving.commit)

    def _look_into(self, event: AttemptEvent, desk: Desk) -> None:
        """Let go of what an error holds, and cancel the run if a body was interrupted."""
        if isinstance(event, AttemptFailed | InputRejected):
            clean(event.error, keep_frames=self._keep_frames)
            if issubclass(type(event.error), KeyboardInterrupt):  # `isinstance` may ask the error (FAULTS R7)
                desk.report(CancelRequested())
