"""How tasks and the functions inside them pickle: by name where the name leads back to them, else by parts."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, cast

from typing_extensions import override

from flowing._task.functions import module_of, qualified_name_of
from flowing.errors import NotATaskError

if TYPE_CHECKING:
    from collections.abc import Callable


def name_leads_to(module: str, qualified_name: str, wanted: object) -> bool:
    """Say whether looking up the name in the modules that are loaded gives this very object."""
    return _look_up(sys.modules.get(module), qualified_name) is wanted


def import_by_name(module: str, qualified_name: str) -> object:
    """Import what the name leads to; raise `NotATaskError` where that is nothing."""
    found = _look_up(importlib.import_module(module), qualified_name)
    if found is None:
        raise NotATaskError(
            f"no task {qualified_name!r} is in module {module!r} any more, but a pickle refers to it; "
            f"pickle it again with the module as it is now"
        )
    return found


def _look_up(found: object, qualified_name: str) -> object:
    for part in qualified_name.split("."):
        found = getattr(found, part, None)
    return found


def reduce_function(function: Callable[..., object]) -> object:
    """Give what stands for a function in a pickle.

    A decorated function can't be pickled by its own name, which leads to the task: it goes as "what that wraps".
    """
    module, qualified_name = module_of(function), qualified_name_of(function)
    found = _look_up(sys.modules.get(module), qualified_name)
    if found is not function and getattr(found, "__wrapped__", None) is function:
        return _Wrapped(module, qualified_name)
    return function


class _Wrapped:
    """Stands in a pickle for the undecorated function of a task."""

    __slots__ = ("module", "qualified_name")

    def __init__(self, module: str, qualified_name: str) -> None:
        self.module, self.qualified_name = module, qualified_name

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return import_wrapped, (self.module, self.qualified_name)


def import_wrapped(module: str, qualified_name: str) -> Callable[..., object]:
    """Import the undecorated function of the task that the name leads to."""
    wrapped = getattr(import_by_name(module, qualified_name), "__wrapped__", None)
    # proof: `reduce_function` wrote this only for the `__wrapped__` of a task, which is its function
    return cast("Callable[..., object]", wrapped)
