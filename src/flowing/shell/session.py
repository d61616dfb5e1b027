"""One call of run() or resume(): the caller's side. It starts the clerk, waits, and answers Ctrl-C.

The caller never takes the desk's lock, so that an interrupt can hit it anywhere and hurt nobody.
"""

from __future__ import annotations

import _thread
import os
import queue
import sys
import threading
import time
from collections import deque
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from flowing._record import record
from flowing._text import describe_error
from flowing.core.decide import answer, decide
from flowing.core.events import CancelRequested, Event, Finish, GraceElapsed, SettleMain
from flowing.core.state import Closed
from flowing.core.status import Because
from flowing.core.transition import transition
from flowing.errors import FlowingError, WorkerCrashed, WorkersExhausted, WorkerStartError
from flowing.shell.clerk import Clerk
from flowing.shell.coroutines import Coroutines
from flowing.shell.crew import Crew
from flowing.shell.desk import Desk
from flowing.shell.leftovers import others, tell_of_leftovers
from flowing.shell.seams import Observer, Store, World

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Sequence

    from flowing._bodies import Body
    from flowing.core.state import State
    from flowing.shell.remote import Executors

_LOOK_S = 2.0  # how often the waiting caller looks whether all threads are there
_LAST_S = 1.0  # how long coroutines that were cancelled in the end are waited for
_JOIN_S = 1.0  # threads on their way out need microseconds; a machine under load more


@record(kw_only=True)
class Settings:
    """How the shell behaves; what is decided lies in the graph's limits."""

    grace_s: float
    keep_frames: bool
    stall_warning_s: float | None


class Session:
    """The threads of one run, and the world that its desk sees."""

    def __init__(
        self,
        state: State,
        bodies: Sequence[Body],
        settings: Settings,
        observer: Observer,
        store: Store | None = None,
        *,
        loop: AbstractEventLoop | None = None,
        executors: Executors | None = None,
    ) -> None:
        self._coroutines = Coroutines(loop)
        self._executors = executors
        if executors is not None:
            executors.on_broken = self.cancel
        self._crew = Crew(
            copy_context(), keep_frames=settings.keep_frames, store=store, wait_for=self._coroutines.wait_for
        )
        self._clerk = Clerk(time.monotonic, self._crew.hire, stall_warning_s=settings.stall_warning_s)
        self._closed: queue.SimpleQueue[None] = queue.SimpleQueue()
        world = World(time.monotonic, self._clerk, self._clerk, on_closed=partial(self._closed.put, None))
        self._desk = Desk(state, bodies, world, grace_s=settings.grace_s, observer=observer)
        self.pid: int = os.getpid()
        self.owner: int = threading.get_ident()
        self.over: bool = False  # nobody waits any more; what is still reported changes nothing that anybody sees
        self._settings = settings
        self._others = others()
        self._first: deque[None] = deque([None])
        self._cancelled = False
        self._clerk_started = False
        self._clerk_works = threading.Lock()  # held by the clerk's thread as long as it lives
        self._stuck: list[str] = []  # where timed-out attempts were when the run ended
        self._freed: frozenset[int | None] = frozenset()  # threads whose coroutines were ended

    @property
    def state(self) -> State:
        """The run as it is now. O(n): a copy, unless the run is closed, so that the desk's versions can go."""
        state = self._desk.state
        return state if isinstance(state.phase, Closed) else evolve(state, table=state.table.copy())

    @property
    def passing(self) -> State:
        """The run as it is now, for one look. O(1), but who keeps it keeps everything that comes after it too."""
        return self._desk.state

    def cancel(self, *, at_once: bool = False, coroutines: bool = False) -> None:
        """Have the run stop (D9), and its coroutines end now if told to. Safe from any thread, in any state.

        Whoever comes to the desk next, or is served there now, finds the cancel before he gets anything to do.
        """
        if not self._cancelled:
            self._cancelled = True
            self._desk.leave(CancelRequested())
        self._clerk.cancel(at_once=at_once, then=self._coroutines.cancel if coroutines else None)

    def conduct(self) -> State:
        """Run until everything is over, and give the state in the end.

        Raises:
            KeyboardInterrupt: the caller was interrupted; what was done until then is in `self.state`.
            WorkersExhausted, WorkerStartError, WorkerCrashed: the run could not go on.
        """
        interrupted = False
        try:
            while True:
                try:
                    self._wait()
                    break
                except KeyboardInterrupt:
                    if interrupted:
                        raise
                    interrupted = True
                    self.cancel()
            self._join()
            tell_of_leftovers(self._others)
        finally:
            self.over = True
            self.cancel(at_once=True)
        if interrupted:
            raise KeyboardInterrupt
        self._raise_what_ended_it()
        return self._desk.state

    def _wait(self) -> None:
        if not self._clerk_started:
            self._start_clerk()
        missing: frozenset[object] = frozenset()
        while not self._desk.closed:  # the flag counts: an interrupt may hit after the token was taken
            try:
                self._closed.get(timeout=_LOOK_S)
            except queue.Empty:
                missing = self._look_after_threads(missing)

    def _look_after_threads(self, missing_before: frozenset[object]) -> frozenset[object]:
        """End the run if a thread has been missing for two looks: it was killed where nothing could report it."""
        clerk: set[object] = set() if self._clerk_works.locked() else {self._clerk}
        missing = frozenset(self._crew.missing() | clerk)
        if missing & missing_before:
            message = (
                "a thread of flowing's was killed from outside, and the run was ended; resume() keeps what succeeded"
            )
            self._desk.break_down(WorkerCrashed(message))
        if (fault := self._coroutines.fault()) is not None:
            message = f"the event loop of the run {fault}, and the run was ended; resume() keeps what succeeded"
            self._desk.break_down(WorkerCrashed(message))
        return missing

    def _start_clerk(self) -> None:
        """Start the clerk; if an interrupt hits in the middle, a second one may be started, and leaves at once.

        Not a `threading.Thread`: starting one waits until it has begun, for ever if it is killed before that.
        """
        try:
            if sys.is_finalizing():  # Python 3.11 would start the thread, and let it die
                raise _shutting_down()
            _thread.start_new_thread(self._keep_time, ())
        except RuntimeError as refusal:
            message = (
                f"the system refused to start a thread ({refusal}); lower the number of threads, raise their limit, "
                f"or don't run a flow while the interpreter shuts down"
            )
            raise WorkerStartError(message) from refusal
        self._clerk_started = True

    def _keep_time(self) -> None:
        with self._clerk_works:
            is_first = False
            try:
                if self._first:
                    self._first.pop()
                    is_first = True
                    self._clerk.run(self._desk)
            except BaseException as error:  # noqa: BLE001 - FAULTS X11: whatever hit us, the run must end
                self._desk.break_down(error)
            if is_first:
                self._end_what_runs_elsewhere()

    def _end_what_runs_elsewhere(self) -> None:
        """Free the threads that wait for coroutines and executors. In the clerk's thread: no interrupt hits it."""
        self._stuck = [f"{attempt.body.name} at {attempt.stuck_at()}" for attempt in self._desk.abandoned.values()]
        self._freed = self._coroutines.end(until_s=time.monotonic() + _LAST_S)
        if self._executors is not None:
            self._freed |= self._executors.end()

    def _join(self) -> None:
        if self._clerk_works.acquire(timeout=_LAST_S + _JOIN_S):
            self._clerk_works.release()
        until_s = time.monotonic() + _JOIN_S
        self._coroutines.join(until_s=until_s)
        self._crew.join(self._desk, self._freed, until_s=until_s)

    def _raise_what_ended_it(self) -> None:
        error = self._desk.broken
        if error is None and self._executors is not None:
            error = self._executors.broken
        if isinstance(error, FlowingError):
            raise error
        if error is not None:
            message = (
                f"{describe_error(error)} hit flowing's own code in one of its threads, and the run was ended; "
                f"resume() keeps what succeeded"
            )
            raise WorkerCrashed(message) from error
        phase = self._desk.state.phase
        if isinstance(phase, Closed) and phase.because is Because.EXHAUSTED:
            raise WorkersExhausted(self._stuck, grace_s=self._settings.grace_s)


def _shutting_down() -> RuntimeError:
    return RuntimeError("the interpreter shuts down")


def begin(state: State, event: Event, observer: Observer) -> State:
    """Begin, and take the decisions that need no worker: a run with nothing to start ends here, without a thread."""
    state = transition(state, event)
    observer.observe(event)
    while (decisions := decide(state, 1)) and isinstance(decisions[0], SettleMain | Finish):
        event = answer(decisions[0], time.monotonic())
        state = transition(state, event)
        observer.observe(event)
    return state


def close_as_it_stands(state: State) -> State:
    """Close a run that nobody waits for any more: what was running has been interrupted."""
    state = transition(transition(state, CancelRequested()), GraceElapsed())
    while decisions := decide(state, 1):
        state = transition(state, answer(decisions[0], time.monotonic()))
    return state
