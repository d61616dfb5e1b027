"""The shapes that a type checker matches functions and tasks with. Nothing here does anything at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, final, overload

from typing_extensions import TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from flowing._task.declared import AsyncTask, SyncTask

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
# Bound to Any, so that a lambda given as `retry_until` has a parameter of type Any and not of an unsolved V;
# defaulting to Any, so that without `retry_until` every result fits.
V_co = TypeVar("V_co", bound=Any, default=Any, covariant=True)
V_contra = TypeVar("V_contra", bound=Any, default=Any, contravariant=True)

# An overloaded callback protocol is an intersection: a function must fit every overload. Two overloads with one P let
# `retry_until` be checked against the function's result (as V) without losing the result's own type (R). That no call
# would ever choose the last overload doesn't matter: these are never called.


class Function(Protocol[P, R_co, V_co]):
    """A function whose result is an R, and fits V."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> V_co: ...  # type: ignore[overload-cannot-match]  # pyright: ignore[reportOverlappingOverload] - see above


class NoRequiredParameters(Protocol[P, R_co, V_co]):
    """A function that can also be called with nothing: what a task without dependencies by name must be."""

    @overload
    def __call__(self) -> R_co: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> V_co: ...  # type: ignore[overload-cannot-match]  # pyright: ignore[reportOverlappingOverload] - see above


class TaskDecorator(Protocol[V_contra]):
    """What `task(depends_on=[...])` returns: makes a function a task."""

    @overload
    def __call__(self, fn: Callable[P, Unreturnable], /) -> SyncTask[P, Any]: ...
    @overload
    def __call__(
        self, fn: Function[P, Coroutine[Any, Any, R], Coroutine[Any, Any, V_contra]], /
    ) -> AsyncTask[P, R]: ...
    @overload
    def __call__(self, fn: Function[P, R, V_contra], /) -> SyncTask[P, R]: ...


class RootDecorator(Protocol[V_contra]):
    """What `task(...)` without `depends_on` returns: makes a function that needs nothing a task."""

    @overload
    def __call__(self, fn: NoRequiredParameters[P, Unreturnable], /) -> SyncTask[P, Any]: ...
    @overload
    def __call__(
        self, fn: NoRequiredParameters[P, Coroutine[Any, Any, R], Coroutine[Any, Any, V_contra]], /
    ) -> AsyncTask[P, R]: ...
    @overload
    def __call__(self, fn: NoRequiredParameters[P, R, V_contra], /) -> SyncTask[P, R]: ...


class Settable(Protocol[Q]):
    """A task, seen as what its value may be set to: the parameter of `override` that any task fits.

    Lifting the parameters of `Task._takes` keeps R from being joined with the type of a wrong value.
    """

    def _takes(self, *value: Q.args, **kwargs: Q.kwargs) -> None: ...


@final
class Unreturnable:
    """What no function returns: only one that returns Any fits an overload that asks for it.

    Without such an overload in front, pyright takes a function that returns Any for an `async def`.
    """
