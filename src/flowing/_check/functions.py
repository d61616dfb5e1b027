"""What a function says of the types it takes and makes. Calls no function, and compares nothing."""

from __future__ import annotations

import collections.abc
import functools
import inspect
from types import CodeType, FunctionType, MethodType
from typing import Any, Final, get_args, get_origin

from typing_extensions import is_typeddict

from flowing._check.evaluate import Scope, class_scope, evaluate, raw_annotations
from flowing._check.forms import Form, Instance, Keys, Unreadable, read
from flowing._record import record
from flowing._task.functions import name_of
from flowing._text import one_line

_CACHED: Final = type(functools.cache(lambda: None))


@record
class Written:
    """A function as it was written: where its annotations are, and how many positional arguments are given already."""

    function: FunctionType
    scope: Scope
    given: int = 0


def written(function: object) -> Written | Unreadable:
    """Find the `def` that a call runs, or say why its annotations don't tell the types of the call."""
    given = 0
    while True:
        match function:
            case functools.partial():
                given += len(function.args)
                function = function.func
            case MethodType():
                given += 1
                function = function.__func__
            case _CACHED():  # a cache takes and makes what the function in it does
                function = function.__wrapped__
            case FunctionType():
                return _in_module(function, given)
            case type():
                return _constructor(function, given)
            case _:
                method = getattr(type(function), "__call__", None)  # noqa: B004 - reads it
                if not isinstance(method, FunctionType):
                    return Unreadable("?", f"{_name(function)}() is not written in Python, so it has no annotations")
                given += 1
                function = method


def _in_module(function: FunctionType, given: int) -> Written | Unreadable:
    if hasattr(function, "__wrapped__"):
        return Unreadable("?", f"{_name(function)}() has a decorator, which may change its types")
    return Written(function, Scope(function.__globals__, getattr(function, "__type_params__", ())), given)


def _constructor(kind: type[object], given: int) -> Written | Unreadable:
    """Find what a class is called with."""
    for name in ("__init__", "__new__"):
        found = getattr(kind, name, None)
        if isinstance(found, FunctionType) and not hasattr(found, "__wrapped__"):
            owner = next(base for base in kind.__mro__ if name in vars(base))
            return Written(found, class_scope(owner), given + 1)
    return Unreadable("?", f"{kind.__name__}() has no __init__ of its own that is written in Python, with annotations")


def result_of(function: object) -> Form:
    """Read what a task of this function makes: for an `async def` or a `Coroutine`, what it comes to when awaited."""
    kind = _outermost_class(function)
    if kind is not None:
        return _instance_of(kind)
    found = written(function)
    if isinstance(found, Unreadable):
        return found
    raw = raw_annotations(found.function)
    if "return" not in raw:
        return Unreadable("?", f"{_name(function)}() has no return annotation")
    annotation = evaluate(raw["return"], found.scope)
    if isinstance(annotation, Unreadable):
        return annotation
    awaited = get_args(annotation) if get_origin(annotation) is collections.abc.Coroutine else ()
    if awaited and not inspect.iscoroutinefunction(found.function):
        return read(awaited[-1])
    return read(annotation)


def _outermost_class(function: object) -> type[Any] | None:
    while isinstance(function, functools.partial):
        function = function.func
    return function if isinstance(function, type) else None


def _instance_of(kind: type[Any]) -> Form:
    """Say what calling a class makes: one of it, unless the class or its metaclass decide otherwise."""
    if is_typeddict(kind):
        return Keys(kind)
    makes_itself = not isinstance(kind.__new__, FunctionType) or hasattr(kind, "_fields")
    if type(kind).__call__ is not type.__call__ or not makes_itself:
        return Unreadable(kind.__name__, f"what a call of {kind.__name__} makes is decided by its code")
    parameters = getattr(kind, "__parameters__", ())
    why = f'the type arguments of "{kind.__name__}" are not known at run time'
    return Instance(kind, tuple([Unreadable("?", why)] * len(parameters)))


def parameter_at(function: object, position: int) -> tuple[str, Form]:
    """Name the parameter that takes an argument by position, and read its annotation."""
    found = written(function)
    if isinstance(found, Unreadable):
        return f"{position + 1}", found
    code = found.function.__code__
    place = position + found.given
    name = code.co_varnames[place] if place < code.co_argcount else _more_positional(code)
    return name, _annotation(found, function, name)


def parameter_named(function: object, name: str) -> Form:
    """Read the annotation of the parameter that takes an argument by name."""
    found = written(function)
    if isinstance(found, Unreadable):
        return found
    code = found.function.__code__
    by_name = code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]
    takes_more = code.co_flags & inspect.CO_VARKEYWORDS
    return _annotation(found, function, _more_keywords(code) if takes_more and name not in by_name else name)


def _more_positional(code: CodeType) -> str:
    return code.co_varnames[code.co_argcount + code.co_kwonlyargcount]


def _more_keywords(code: CodeType) -> str:
    return code.co_varnames[code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & inspect.CO_VARARGS)]


def _annotation(found: Written, function: object, name: str) -> Form:
    raw = raw_annotations(found.function)
    if name not in raw:
        return Unreadable("?", f'parameter "{one_line(name)}" of {_name(function)}() has no annotation')
    annotation = evaluate(raw[name], found.scope)
    return annotation if isinstance(annotation, Unreadable) else read(annotation)


def _name(function: object) -> str:
    return one_line(name_of(function), length_max=100)  # type: ignore[arg-type]
