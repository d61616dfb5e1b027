"""The flow: compiled once, then run, looked at, mended and resumed. Joins core and shell, and is neither."""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Literal, ParamSpec, Self, TypeVar, cast

from attrs import evolve

from flowing._compile import compile_flow
from flowing._text import describe_error, one_line
from flowing.core.events import ResultProvided, ResultsInvalidated, ResumeRequested, RunRequested
from flowing.core.graph import Limits
from flowing.core.state import Closed, Idle, State, initial
from flowing.core.transition import transition
from flowing.errors import CheckpointError, ConfigError, FlowRunningError, ForkedProcessError, NotATaskError
from flowing.results import Results, StepResult, number_of, step_result
from flowing.shell.log import warn
from flowing.shell.observers import Listener, Observers, Subscription
from flowing.shell.session import Session, Settings, begin, close_as_it_stands
from flowing.task import Settable, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing._durable.hold import Hold
    from flowing.checkpoint import Store
    from flowing.core.events import Event

R = TypeVar("R")
Q = ParamSpec("Q")


class Flow:
    """A graph of tasks, and the state of its current run.

    Everything but `run`, `resume`, `override`, `invalidate` and `close` may be called at any time, from any thread.
    Those five raise `FlowRunningError` while the flow is running, and `ForkedProcessError` in a child forked meanwhile.
    """

    __slots__ = ("__weakref__", "_at_rest", "_compiled", "_hold", "_observers", "_session", "_settings", "_starting")

    def __init__(
        self,
        *terminals: Task[object],
        max_workers: int = 5,
        fail_fast: bool = True,
        max_abandoned: int | None = None,
        grace_s: float = 10,
        keep_frames: bool = False,
        discover_detached: bool = True,
        stall_warning_s: float | None = 60,
        checkpoint: str | os.PathLike[str] | Store | None = None,
        on_change: Literal["error", "rerun", "keep"] = "error",
        on_unreadable: Literal["error", "recompute"] = "error",
        max_crashes: int = 3,
    ) -> None:
        """Compile the tasks that `terminals` need. O(tasks + edges); starts nothing.

        Args:
            terminals: The last tasks of the graph; what they depend on comes along.
            max_workers: Most tasks that run at the same time. Default: 5.
            fail_fast: Stop the main graph after the first final failure. Default: True.
            max_abandoned: Most threads stuck in a timed-out attempt that are replaced. Default: max_workers.
            grace_s: Seconds that running tasks get to finish after a cancel, and stuck ones to come back when no
                worker is left. Default: 10.
            keep_frames: Keep the local variables in the tracebacks of errors, for a debugger. Default: False.
            discover_detached: Take in detached tasks that nobody named, if all they depend on is in the flow.
                Default: True.
            stall_warning_s: Seconds after which a running task without `timeout_s` is warned of, once, in the log;
                None for never. Default: 60.
            checkpoint: A file, or a store, that keeps the results, so that `resume()` in another process goes on
                where this one ended. It is opened by the first call that needs it, and held until `close()`.
                Default: None, results live as long as the flow.
            on_change: What becomes of stored results of tasks that are declared differently now (dependencies, return
                type or `version`): "error" raises `FlowChangedError`, "rerun" makes them anew, and what was computed
                from them, "keep" keeps them. Default: "error".
            on_unreadable: What becomes of stored results that are damaged, or were made for another type: "error"
                raises, "recompute" makes them anew. Default: "error".
            max_crashes: After so many deaths of the process while a task was running, the task fails with `CrashLoop`
                instead, once: the next `resume()` tries it again. Default: 3.

        Raises:
            ConfigError: an option has a value that it cannot take, or there is no terminal.
            SerializationError: there is a checkpoint, and results of a task can't be stored; the message says why,
                and the ways out.
            GraphError: the tasks do not make a graph; the subclass and the message say why, and the way out.
        """
        limits = Limits(
            workers=_whole("max_workers", max_workers, least=1),
            abandoned=_whole("max_abandoned", max_workers if max_abandoned is None else max_abandoned, least=0),
            fail_fast=_flag("fail_fast", fail_fast),
        )
        self._settings = Settings(
            grace_s=_seconds("grace_s", grace_s),
            keep_frames=_flag("keep_frames", keep_frames),
            stall_warning_s=None if stall_warning_s is None else _seconds("stall_warning_s", stall_warning_s),
        )
        discover = _flag("discover_detached", discover_detached)
        self._compiled = compile_flow(terminals, limits, discover_detached=discover)
        self._at_rest = initial(self._compiled.graph)
        self._hold = self._held(checkpoint, on_change, on_unreadable, _whole("max_crashes", max_crashes, least=1))
        self._session: Session | None = None
        self._observers = Observers(self._compiled.graph.names)
        self._starting = threading.Lock()

    def _held(
        self,
        checkpoint: str | os.PathLike[str] | Store | None,
        on_change: Literal["error", "rerun", "keep"],
        on_unreadable: Literal["error", "recompute"],
        max_crashes: int,
    ) -> Hold | None:
        _one_of("on_change", on_change, ("error", "rerun", "keep"))
        _one_of("on_unreadable", on_unreadable, ("error", "recompute"))
        if checkpoint is None:
            return None
        from flowing._durable.hold import Hold  # noqa: PLC0415 - loads SQLite and cattrs

        return Hold(
            checkpoint, self._compiled, on_change=on_change, on_unreadable=on_unreadable, max_crashes=max_crashes
        )

    # ── run ──────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> Results:
        """Run every task from the start, and give the results. Never raises because a task failed.

        A flow that has run before begins a new run, without the overrides of the old one. With a checkpoint, a run of
        an earlier process counts as one before; if it was not finished, a warning in the log says that `resume()` would
        have gone on with it.

        Raises:
            KeyboardInterrupt: Ctrl-C. Running tasks got `grace_s` to finish; `resume()` keeps what succeeded.
            WorkersExhausted: every worker is stuck in a timed-out attempt; `resume()` keeps what succeeded.
            WorkerStartError: the system refuses to start threads.
            CheckpointError: the checkpoint can't be read or written; what is in memory is still on the flow.
            FlowRunningError: the flow is running already.
        """
        return self._conduct("run()", self._begin, anew=True)

    def resume(self, *, rerun_detached: bool = False) -> Results:
        """Go on with the run: keep what SUCCEEDED, run everything else with a fresh retry budget.

        Before any `run()` it is `run()`; when everything has succeeded it returns at once. With a checkpoint it goes
        on with the newest run that is stored there; a finished one it gives back, starting nothing, and the log says
        so. A result whose commit failed is committed now, without running its task again. Raises as `run()` does, and
        `CheckpointError` of a subclass that says why the stored run does not fit the flow.

        Args:
            rerun_detached: Fire detached tasks again whose inputs were overridden or invalidated after they ran.
        """
        return self._conduct("resume()", partial(self._go_on, rerun_detached=rerun_detached), anew=False)

    def cancel(self) -> None:
        """Stop a running flow from another thread: nothing more starts, running tasks get `grace_s` to finish.

        `run()` then returns, with `results.cancelled` true. Does nothing when the flow is not running.
        """
        session = self._session
        if session is not None:
            session.cancel()

    def _conduct(self, call: str, first: Callable[[State], tuple[State, Event]], *, anew: bool) -> Results:
        """Begin, and wait for the end, whatever ends it."""
        self._settled_state(call)  # before the lock, which a fork may have copied while it was held
        hold = self._hold
        with self._starting:
            self._at_rest = self._taken_over(self._settled_state(call), anew=anew)
            state, event = first(self._at_rest)
            began = begin(state, event, self._observers)
            scribe = None if hold is None else hold.has_begun(state, began, anew=isinstance(event, RunRequested))
            if isinstance(began.phase, Closed):
                self._at_rest = began
                if hold is not None:
                    hold.has_ended_with(state, began)
                return self.results
            bodies = self._compiled.bodies if hold is None else hold.bodies
            session = self._session = Session(began, bodies, self._settings, self._observers, scribe)
        try:
            session.conduct()
        except BaseException as error:
            if hold is not None and not isinstance(error, CheckpointError):
                with suppress(CheckpointError):  # what ended the run is what the caller has to know
                    hold.has_ended_with(began, self._taken_back(session))
            raise
        finally:
            self._taken_back(session)
        if hold is not None:
            hold.has_ended_with(began, self._at_rest)
        results = Results(session.state, self._compiled.numbers)
        for failure in results.failures(detached=True):
            assert failure.error is not None, failure
            warn("detached task %s failed: %s", repr(one_line(failure.name)), describe_error(failure.error))
        return results

    def _taken_over(self, state: State, *, anew: bool) -> State:
        """Read the stored run, where there is one that was not read yet."""
        return state if self._hold is None else self._hold.take_over(state, anew=anew)

    def _taken_back(self, session: Session) -> State:
        """Take the state back, unless somebody who saw that the session is over has done so, and begun anew."""
        with self._starting:
            if self._session is session:
                self._take_back(session)
            return session.state

    def _take_back(self, session: Session) -> None:
        """Keep the state in which a session ended, and let go of its threads."""
        state = session.state
        self._at_rest = state if isinstance(state.phase, Closed) else close_as_it_stands(state)
        self._session = None

    def _settled_state(self, call: str) -> State:
        """Give the state if the flow stands still, else say that it does not."""
        session = self._session
        if session is None:
            return self._at_rest
        if session.pid != os.getpid():
            message = (
                f"{call}: this flow was running when process {session.pid} forked this one, and runs on there; "
                f"make a new Flow in the child"
            )
            raise ForkedProcessError(message)
        if session.over or session.owner == threading.get_ident():
            # The thread that waited is gone, or it is this one: an interrupt tore it out of the last line of run().
            self._take_back(session)
            return self._at_rest
        message = f"{call}: the flow is running; wait for it, cancel() it, or make another Flow of the same tasks"
        raise FlowRunningError(message)

    # ── look ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def _state(self) -> State:
        session = self._session
        return self._at_rest if session is None else session.state

    @property
    def results(self) -> Results:
        """Every task's result as it is now, also while the flow is running."""
        return Results(self._state, self._compiled.numbers)

    @property
    def detached_failures(self) -> tuple[StepResult[object], ...]:
        """The detached tasks that FAILED, in start order. Emptied by `run()`."""
        return self.results.failures(detached=True)

    @property
    def tasks(self) -> tuple[Task[object], ...]:
        """The tasks of the flow in start order (D18), detached ones last."""
        return self._compiled.tasks

    def value(self, task_def: Task[R]) -> R:
        """Give a task's value.

        Raises:
            ResultUnavailable: there is none; says the task's state and the root cause.
            UnknownTaskError: the task is not in this flow.
        """
        result: StepResult[R] = step_result(self._state, self._number(task_def))
        return result.value

    def summary(self) -> str:
        """Draw a table of all tasks: state, name, duration, attempts, and why."""
        from flowing.views.summary import summarise  # noqa: PLC0415 - views are loaded when somebody looks

        return summarise(self.results)

    def subscribe(self, listener: Listener) -> Subscription:
        """Have `listener` called with an `Observation` of every event, in order, in a thread of its own (D22).

        What it does never changes or delays the run. One that is too slow loses the oldest of 10,000 waiting events,
        and hears of it through `EventsLost`.
        """
        return self._observers.subscribe(listener)

    # ── mend ─────────────────────────────────────────────────────────────────────────────────────

    def override(self, step: Settable[Q], /, *value: Q.args, **kwargs: Q.kwargs) -> None:
        """Give a task a result of your own: `flow.override(step, value)`.

        It counts as SUCCEEDED until the next `run()`. Computed results that depend on it become PENDING; detached
        effects that already ran are not fired again unless `resume(rerun_detached=True)`. With a checkpoint, all of it
        is stored in one transaction, but for the value of a task with `persist=False`.

        Raises:
            UnknownTaskError: the task is not in this flow.
            FlowRunningError: the flow is running.
            SerializationError: the checkpoint can't hold the value; nothing was changed.
            CheckpointError: the checkpoint can't be written; the next call finds out whether it took effect.
        """
        if len(value) != 1 or kwargs:
            message = "override() takes the task and one value: flow.override(step, value)"
            raise TypeError(message)
        self._mend("override()", ResultProvided(self._number(step), value[0]))

    def invalidate(self, *steps: Task[object]) -> None:
        """Make results that succeeded but are wrong PENDING, and with them the computed results that depend on them.

        The next `resume()` makes them anew, with a new idempotency key. With a checkpoint, all of it is stored in one
        transaction. It also lets a task run again that is FAILED with `AttemptUncertain`.

        Raises:
            UnknownTaskError: a task is not in this flow.
            FlowRunningError: the flow is running.
            CheckpointError: the checkpoint can't be written; the next call finds out whether it took effect.
        """
        self._mend("invalidate()", ResultsInvalidated(tuple([self._number(step) for step in steps])))

    def _mend(self, call: str, event: Event) -> None:
        self._settled_state(call)  # before the lock, as in _conduct
        with self._starting:
            before = self._at_rest = self._taken_over(self._settled_state(call), anew=False)
            after = transition(evolve(before, table=before.table.copy()), event)
            if self._hold is not None:
                self._hold.is_mended(before, after)
            self._at_rest = after
            self._observers.observe(event)

    def close(self) -> None:
        """Let go of the checkpoint, for another flow or process to use. The next `run()` or `resume()` reads it anew.

        A flow that is closed, collected, or whose process ended, holds nothing. Does nothing without a checkpoint.

        Raises:
            FlowRunningError: the flow is running.
        """
        self._settled_state("close()")
        with self._starting:
            self._settled_state("close()")
            if self._hold is not None:
                self._hold.close()

    def __enter__(self) -> Self:
        """Give the flow itself, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _begin(self, state: State) -> tuple[State, Event]:
        """Begin a new run; overrides made before the first one belong to it (D3)."""
        if not isinstance(state.phase, Idle):
            state = initial(state.graph, epoch=state.epoch + 1)
        run_id = os.urandom(16).hex() if self._hold is None else self._hold.new_run_id()
        return state, RunRequested(time.monotonic(), time.time(), run_id)

    def _go_on(self, state: State, *, rerun_detached: bool) -> tuple[State, Event]:
        """Go on with the run; if there was none yet, begin it."""
        if isinstance(state.phase, Idle):
            return self._begin(state)
        if self._hold is not None:
            state = self._hold.before_resume(state)
        return state, ResumeRequested(time.monotonic(), time.time(), rerun_detached)

    def _number(self, step: object) -> int:
        if not isinstance(step, Task):
            message = f"{one_line(repr(type(step)))} is not a task; give the task itself, not its name or its function"
            raise NotATaskError(message)
        return number_of(cast("Task[object]", step), self._at_rest, self._compiled.numbers)  # it is a Task of something


def _one_of(option: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise _refused(option, value, " or ".join(map(repr, allowed)))


def _whole(option: str, value: object, *, least: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= least:
        return value
    raise _refused(option, value, f"a whole number, {least} or more")


def _seconds(option: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return min(value, 1e9)
    raise _refused(option, value, "a finite number of seconds, 0 or more")


def _flag(option: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _refused(option, value, "True or False")


def _refused(option: str, value: object, allowed: str) -> ConfigError:
    shown = value if isinstance(value, int | float | str | None) else type(value)
    return ConfigError(f"Flow has {option}={one_line(repr(shown), length_max=80)}; it must be {allowed}")
