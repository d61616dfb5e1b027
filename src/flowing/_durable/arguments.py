"""What each parameter of a task's function is given: the value of which task, or which constant. Calls no function."""

from __future__ import annotations

import functools
import inspect
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from flowing._durable.annotations import innermost
from flowing._durable.constants import hash_of
from flowing.task import FromTask, NamedCall

if TYPE_CHECKING:
    from flowing.task import Call


class Arguments(NamedTuple):
    """Which parameter takes the value of which task, in pairs, and a hash of what the others are given."""

    takes: tuple[tuple[str, str], ...]
    constants: str


def arguments_of(call: NamedCall | Call) -> Arguments:
    """Look at what a task's function is called with. O(arguments), and what is in the constants."""
    if isinstance(call, NamedCall) and _takes_only_tasks(call.function):
        return Arguments(tuple([(name, each.name) for name, each in zip(call.names, call.tasks, strict=True)]), "")
    given = _given(call.spelled_out() if isinstance(call, NamedCall) else call)
    takes = [(parameter, each.task.name) for parameter, each in given.items() if isinstance(each, FromTask)]
    constants = {parameter: each for parameter, each in given.items() if not isinstance(each, FromTask)}
    return Arguments(tuple(takes), hash_of(constants) if constants else "")


def _takes_only_tasks(function: object) -> bool:
    """Tell the usual function at a glance: no default, no `**`, nothing around it."""
    return (
        type(function) is FunctionType
        and not (function.__defaults__ or function.__kwdefaults__ or hasattr(function, "__wrapped__"))
        and not function.__code__.co_flags & inspect.CO_VARKEYWORDS
    )


def _given(call: Call) -> dict[str, object]:
    """Give what each parameter gets, by its name; by its place after one star, or by its name after two."""
    positional, keywords, target = [*call.positional], dict(call.keywords), cast("Any", call.function)
    while isinstance(target, functools.partial):
        positional, keywords = [*target.args, *positional], {**target.keywords, **keywords}
        target = target.func
    if isinstance(target, MethodType):
        positional.insert(0, None)  # the object is no constant
    function: object = innermost(target)
    if not isinstance(function, FunctionType):
        return {**{f"*{place}": each for place, each in enumerate(positional)}, **keywords}
    code = function.__code__
    names, defaults = code.co_varnames[: code.co_argcount], function.__defaults__ or ()
    given = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)) | (function.__kwdefaults__ or {})
    for place, each in enumerate(positional):
        given[names[place] if place < len(names) else f"*{place}"] = each
    own = {*names[code.co_posonlyargcount :], *code.co_varnames[len(names) : len(names) + code.co_kwonlyargcount]}
    for name, each in keywords.items():
        given[name if name in own else f"**{name}"] = each
    return given
