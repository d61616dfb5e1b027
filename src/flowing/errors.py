"""Every exception that flowing raises. One base, no logic beyond wording the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from flowing._text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence


class FlowingError(Exception):
    """Base of everything that flowing raises on purpose.

    Every message names the task (or the path), what happened, and the way out.
    Every subclass pickles, whatever its constructor takes.
    """

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args), self.__dict__


def _rebuild(kind: type[FlowingError], args: tuple[object, ...]) -> FlowingError:
    """Make an exception from its parts without calling its constructor."""
    error = kind.__new__(kind, *args)
    error.args = args
    return error


# ── what a user declared is wrong: raised before anything starts ─────────────────────────────────


class ConfigError(FlowingError, ValueError):
    """An option has a value that it cannot take."""


class UnknownOptionError(ConfigError, TypeError):
    """There is no option of that name."""


class GraphError(FlowingError):
    """The declared tasks do not make a graph."""


class CycleError(GraphError):
    """Tasks depend on each other in a circle; the message shows a shortest one."""

    cycle: tuple[str, ...]

    def __init__(self, cycle: Sequence[str]) -> None:
        self.cycle = tuple(cycle)
        way = " -> ".join(one_line(name) for name in self.cycle)
        super().__init__(f"tasks depend on each other in a circle: {way}; remove one of these dependencies")


class DuplicateTaskError(GraphError):
    """Two tasks of one flow have the same name."""


class TaskDefinitionError(GraphError):
    """A task cannot be made from what was given to `task()`, `bind()` or `Depends()`."""


class NotATaskError(TaskDefinitionError, TypeError):
    """Something that is not a task stands where a task is needed."""


class SignatureError(TaskDefinitionError, TypeError):
    """A function's parameters and the task's dependencies do not fit together."""


class DetachedDependencyError(TaskDefinitionError):
    """A task of the main graph depends on a detached one, whose outcome may not matter to it."""


class UnsupportedFunctionError(TaskDefinitionError, TypeError):
    """The function is of a kind that cannot be the body of a task."""


# ── a call that does not fit the state of the flow ───────────────────────────────────────────────


class UnknownTaskError(FlowingError, KeyError):
    """The flow has no such task."""

    @override
    def __str__(self) -> str:
        """Give the plain message: a `KeyError` would show it quoted."""
        return str(self.args[0]) if self.args else ""


class InputError(FlowingError, TypeError):
    """The inputs of a run are not what the flow's parameters ask for. `parameters` are the names at fault."""

    parameters: tuple[str, ...]

    def __init__(self, message: str, *, parameters: Sequence[str] = ()) -> None:
        self.parameters = tuple(parameters)
        super().__init__(message)


class MissingInputError(InputError):
    """A parameter without a default was given no value."""


class UnknownInputError(InputError):
    """The flow has no parameter of that name."""


class InputTypeError(InputError):
    """A value is not of the type that its parameter was declared with."""


class FlowRunningError(FlowingError):
    """The flow is running, and the call needs it to stand still."""


class ForkedProcessError(FlowingError):
    """A flow that runs in a parent process was used in a forked child."""


class ResultUnavailable(FlowingError, LookupError):  # noqa: N818 - the name given by the design
    """A task has no value to give.

    `task`, `state` and `root_cause` (a task's name, or None) say which, why and through whom.
    """

    task: str
    state: str
    root_cause: str | None

    def __init__(self, task: str, state: str, *, reason: str | None, root_cause: str | None) -> None:
        self.task, self.state, self.root_cause = task, state, root_cause
        why = f" ({one_line(reason)})" if reason else ""
        through = "" if root_cause is None or root_cause == task else f"; root cause: task {one_line(root_cause)!r}"
        # One that SUCCEEDED has a reason, which says how its value is made anew: run() or resume() alone don't.
        run = "" if state == "SUCCEEDED" else "run() or resume() the flow, "
        super().__init__(
            f"task {one_line(task)!r} has no value: it is {state}{why}{through}; "
            f"{run}override() the task, or use value_or()"
        )


# ── what happened to a task ──────────────────────────────────────────────────────────────────────


class TaskTimeoutError(FlowingError, TimeoutError):
    """An attempt was not done at its deadline. `stuck_at` is the line it was in, where known."""

    task: str
    attempt: int
    timeout_s: float
    stuck_at: str | None

    def __init__(self, task: str, *, attempt: int, timeout_s: float, stuck_at: str | None) -> None:
        self.task, self.attempt, self.timeout_s, self.stuck_at = task, attempt, timeout_s, stuck_at
        where = f", stuck in {one_line(stuck_at)}" if stuck_at else ""
        super().__init__(
            f"task {one_line(task)!r} was not done {timeout_s:g} s after attempt {attempt} began{where}; "
            f"raise timeout_s, or make the body give up in time"
        )


class RetryUntilError(FlowingError, ValueError):
    """`retry_until` still said no after the last attempt. The last value stays on the StepResult."""

    task: str
    attempts: int

    def __init__(self, task: str, *, attempts: int) -> None:
        self.task, self.attempts = task, attempts
        which = "its one attempt" if attempts == 1 else f"all {attempts} attempts"
        super().__init__(
            f"retry_until of task {one_line(task)!r} refused the result of {which}; "
            f"raise retry=, or accept the value with override()"
        )


class AttemptCancelled(FlowingError):  # noqa: N818 - the name given by the design
    """Raised inside a body by `current().sleep()` when nobody waits for the attempt any more."""

    task: str

    def __init__(self, task: str) -> None:
        self.task = task
        super().__init__(f"task {one_line(task)!r} was cancelled while it slept; let this error end the body")


class BlockingSleepError(FlowingError, RuntimeError):
    """`current().sleep()` was called on the event loop that an `async def` task shares with all others."""

    task: str

    def __init__(self, task: str) -> None:
        self.task = task
        super().__init__(
            f"task {one_line(task)!r} called current().sleep(), which would block its event loop; "
            f"write `await asyncio.sleep(...)`, which a time-out interrupts too"
        )


class NoCurrentAttempt(FlowingError, LookupError):  # noqa: N818 - says what is missing, as its neighbours do
    """`current()` was called outside a task's body."""


class TaskFailed(FlowingError):  # noqa: N818 - the name given by the design
    """One root cause of a failed flow; `__cause__` is the original error."""

    task: str
    attempts: int

    def __init__(self, task: str, *, attempts: int, summary: str) -> None:
        self.task, self.attempts = task, attempts
        super().__init__(f"task {one_line(task)!r} failed after {counted(attempts, 'attempt')}: {one_line(summary)}")


class FlowFailed(FlowingError, ExceptionGroup[Exception]):  # noqa: N818 - the name given by the design
    """The flow did not succeed: one `TaskFailed` per root cause."""

    @override
    def derive(self, excs: Sequence[Exception], /) -> FlowFailed:  # type: ignore[override]  # typeshed makes derive generic in the members; a FlowFailed has one kind
        """Keep the type when the group is split."""
        return FlowFailed(self.message, excs)

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.exceptions), self.__dict__


# ── what ended a run ─────────────────────────────────────────────────────────────────────────────


class WorkersExhausted(FlowingError):  # noqa: N818 - the name given by the design
    """Every worker is stuck in a timed-out attempt. `stuck` has one `task at line` per attempt."""

    stuck: tuple[str, ...]

    def __init__(self, stuck: Sequence[str], *, grace_s: float) -> None:
        self.stuck = tuple(stuck)
        listing = "; ".join(one_line(entry) for entry in self.stuck)
        super().__init__(
            f"no worker is left: {counted(len(self.stuck), 'timed-out attempt')} did not return within {grace_s:g} s "
            f"of grace: {listing}; make these bodies give up in time, or raise max_abandoned; "
            f"resume() keeps what succeeded"
        )


class WorkerStartError(FlowingError):
    """No worker can be started: the system refuses the first thread, or this is no process to start others from."""


class WorkerCrashed(FlowingError):  # noqa: N818 - says what happened, as its neighbours do
    """An exception from outside hit flowing's own code in one of its threads, and the run was ended."""


class InvalidTransition(FlowingError):  # noqa: N818 - the name given by the design
    """An event reached a status in which it can't happen: a bug in the shell, never a user's mistake."""


# ── what another process cannot do, or did ──────────────────────────────────────────────────────


class UnsendableError(FlowingError, TypeError):
    """Something of a task can't be sent to another process, or back. `what` says which part of it."""

    task: str
    what: str

    def __init__(self, message: str, *, task: str, what: str) -> None:
        self.task, self.what = task, what
        super().__init__(message)


class ProcessDied(FlowingError):  # noqa: N818 - says what happened, as its neighbours do
    """The process that ran an attempt ended without an answer. `exit_code` is negative for a signal."""

    task: str
    exit_code: int | None

    def __init__(self, message: str, *, task: str, exit_code: int | None) -> None:
        self.task, self.exit_code = task, exit_code
        super().__init__(message)


class ExecutorBroken(FlowingError):  # noqa: N818 - the name given by the design
    """An executor takes no more work, or lost what it had. `is_replaced` if a factory makes a new one for what follows.

    Without a factory it ends the run; `task` is the first one that met it.
    """

    task: str
    executor: str
    is_replaced: bool

    def __init__(self, message: str, *, task: str, executor: str, is_replaced: bool) -> None:
        self.task, self.executor, self.is_replaced = task, executor, is_replaced
        super().__init__(message)


# ── what a checkpoint cannot do, or found ────────────────────────────────────────────────────────


class SerializationError(FlowingError, TypeError):
    """A value, or a type, cannot be stored so that it comes back as it was.

    `shown_type` is the type at fault, `where` the way to it inside the value (empty for the value itself).
    """

    task: str | None
    shown_type: str | None
    where: str

    def __init__(
        self, message: str, *, task: str | None = None, shown_type: str | None = None, where: str = ""
    ) -> None:
        self.task, self.shown_type, self.where = task, shown_type, where
        super().__init__(message)


class CheckpointError(FlowingError):
    """The checkpoint at `path` could not do what was asked. What is in memory is still on the flow.

    `task` is the first task that it was about, and `errno` the system's code for the cause, where there is one.
    """

    path: str | None
    task: str | None
    errno: int | None

    def __init__(
        self, message: str, *, path: str | None = None, task: str | None = None, errno: int | None = None
    ) -> None:
        self.path, self.task, self.errno = path, task, errno
        super().__init__(message)


class CheckpointLocked(CheckpointError):  # noqa: N818 - the name given by the design
    """Somebody else holds the checkpoint: process `pid` on `host`, `since` then (None where that is not known)."""

    pid: int | None = None
    host: str | None = None
    since: str | None = None


class CheckpointCorrupt(CheckpointError):  # noqa: N818 - the name given by the design
    """What the checkpoint holds is not what was written there, or is not a checkpoint."""


class CheckpointVersionError(CheckpointError):
    """The checkpoint was made by a version of flowing that this one can't read."""


class ResultUnreadable(CheckpointError):  # noqa: N818 - says what happened, as its neighbours do
    """A stored result is whole, but was made for another type or codec than the flow has now."""


class FlowChangedError(CheckpointError):
    """A task that succeeded is declared differently now than when its result was stored."""


class CrashLoop(CheckpointError):  # noqa: N818 - the name given by the design
    """The process died each time while the task was running, up to the limit `crashes`."""

    crashes: int = 0


class AttemptUncertain(CheckpointError):  # noqa: N818 - says what happened, as its neighbours do
    """The process died while an `at_most_once` task was running: nobody knows whether its effect took place."""


class RestoredError(FlowingError):
    """An error of an earlier process, as it was stored: its type's name, one line about it, and its traceback."""

    type_name: str
    summary: str
    traceback_text: str

    def __init__(self, summary: str, *, type_name: str = "", traceback_text: str = "") -> None:
        self.summary, self.type_name, self.traceback_text = summary, type_name, traceback_text
        super().__init__(summary)


# ── what is written for people, and what they watch with ─────────────────────────────────────────


class EventLogError(FlowingError, ValueError):
    """Events can't be played again, or a file of them can't be read: `path` and `line` say where, if in a file."""

    path: str | None
    line: int | None

    def __init__(self, message: str, *, path: str | None = None, line: int | None = None) -> None:
        self.path, self.line = path, line
        super().__init__(message)


class ExtraMissing(FlowingError, ImportError):  # noqa: N818 - says what happened, as its neighbours do
    """What was asked for needs a package that flowing does not bring along; `extra` is the name to install it by."""

    extra: str

    def __init__(self, what: str, *, extra: str, package: str) -> None:
        self.extra = extra
        super().__init__(f"{what} needs the package {package}; install it with: pip install 'flowing-dag[{extra}]'")
