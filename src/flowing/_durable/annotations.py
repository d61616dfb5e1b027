"""What tasks' functions say that they return, evaluated. Calls no function."""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Coroutine
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final, final

from flowing._text import one_line, type_name
from flowing.checkpoint import NO_ANNOTATION
from flowing.errors import SerializationError

if TYPE_CHECKING:
    from collections.abc import Callable

    Names: typing.TypeAlias = dict[str, Any]


@final
class Annotations:
    """Evaluates annotations, each text once for each module: most tasks of a flow return what others return too."""

    __slots__ = ("_evaluated",)

    def __init__(self) -> None:
        self._evaluated: Final[dict[tuple[str, int], object]] = {}

    def of(self, task: str, function: Callable[..., object]) -> object:
        """Give the return annotation of what a call of `function` runs, or `NO_ANNOTATION`.

        A plain function that says it returns a `Coroutine` gives a task what that comes to when awaited. What is equal
        in one module is one object. The module's names must outlive this.

        Raises:
            SerializationError: it is written, but can't be evaluated; names the task and the way out.
        """
        target: object = function if type(function) is FunctionType else _called(function)
        if isinstance(target, type):
            return target
        written = getattr(target, "__annotations__", {}).get("return", NO_ANNOTATION)
        if written is NO_ANNOTATION or type(written) is type:
            return written
        names = _names_around(target)
        key = (written, id(names)) if type(written) is str and not getattr(target, "__type_params__", ()) else None
        if key in self._evaluated:
            return _awaited(self._evaluated[key], target)
        try:
            found = _evaluated(written, target, names)
        except Exception as error:
            raise _unknown(task, written, error) from error
        if key is not None:
            self._evaluated[key] = found
        return _awaited(found, target)


def _called(function: Callable[..., object]) -> object:
    """Find what a call runs, inside partials and bound methods; a class, a call of which makes one of it."""
    target: object = function
    while isinstance(target, functools.partial | MethodType):
        target = target.func if isinstance(target, functools.partial) else target.__func__
    if isinstance(target, type) or hasattr(target, "__annotations__"):
        return target
    return getattr(type(target), "__call__", None)  # noqa: B004 - reads it


def _names_around(target: object) -> Names:
    """Give the names that the annotation can use: those of the function in the decorators."""
    target = innermost(target)
    module = sys.modules.get(getattr(target, "__module__", ""))
    names: Names = getattr(target, "__globals__", vars(module) if module else {})
    return names


def innermost(target: Any) -> Any:  # noqa: ANN401 - decorators put anything there
    """Follow partials, bound methods and decorators to what the user wrote."""
    while True:
        if isinstance(target, functools.partial):
            target = target.func
        elif isinstance(target, MethodType):
            target = target.__func__
        elif hasattr(target, "__wrapped__"):
            target = target.__wrapped__
        else:
            return target


def _evaluated(written: object, target: object, names: Names) -> object:
    def holder() -> None: ...

    holder.__annotations__ = {"return": written}
    parameters = {each.__name__: each for each in getattr(innermost(target), "__type_params__", ())}
    return typing.get_type_hints(holder, names, parameters)["return"]


def _awaited(found: object, target: object) -> object:
    awaited = typing.get_args(found) if typing.get_origin(found) is Coroutine else ()
    return awaited[-1] if awaited and not inspect.iscoroutinefunction(target) else found


def _unknown(task: str, written: object, error: Exception) -> SerializationError:
    shown = one_line(written if isinstance(written, str) else repr(written), length_max=100)
    message = (
        f'task {task!r} stores its result, but its return annotation "{shown}" can\'t be evaluated '
        f"({one_line(f'{type_name(error)}: {error}', length_max=200)}); make its names importable at run time, "
        f"not under TYPE_CHECKING alone, or declare the task with persist=False"
    )
    return SerializationError(message, task=task, shown_type=shown)
