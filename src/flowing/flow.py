"""The flow: compiled once, then run, looked at, mended and resumed. Joins core and shell, and is neither."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec, Self, TypeVar, cast, get_overloads, overload

from typing_extensions import override as of_object

from flowing._flow_options import FlowOptions, flag, one_of, refused, seconds, whole
from flowing._task.declared import not_a_task
from flowing._task.functions import show_type
from flowing._task.options import EXECUTORS_ALLOWED, is_executor_option, knowing_its_options
from flowing._text import counted, one_line
from flowing.errors import ConfigError, WorkerStartError
from flowing.task import Param, Settable, Task

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping

    from flowing._function.making import Template
    from flowing._runs import Runs
    from flowing._task.options import ExecutorOption
    from flowing.checkpoint import Store
    from flowing.core.state import State
    from flowing.errors import FlowingError
    from flowing.results import Results, StepResult
    from flowing.shell.observers import Listener, Subscription
    from flowing.views.picture import Picture

R = TypeVar("R")
Q = ParamSpec("Q")


class Flow:
    """A graph of tasks, and the state of its current run.

    Everything but `run`, `resume`, `override`, `invalidate` and `close` may be called at any time, from any thread.
    Those five raise `FlowRunningError` while the flow is running, and `ForkedProcessError` in a child forked meanwhile.
    """

    __slots__ = ("__weakref__", "_compiled", "_inputs", "_observers", "_runs")

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
        executor: ExecutorOption = None,
        progress: bool = False,
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
            executor: Where bodies run that are plain functions: an executor, or a function that makes one for each run
                (a process pool, loky, dask's, `flowing.processes(4)`). A task's own `executor=` goes before it.
                Default: None, in threads of this process.
            progress: Show on standard error how far each run is, as `flowing.progress` does; needs the extra `rich`.
                Default: False.

        Raises:
            ConfigError: an option has a value that it cannot take, or there is no terminal.
            ExtraMissing: there is to be progress, and rich is not installed.
            SerializationError: there is a checkpoint, and results of a task can't be stored; the message says why,
                and the ways out.
            GraphError: the tasks do not make a graph; the subclass and the message say why, and the way out.
            WorkerStartError: the interpreter shuts down.
        """
        one_of("on_change", on_change, ("error", "rerun", "keep"))
        one_of("on_unreadable", on_unreadable, ("error", "recompute"))
        if not is_executor_option(executor):
            raise refused("executor", executor, EXECUTORS_ALLOWED)
        options = FlowOptions(
            max_workers=whole("max_workers", max_workers, least=1),
            fail_fast=flag("fail_fast", fail_fast),
            max_abandoned=None if max_abandoned is None else whole("max_abandoned", max_abandoned, least=0),
            grace_s=seconds("grace_s", grace_s),
            keep_frames=flag("keep_frames", keep_frames),
            discover_detached=flag("discover_detached", discover_detached),
            stall_warning_s=None if stall_warning_s is None else seconds("stall_warning_s", stall_warning_s),
            on_change=on_change,
            on_unreadable=on_unreadable,
            max_crashes=whole("max_crashes", max_crashes, least=1),
            executor=executor,
            progress=flag("progress", progress),
        )
        if sys.is_finalizing():
            message = "a flow can't be made while the interpreter shuts down; make it, and run it, before that"
            raise WorkerStartError(message)
        # The core, and threads and all that is for them: loaded when the first flow is made, not by `import flowing`.
        from flowing._assembly import assembled  # noqa: PLC0415

        self._have(assembled(terminals, options, checkpoint))

    def _have(self, runs: Runs) -> None:
        self._runs = runs
        self._compiled, self._inputs, self._observers = runs.compiled, runs.inputs, runs.observers

    def with_checkpoint(self, checkpoint: str | os.PathLike[str] | Store) -> Flow:
        """Make a flow of the same tasks and options that has not run, and that keeps its results there.

        For a flow that somebody else made; what it has run, and who listens to it, does not come along, but its
        progress and telemetry do.

        Raises:
            SerializationError: results of a task can't be stored; the message says why, and the ways out.
        """
        return self._another(checkpoint)

    def _another(self, checkpoint: str | os.PathLike[str] | Store | None) -> Flow:
        """Make a flow of the same tasks and options that has not run, with a checkpoint of its own."""
        made = object.__new__(Flow)
        made._have(self._runs.another(checkpoint))
        return made

    # ── run ──────────────────────────────────────────────────────────────────────────────────────

    def run(self, /, **inputs: object) -> Results:
        """Run every task from the start, and give the results. Never raises because a task failed.

        A flow that has run before begins a new run, without the overrides of the old one. With a checkpoint, a run of
        an earlier process counts as one before; if it was not finished, a warning in the log says that `resume()` would
        have gone on with it.

        Args:
            inputs: The values of the flow's parameters, by name; those with a default may be left out.

        Raises:
            InputError: a parameter was given no value, or one of another type, or the flow has none of that name.
            KeyboardInterrupt: Ctrl-C. Running tasks got `grace_s` to finish; `resume()` keeps what succeeded.
            WorkersExhausted: every worker is stuck in a timed-out attempt; `resume()` keeps what succeeded.
            WorkerStartError: the system refuses to start threads; or bodies are to run in processes, and this is one
                of them, for what starts the flow is not under `if __name__ == "__main__":`.
            CheckpointError: the checkpoint can't be read or written; what is in memory is still on the flow.
            FlowRunningError: the flow is running already.
        """
        self._inputs.check(inputs, "run()")
        return self._runs.conduct("run()", partial(self._runs.begin, inputs), anew=True)

    def resume(self, /, *, rerun_detached: bool = False, **inputs: object) -> Results:
        """Go on with the run: keep what SUCCEEDED, run everything else with a fresh retry budget.

        Before any `run()` it is `run()`; when everything has succeeded it returns at once. With a checkpoint it goes
        on with the newest run that is stored there; a finished one it gives back, starting nothing, and the log says
        so. A result whose commit failed is committed now, without running its task again. Raises as `run()` does, and
        `CheckpointError` of a subclass that says why the stored run does not fit the flow.

        Args:
            rerun_detached: Fire detached tasks again whose inputs were overridden or invalidated after they ran.
            inputs: The values of the flow's parameters, by name. A run that goes on has them already: those that are
                given must be the same.

        Raises:
            FlowChangedError: the run has other inputs; leave them out, or begin a new one with `run()`.
        """
        self._inputs.check(inputs, "resume()")
        return self._runs.conduct(
            "resume()", partial(self._runs.go_on, inputs, rerun_detached=rerun_detached), anew=False
        )

    async def run_async(self, /, **inputs: object) -> Results:
        """Run as `run()` does, on the running event loop, which goes on meanwhile.

        Tasks that are `async def` run on that loop, all others in threads. A cancel of the asyncio task that awaits
        this cancels the flow, and its coroutines at once; it ends when the flow has, and `resume()` goes on with it.
        """
        from flowing.shell.bridge import conducted  # noqa: PLC0415 - asyncio takes as long to load as flowing itself

        self._inputs.check(inputs, "run_async()")
        return await conducted(partial(self._runs.conduct, "run_async()", partial(self._runs.begin, inputs), anew=True))

    async def resume_async(self, /, *, rerun_detached: bool = False, **inputs: object) -> Results:
        """Go on as `resume()` does, on the running event loop, which goes on meanwhile; see `run_async`."""
        from flowing.shell.bridge import conducted  # noqa: PLC0415 - as above

        self._inputs.check(inputs, "resume_async()")
        first = partial(self._runs.go_on, inputs, rerun_detached=rerun_detached)
        return await conducted(partial(self._runs.conduct, "resume_async()", first, anew=False))

    def cancel(self) -> None:
        """Stop a running flow from another thread: nothing more starts, running tasks get `grace_s` to finish.

        `run()` then returns, with `results.cancelled` true. Does nothing when the flow is not running.
        """
        self._runs.cancel()

    # ── look ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def _state(self) -> State:
        return self._runs.state

    @property
    def results(self) -> Results:
        """Every task's result as it is now, also while the flow is running."""
        return self._runs.results

    @property
    def detached_failures(self) -> tuple[StepResult[object], ...]:
        """The detached tasks that FAILED, in start order. Emptied by `run()`."""
        return self.results.failures(detached=True)

    @property
    def tasks(self) -> tuple[Task[object], ...]:
        """The tasks of the flow in start order, detached ones last."""
        return self._compiled.tasks

    @property
    def inputs(self) -> Mapping[str, Param[object]]:
        """The parameters of the flow by name, in the order of their definition."""
        return self._inputs.params

    def value(self, task_def: Task[R]) -> R:
        """Give a task's value; also a FAILED task has one that `retry_until` refused, or that could not be stored.

        Raises:
            ResultUnavailable: there is none; says the task's state and the root cause.
            UnknownTaskError: the task is not in this flow.
        """
        result: StepResult[R] = self._runs.rows.result(self._number(task_def))
        return result.value

    def summary(self) -> str:
        """Draw a table of all tasks: state, name, duration, attempts, and why."""
        from flowing.views.summary import summarise  # noqa: PLC0415 - views are loaded when somebody looks

        return summarise(self.results, inputs=self.inputs)

    def to_mermaid(self) -> str:
        """Write the graph, as it stands, as a Mermaid flowchart: states as classes, order-only edges dotted."""
        from flowing.views.mermaid import mermaid  # noqa: PLC0415 - views are loaded when somebody looks

        return mermaid(self._picture())

    def to_svg(self) -> str:
        """Draw the graph, as it stands, as one SVG without scripts or references; beyond 300 tasks, folded."""
        from flowing.views.svg import svg  # noqa: PLC0415 - views are loaded when somebody looks

        return svg(self._picture())

    def to_html(self, path: str | os.PathLike[str], *, title: str = "flow", events: Iterable[object] = ()) -> None:
        """Write a report into a file: graph, timeline, every task, failures with their tracebacks. Needs no network.

        Args:
            path: The file; one that is there is replaced.
            title: What the report is of. Default: "flow".
            events: Those of a recording, or what a listener heard: earlier attempts and waits are then drawn when they
                were. Default: only the last attempt of a task is.

        Raises:
            OSError: the file can't be written.
        """
        from flowing.views.html import html  # noqa: PLC0415 - views are loaded when somebody looks

        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - of any path
            file.write(html(self._picture(title=title, events=events)))

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """Show a notebook the summary, the drawing and the flowchart."""
        from flowing.views.notebook import mimebundle  # noqa: PLC0415 - views are loaded when somebody looks

        return mimebundle(self._picture(), self.summary, include, exclude)

    def _picture(self, *, title: str = "flow", events: Iterable[object] = ()) -> Picture:
        from flowing.views.picture_of_flow import picture_of  # noqa: PLC0415 - views are loaded when somebody looks

        return picture_of(self._state, self.tasks, title=title, events=events)

    def subscribe(self, listener: Listener) -> Subscription:
        """Have `listener` called with an `Observation` of every event, in order, in a thread of its own.

        What it does never changes or delays the run. One that is too slow loses the oldest of 10,000 waiting events,
        and hears of it through `EventsLost`.

        Raises:
            ConfigError: it can't be called, or is an `async def` or a generator function.
        """
        return self._observers.subscribe(listener)

    # ── use as a function ────────────────────────────────────────────────────────────────────────

    def as_function(
        self,
        name: str | None = None,
        description: str | None = None,
        *,
        returns: Task[object] | None = None,
        result: Callable[[Any], object] | None = None,
        on_error: Callable[[FlowingError], object] | None = None,
        checkpoint: Callable[[], str | os.PathLike[str] | Store] | None = None,
    ) -> Callable[..., Any]:
        """Make a plain function of the flow, for agent frameworks to take for a tool: `docs/agents.md` has a line each.

        Its signature, annotations and docstring come from the flow's parameters and the return type of its last task.
        Each call runs a flow of its own, so calls may overlap, and gives that task's value. Where a task failed it
        raises `TaskFailed`, which names the first, and the others in its notes. For checkers see `typed`.

        Args:
            name: The function's name: an ASCII letter, then ASCII letters, digits and underscores. Default: that of
                the last task.
            description: What it does, for a model. Default: the docstring of the last task.
            returns: The task whose value it gives. Default: the only one of the main graph that none depends on.
            result: Makes of the value what the function gives, such as `flowing.to_json`. Default: nothing.
            on_error: Called with the `FlowingError` that a call would raise; may raise another, or return what the
                call gives instead. Default: raise it.
            checkpoint: Gives each call a file or a store of its own, in which it resumes. Default: no checkpoint.

        Raises:
            ConfigError: the flow has several last tasks, or a checkpoint; or a name that frameworks don't take.
            SignatureError: the return type is not known at run time.
        """
        from flowing._function.making import Wanted, plain_function  # noqa: PLC0415 - few programs ask

        return plain_function(self._template(), Wanted(name, description, returns, result, on_error, checkpoint))

    def as_async_function(
        self,
        name: str | None = None,
        description: str | None = None,
        *,
        returns: Task[object] | None = None,
        result: Callable[[Any], object] | None = None,
        on_error: Callable[[FlowingError], object] | None = None,
        checkpoint: Callable[[], str | os.PathLike[str] | Store] | None = None,
    ) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Make an `async def` function of the flow, as `as_function` does; it runs as `run_async` does."""
        from flowing._function.making import Wanted, async_function  # noqa: PLC0415 - few programs ask

        return async_function(self._template(), Wanted(name, description, returns, result, on_error, checkpoint))

    @overload
    def typed(self, stub: Callable[Q, R], /) -> Callable[Q, R]:  # noqa: D418 - editors show that of an overload
        """Make a function of the flow with the signature of a stub, which checkers then know.

        `@flow.typed` on `def weather(city: str, days: int = 3) -> Report: ...`; on an `async def` it makes one. The
        stub is never called. The options are those of `as_function`; name and description are the stub's.

        Raises:
            SignatureError: the stub's names, types or defaults are not the flow's; names both ends.
        """

    @overload
    def typed(
        self,
        /,
        *,
        returns: Task[object] | None = None,
        result: Callable[[Any], object] | None = None,
        on_error: Callable[[FlowingError], object] | None = None,
        checkpoint: Callable[[], str | os.PathLike[str] | Store] | None = None,
    ) -> Callable[[Callable[Q, R]], Callable[Q, R]]: ...

    def typed(
        self,
        stub: Callable[..., object] | None = None,
        /,
        *,
        returns: Task[object] | None = None,
        result: Callable[[Any], object] | None = None,
        on_error: Callable[[FlowingError], object] | None = None,
        checkpoint: Callable[[], str | os.PathLike[str] | Store] | None = None,
    ) -> object:
        """Make a function of the flow with the signature of a stub."""
        from flowing._function.making import Wanted, function_like  # noqa: PLC0415 - few programs ask

        wanted = Wanted(None, None, returns, result, on_error, checkpoint)
        make = partial(function_like, template=self._template(), wanted=wanted)
        return make if stub is None else make(stub)

    typed.__doc__ = get_overloads(typed)[0].__doc__

    def _template(self) -> Template:
        from flowing._function.making import Template  # noqa: PLC0415 - few programs ask

        return Template(self._compiled, self.inputs, self._another, has_checkpoint=self._runs.hold is not None)

    # ── mend ─────────────────────────────────────────────────────────────────────────────────────

    def override(self, step: Settable[Q], /, *value: Q.args, **kwargs: Q.kwargs) -> None:
        """Give a task a result of your own: `flow.override(step, value)`.

        It counts as SUCCEEDED until `run()` begins another run; one made before the first `run()` belongs to that run.
        Computed results that depend on it become PENDING; detached effects that already ran are not fired again unless
        `resume(rerun_detached=True)`. With a checkpoint, all of it is stored in one transaction, but for the value of a
        task with `persist=False`.

        Raises:
            UnknownTaskError: the task is not in this flow.
            InputTypeError: it is a parameter, and the value is of another type.
            FlowRunningError: the flow is running.
            SerializationError: the checkpoint can't hold the value; nothing was changed.
            CheckpointError: the checkpoint can't be written; the next call finds out whether it took effect.
        """
        if len(value) != 1 or kwargs:
            message = "override() takes the task and one value: flow.override(step, value)"
            raise TypeError(message)
        number = self._number(step)
        if isinstance(step, Param):
            step.check(value[0])
        self._runs.override(number, value[0])

    def invalidate(self, *steps: Task[object]) -> None:
        """Make results that succeeded but are wrong PENDING, and with them the computed results that depend on them.

        The next `resume()` makes them anew, with a new idempotency key. With a checkpoint, all of it is stored in one
        transaction. It also lets a task run again that is FAILED with `AttemptUncertain`.

        Raises:
            UnknownTaskError: a task is not in this flow.
            InputError: one is a parameter, whose value nothing makes.
            FlowRunningError: the flow is running.
            CheckpointError: the checkpoint can't be written; the next call finds out whether it took effect.
        """
        numbers = tuple([self._number(step) for step in steps])
        self._inputs.refuse_invalidation(steps)
        self._runs.invalidate(numbers)

    def close(self) -> None:
        """Let go of the checkpoint, for another flow or process to use. The next `run()` or `resume()` reads it anew.

        A flow that is closed, collected, or whose process ended, holds nothing. Does nothing without a checkpoint.

        Raises:
            FlowRunningError: the flow is running.
        """
        self._runs.close()

    @of_object
    def __repr__(self) -> str:
        """Say how many tasks there are and, of a flow that is not large, how many are in which state."""
        if not hasattr(self, "_runs"):
            return "<flow that could not be made>"
        tasks = counted(len(self.tasks), "task")
        if len(self.tasks) > _COUNTED_MAX:
            return f"<flow of {tasks}>"
        return f"<flow of {tasks}: {self._runs.rows.counts_in_words()}>"

    def __enter__(self) -> Self:
        """Give the flow itself, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _number(self, step: object) -> int:
        if not isinstance(step, Task):
            raise not_a_task(step, "the flow was asked for")
        return self._runs.rows.number_of(cast("Task[object]", step))  # it is a Task of something


if not TYPE_CHECKING:  # a checker knows the options by itself, and is to see nothing but them
    Flow.__init__ = knowing_its_options(Flow.__init__, "Flow()")

_COUNTED_MAX: Final = 10_000  # counting so many takes milliseconds


def flow_given(given: object, call: str) -> Flow:
    """Give what `call` was given if it is a flow, else raise `ConfigError`."""
    if isinstance(given, Flow):
        return given
    if isinstance(given, Task):
        name = one_line(given.name)
        message = f"{call} was given the task {name!r}, but needs a flow; make one of it: Flow({name})"
    else:
        message = f"{call} was given {show_type(given)}, but needs a flow; make one: Flow(last_task)"
    raise ConfigError(message)
