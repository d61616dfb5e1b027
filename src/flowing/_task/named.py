"""The usual call, and how to tell at a glance that a function has it. What takes a choice or a refusal is `wiring`'s.

It hands over the values of tasks by name, and nothing else. A task keeps it, and each of its flows calls it as it is:
with a pair and a marker for each argument, and a second object for the flow, a task with three dependencies took 600
bytes more.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from flowing._record import record
from flowing._task.functions import is_plain
from flowing._task.wiring import Call, FromTask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowing._task.declared import Task


@record
class NamedCall:
    """A function and, in pairs, the names of its parameters and the tasks that fill them."""

    function: Callable[..., object]
    names: tuple[str, ...] = ()
    tasks: tuple[Task[object], ...] = ()

    def __call__(self, values: Sequence[object]) -> object:
        """Call the function with the values of the tasks, which come first among these.

        The first case does for any number of names; for fewer, the others take half to three quarters of its time.
        """
        match self.names:
            case (_, _, _, _, *_):
                return self.function(**dict(zip(self.names, values)))  # noqa: B905 - `strict` costs 0.2 us
            case ():
                return self.function()
            case (first,):
                return self.function(**{first: values[0]})
            case (first, second):
                return self.function(**{first: values[0], second: values[1]})
            case three:
                first, second, third = three
                return self.function(**{first: values[0], second: values[1], third: values[2]})

    def sources(self) -> tuple[Task[object], ...]:
        """List the task of every argument, in the order of the arguments."""
        return self.tasks

    def spelled_out(self) -> Call:
        """Give the same call with a marker for each argument."""
        return Call(self.function, (), tuple(zip(self.names, map(FromTask, self.tasks), strict=True)))


def wire_by_name(function: Callable[..., object], dependencies: tuple[Task[object], ...]) -> NamedCall | None:
    """Wire a function whose parameters are namesakes of the dependencies, in their order; None for any other.

    It gives what `wire` gives: with one dependency for each parameter, and no default, there is nothing to choose.
    """
    if not is_plain(function) or function.__defaults__ or function.__kwdefaults__:
        return None
    code = function.__code__
    if code.co_posonlyargcount:
        return None
    names = tuple([each.name for each in dependencies])
    count = code.co_argcount + code.co_kwonlyargcount
    if names != code.co_varnames[:count]:
        only_by_keyword = not count and code.co_flags & inspect.CO_VARKEYWORDS
        if not only_by_keyword or len({*names}) < len(names):
            return None
    return NamedCall(function, names, dependencies)


def wire_by_default(function: Callable[..., object]) -> NamedCall | None:
    """Wire a function without dependencies by name, if each parameter has a `Depends`; None for any other, as above."""
    if not is_plain(function) or not function.__defaults__ or function.__kwdefaults__:
        return None
    code = function.__code__
    tasks = tuple([each.task for each in function.__defaults__ if isinstance(each, FromTask)])
    if code.co_posonlyargcount or code.co_kwonlyargcount or len(tasks) < code.co_argcount:
        return None
    return NamedCall(function, code.co_varnames[: code.co_argcount], tasks)


def shortened(call: Call) -> Call | NamedCall:
    """Give the usual form of a call that has nothing but values of tasks by name, any other as it is."""
    markers = [marker for _, marker in call.keywords if isinstance(marker, FromTask)]
    if call.positional or len(markers) < len(call.keywords):
        return call
    return NamedCall(call.function, tuple([name for name, _ in call.keywords]), tuple([each.task for each in markers]))
