"""How a user declares tasks: `task`, `bind`, `Depends`. Never runs one, and never touches a flow.

The overloads are for checkers and editors; what they promise is checked again when a task is made, for everybody else.
"""

from __future__ import annotations

import inspect
from operator import is_
from typing import TYPE_CHECKING, Any, Final, ParamSpec, cast, get_overloads, overload

import attrs
from typing_extensions import TypeVar

from flowing._task.declared import AsyncTask, SyncTask, Task, value_of
from flowing._task.definition import Definition, define, define_bound
from flowing._task.named import NamedCall
from flowing._task.options import DEFAULTS, UNSET, Options, unknown_option
from flowing._task.param import Param, missing_input, param
from flowing._task.shapes import Function, NoRequiredParameters, RootDecorator, Settable, TaskDecorator, Unreturnable
from flowing._task.wiring import Call, FromTask

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from flowing._task.options import ExceptionTypes, ExecutorOption, Verdict

__all__ = [
    "AsyncTask",
    "Call",
    "Depends",
    "FromTask",
    "NamedCall",
    "NoRequiredParameters",
    "Param",
    "RootDecorator",
    "Settable",
    "SyncTask",
    "Task",
    "TaskDecorator",
    "bind",
    "missing_input",
    "param",
    "task",
]

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V", bound=Any, default=Any)  # why: see `_shapes`


@overload
def task(  # noqa: D418 - editors show the docstring of an overload
    *,
    depends_on: Sequence[Task[object]],
    after: Sequence[Task[object]] = (),
    name: str | None = None,
    when: Callable[..., object] | None = None,
    validate: Callable[..., object] | None = None,
    retry_until: Callable[[V], Verdict] | None = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
) -> TaskDecorator[V]:
    """Make a function a task of a flow.

    A dependency's value arrives in the parameter of the dependency's name, or in the parameter whose default is
    `Depends(dependency)`. Use it bare (`@task`), with options (`@task(retry=3)`), or as a call on a function
    (`task(function, name="north", depends_on=[load])`).

    Args:
        depends_on: The tasks whose values the function takes, each by its name.
        after: Tasks that must have succeeded before, without taking their values. Default: none.
        name: The task's name in results and messages, 1 to 200 characters. Default: the function's name.
        when: Gate that takes dependency values by name; where it returns something false, the task and what depends
            on it are SKIPPED.
        validate: Check that takes dependency values by name; where it raises, the task is FAILED without an attempt.
        retry_until: Takes the result; where it returns something false, the attempt counts as failed.
        retry: Extra attempts after the first one fails. Default: 0.
        retry_backoff_base_ms: Milliseconds before the first extra attempt, doubled for each one after it.
            Default: 1000.
        retry_max_backoff_ms: Most milliseconds before an extra attempt. Default: 30,000.
        jitter: Wait a random time between 0 and the back-off instead of all of it. Default: False.
        retry_on: Exception type, or tuple of types, after which there is an extra attempt. Default: Exception.
        timeout_s: Seconds from the start of an attempt after which its result is no longer accepted.
            Default: None, no limit.
        detached: Run after the main graph has settled, as a side effect whose failure changes nothing else.
            Default: False.
        persist: Store the result in the flow's checkpoint, if it has one. Without, the task runs again after a restart
            where a task without a result needs its value, or where no task depends on it and the run is not finished;
            else it counts as done, without a value. Default: True.
        version: Give it another one when the function changes so that results made before are wrong. Default: None.
        at_most_once: Never begin an attempt again that was running when the process died, or when the run was broken
            off: the task is FAILED with `AttemptUncertain` then, until `override()` or `invalidate()` decides. Takes
            `retry=0` and needs a checkpoint to mean anything. Default: False.
        executor: Where the body runs: an executor, or a function that makes one for each run (a process pool, loky,
            `flowing.processes(4)`); None for a thread of this process. Default: as the flow says.

    Raises:
        FlowingError: The declaration is wrong; the subclass and the message say what, and the way out.
    """


@overload
def task(
    *,
    after: Sequence[Task[object]] = (),
    name: str | None = None,
    when: Callable[..., object] | None = None,
    validate: Callable[..., object] | None = None,
    retry_until: Callable[[V], Verdict] | None = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
) -> RootDecorator[V]: ...


@overload
def task(  # pyright: ignore[reportOverlappingOverload] - only a function that returns Any comes here
    fn: NoRequiredParameters[P, Unreturnable],
    /,
    *,
    after: Sequence[Task[object]] = (),
    name: str | None = None,
    when: Callable[..., object] | None = None,
    validate: Callable[..., object] | None = None,
    retry_until: Callable[[Any], Verdict] | None = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
) -> SyncTask[P, Any]: ...


@overload
def task(  # pyright: ignore[reportOverlappingOverload] - as above
    fn: Callable[P, Unreturnable],
    /,
    *,
    depends_on: Sequence[Task[object]],
    after: Sequence[Task[object]] = (),
    name: str | None = None,
    when: Callable[..., object] | None = None,
    validate: Callable[..., object] | None = None,
    retry_until: Callable[[Any], Verdict] | None = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
) -> SyncTask[P, Any]: ...


@overload
def task(  # pyright: ignore[reportOverlappingOverload] - a Coroutine is unwrapped, anything else is taken as it is; the first match wins
    fn: NoRequiredParameters[P, Coroutine[Any, Any, R], Coroutine[Any, Any, V]],
    /,
    *,
    after: Sequence[Task[object]] = (),
    name: str | None = None,
    when: Callable[..., object] | None = None,
    validate: Callable[..., object] | None = None,
    retry_until: Callable[[V], Verdict] | None = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
) -> AsyncTask[P, R]: ...


@overload
def task(
    fn: NoRequiredParameters[P, R, V],
    /,
    *,
    after: Sequence[Task[object]] = (),
    name: str | None = None,
    when: Callable[..., object] | None = None,
    validate: Callable[..., object] | None = None,
    retry_until: Callable[[V], Verdict] | None = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
) -> SyncTask[P, R]: ...


@overload
def task(  # pyright: ignore[reportOverlappingOverload] - as above
    fn: Function[P, Coroutine[Any, Any, R], Coroutine[Any, Any, V]],
    /,
    *,
    depends_on: Sequence[Task[object]],
    after: Sequence[Task[object]] = (),
    name: str | None = None,
    when: Callable[..., object] | None = None,
    validate: Callable[..., object] | None = None,
    retry_until: Callable[[V], Verdict] | None = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
) -> AsyncTask[P, R]: ...


@overload
def task(
    fn: Function[P, R, V],
    /,
    *,
    depends_on: Sequence[Task[object]],
    after: Sequence[Task[object]] = (),
    name: str | None = None,
    when: Callable[..., object] | None = None,
    validate: Callable[..., object] | None = None,
    retry_until: Callable[[V], Verdict] | None = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
) -> SyncTask[P, R]: ...


def task(
    fn: object = UNSET,
    /,
    *,
    depends_on: object = (),
    after: object = (),
    name: object = None,
    when: object = None,
    validate: object = None,
    retry_until: object = None,
    retry: int = 0,
    retry_backoff_base_ms: float = 1000,
    retry_max_backoff_ms: float = 30_000,
    jitter: bool = False,
    retry_on: ExceptionTypes = Exception,
    timeout_s: float | None = None,
    detached: bool = False,
    persist: bool = True,
    version: str | None = None,
    at_most_once: bool = False,
    executor: ExecutorOption = UNSET,
    **misspelt: object,
) -> object:
    """Make a function a task of a flow."""
    if misspelt:
        raise unknown_option("task()", misspelt, task.__kwdefaults__ or ())
    given = (
        retry,
        retry_backoff_base_ms,
        retry_max_backoff_ms,
        jitter,
        retry_on,
        timeout_s,
        detached,
        persist,
        version,
        at_most_once,
        executor,
    )
    options = DEFAULTS if all(map(is_, given, _NOT_GIVEN)) else Options(*given)
    if fn is UNSET:
        return Definition(depends_on, after, name, when, validate, retry_until, options)
    return define(fn, depends_on, after, name, when, validate, retry_until, options)


# The very objects that `given` holds where no option is given; the options stand last.
_NOT_GIVEN: Final = (*(task.__kwdefaults__ or {}).values(),)[-len(attrs.fields(Options)) :]

task.__doc__ = get_overloads(task)[0].__doc__  # checkers read it there, `help()` reads it here

_signature: Final = inspect.signature(task)
vars(task)["__signature__"] = _signature.replace(parameters=[*_signature.parameters.values()][:-1])  # but `misspelt`


def Depends(step: Task[R], /) -> R:  # noqa: N802 - reads as a kind of value, as in FastAPI
    """Take the value of `step` here: as the default of a parameter, or as an argument of `bind`.

    For a type checker this is the value itself; at run time it is a marker that the flow replaces.
    """
    # the one lie: a flow replaces the marker before the function can see it, so for the function it is an R
    return cast("R", value_of(step))


@overload
def bind(  # noqa: D418 - as for `task`
    fn: Callable[P, Unreturnable], /, *args: P.args, **kwargs: P.kwargs
) -> SyncTask[[], Any]:
    """Make a task that calls a function with these arguments, so that one function serves as many tasks.

    Each argument is a plain value or a `Depends(task)`, given as the function would be called:
    `bind(join, Depends(north), right=Depends(south), limit=10)`. Parameters that are left out keep their defaults.
    The task has the function's name; give a second one of the same function another with
    `.with_options(name=...)`, and set other options in the same way.

    Raises:
        SignatureError: The function can't be called with these arguments.
    """


@overload
def bind(  # type: ignore[overload-overlap]  # a Coroutine is unwrapped, the next overload takes the rest
    fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs
) -> AsyncTask[[], R]: ...


@overload
def bind(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> SyncTask[[], R]: ...


def bind(fn: object, /, *args: object, **kwargs: object) -> object:
    """Make a task that calls a function with these arguments."""
    return define_bound(fn, args, kwargs)


bind.__doc__ = get_overloads(bind)[0].__doc__
