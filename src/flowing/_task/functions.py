"""What flowing must know of a user's function: its kind, name, place and parameters. Never calls it."""

from __future__ import annotations

import functools
import inspect
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeGuard

from flowing._text import one_line, type_name
from flowing.errors import UnsupportedFunctionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_SPECIAL_FLAGS: Final = (
    inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
)


class Parameters(NamedTuple):
    """A function's parameters by the way they can be filled. `defaults` has one entry per default."""

    positional_only: tuple[str, ...]
    positional: tuple[str, ...]
    keyword_only: tuple[str, ...]
    defaults: dict[str, object]
    takes_more_positional: bool
    takes_more_keywords: bool


def is_plain(function: object) -> TypeGuard[FunctionType]:
    """Tell whether the code object and the defaults say all that there is to know: a `def` or a `lambda`, unmarked.

    An attribute may change what `inspect` says: `__wrapped__`, `__signature__`, the mark of a coroutine function.
    """
    return type(function) is FunctionType and not function.__dict__


def parameters_of(function: Callable[..., object], *, follow_wrapped: bool = True) -> Parameters | None:
    """Read a function's parameters; None where Python can't tell them (some builtins).

    Reads the code object where that is all there is to it: a tenth of the cost of `inspect.signature`.
    """
    if is_plain(function) or (type(function) is FunctionType and not follow_wrapped):
        return _from_code(function)
    try:
        return _from_signature(_signature(function, follow_wrapped=follow_wrapped))
    except (TypeError, ValueError):
        return None


def _signature(function: Callable[..., object], *, follow_wrapped: bool) -> inspect.Signature:
    """Ask `inspect.signature`, without evaluating annotations."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format  # noqa: PLC0415 - the module exists from 3.14 on

        return inspect.signature(function, follow_wrapped=follow_wrapped, annotation_format=Format.FORWARDREF)
    return inspect.signature(function, follow_wrapped=follow_wrapped)


def _from_code(function: FunctionType) -> Parameters:
    code = function.__code__
    names, count = code.co_varnames, code.co_argcount
    first = code.co_posonlyargcount
    positional = names[:count]
    keyword_only = names[count : count + code.co_kwonlyargcount]
    values = function.__defaults__
    defaults: dict[str, object] = {}
    if values:
        defaults.update(zip(positional[count - len(values) :], values, strict=True))
    if function.__kwdefaults__:
        defaults.update(function.__kwdefaults__)
    return Parameters(
        positional[:first],
        positional[first:],
        keyword_only,
        defaults,
        bool(code.co_flags & inspect.CO_VARARGS),
        bool(code.co_flags & inspect.CO_VARKEYWORDS),
    )


def _from_signature(signature: inspect.Signature) -> Parameters:
    names: dict[object, list[str]] = {}
    defaults: dict[str, object] = {}
    for name, parameter in signature.parameters.items():
        names.setdefault(parameter.kind, []).append(name)
        if parameter.default is not parameter.empty:
            defaults[name] = parameter.default
    return Parameters(
        tuple(names.get(inspect.Parameter.POSITIONAL_ONLY, ())),
        tuple(names.get(inspect.Parameter.POSITIONAL_OR_KEYWORD, ())),
        tuple(names.get(inspect.Parameter.KEYWORD_ONLY, ())),
        defaults,
        inspect.Parameter.VAR_POSITIONAL in names,
        inspect.Parameter.VAR_KEYWORD in names,
    )


def misfit(parameters: Parameters, args: Sequence[object], kwargs: Collection[str]) -> str | None:
    """Say why a call with these arguments would fail, or None if it wouldn't.

    `inspect.Signature.bind` refuses calls that Python accepts: `f(a=1)` for `def f(a=0, /, **rest)`, before 3.13.
    """
    by_position = parameters.positional_only + parameters.positional
    if len(args) > len(by_position) and not parameters.takes_more_positional:
        return f"{len(args)} arguments by position for {len(by_position)} parameters"
    filled = {*by_position[: len(args)]}
    by_name = {*parameters.positional, *parameters.keyword_only}
    for name in kwargs:
        if name in by_name:
            if name in filled:
                return f"two values for {name!r}"
            filled.add(name)
        elif not parameters.takes_more_keywords:
            return f"no parameter {one_line(name)!r} to be given by name"
    missing = (
        each for each in by_position + parameters.keyword_only if each not in filled | parameters.defaults.keys()
    )
    return next((f"no value for {each!r}" for each in missing), None)


def show_call(function: Callable[..., object]) -> str:
    """Write `name(a, b=..., *, c)` for a message: never the values of defaults, which may be secrets (FAULTS S11)."""
    name = one_line(name_of(function), length_max=100)
    parameters = parameters_of(function)
    if parameters is None:
        return f"{name}(?)"
    parts = [_show(each, parameters) for each in parameters.positional_only]
    parts += ["/"] if parts else []
    parts += [_show(each, parameters) for each in parameters.positional]
    if parameters.takes_more_positional:
        parts.append("*args")
    elif parameters.keyword_only:
        parts.append("*")
    parts += [_show(each, parameters) for each in parameters.keyword_only]
    parts += ["**kwargs"] if parameters.takes_more_keywords else []
    return one_line(f"{name}({', '.join(parts)})")


def _show(name: str, parameters: Parameters) -> str:
    return f"{name}=..." if name in parameters.defaults else name


def name_of(function: Callable[..., object]) -> str:
    """Give the function's own name: through `functools.partial`, and the type's for a callable object."""
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def module_of(function: Callable[..., object]) -> str:
    """Name the module that defines the function (or the type of the callable object)."""
    module = getattr(function, "__module__", None)
    return module if isinstance(module, str) else type(function).__module__


def qualified_name_of(function: Callable[..., object]) -> str:
    """Give the function's dotted name inside its module."""
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else name_of(function)


def doc_of(function: Callable[..., object]) -> str | None:
    """Give the function's docstring."""
    doc = getattr(function, "__doc__", None)
    return doc if isinstance(doc, str) else None


def place_of(function: Callable[..., object]) -> str:
    """Say `path/file.py:12` for where the function is written, or `module.name` where there is no Python code."""
    code = _code_of(_innermost(function))
    if code is None:
        return f"{module_of(function)}.{qualified_name_of(function)}"
    return f"{code.co_filename}:{code.co_firstlineno}"


def _innermost(function: Callable[..., object]) -> object:
    """Follow partials and decorators to what the user wrote."""
    seen: set[int] = set()
    inner: object = function
    while id(inner) not in seen:
        seen.add(id(inner))
        if isinstance(inner, functools.partial):
            inner = inner.func
        elif isinstance(inner, MethodType):
            inner = inner.__func__
        elif isinstance(inner, type):
            inner = inner.__dict__.get("__init__", inner)
        else:
            inner = getattr(inner, "__wrapped__", inner)
    return inner


def _code_of(function: object) -> CodeType | None:
    if isinstance(function, FunctionType):
        return function.__code__
    code = getattr(getattr(type(function), "__call__", None), "__code__", None)  # noqa: B004 - reads it
    return code if isinstance(code, CodeType) else None


def checked_async(function: Callable[..., object], who: object) -> bool:
    """Tell whether it is an `async def`, in whatever that is wrapped.

    Raises:
        UnsupportedFunctionError: it is a generator function, `async` or not (G8).
    """
    if is_plain(function) and not function.__code__.co_flags & _SPECIAL_FLAGS:
        return False
    body = _called(function)
    if inspect.iscoroutinefunction(body):
        return True
    if inspect.isgeneratorfunction(body) or inspect.isasyncgenfunction(body):
        raise UnsupportedFunctionError(
            f"{who}: {show_call(function)} is a generator function, whose values would be made after the task is done; "
            f"return a list of them instead of using yield"
        )
    return False


def runs_later(function: Callable[..., object]) -> bool:
    """Tell whether a call of it runs nothing yet: of an `async def`, or of a generator function."""
    body = _called(function)
    return inspect.iscoroutinefunction(body) or inspect.isgeneratorfunction(body) or inspect.isasyncgenfunction(body)


def _called(function: Callable[..., object]) -> object:
    """Find the function that a call runs: inside partials, bound methods and callable objects."""
    inner: object = function
    while True:
        if isinstance(inner, functools.partial):
            inner = inner.func
        elif isinstance(inner, MethodType):
            inner = inner.__func__
        else:
            break
    if isinstance(inner, (FunctionType, BuiltinFunctionType, type)) or inspect.iscoroutinefunction(inner):
        return inner
    return getattr(type(inner), "__call__", inner)  # noqa: B004 - reads it


def show_type(value: object) -> str:
    """Write `a list`, `an int`, `None` for a message."""
    if value is None:
        return "None"
    name = type_name(value)
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"
