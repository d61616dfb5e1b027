"""Where a flow is: `module:flow` or `path/to/file.py:flow`, imported as Python would. Knows no verb."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Final

from flowing._cli.ending import WrongUseError
from flowing._cli.imports import import_file, import_module, place, raised, where_raised
from flowing._cli.inside import has_run
from flowing._cli.output import complain, in_one_line, quoted
from flowing._text import format_traceback, one_line, type_name
from flowing.errors import FlowingError
from flowing.flow import Flow
from flowing.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET_HELP: Final = (
    "where the flow is: package.module:flow, or path/to/file.py:flow; a Flow, or a function that returns one when "
    "called with nothing"
)


def find_flow(target: str) -> Flow:
    """Import the module, and give the flow.

    Raises:
        WrongUseError: there is none.
        FlowingError: flowing refused what the module declares.
    """
    module, colon, path = target.rpartition(":")
    if not (module and colon and path):
        raise WrongUseError(f"{quoted(target)} does not say where the flow is; write module:flow or file.py:flow")
    loaded_before = tuple(sys.modules.values())
    imported = import_file(module) if module.endswith(".py") else import_module(module)
    flow = _flow(_look_up(imported, path, target), target)
    if has_run(flow) and not any(each is imported for each in loaded_before):
        way_out = 'put what runs it below `if __name__ == "__main__":`'
        complain([f"flowing: {quoted(target)} was run by its module already, when that was imported; {way_out}"])
    return flow


def flow_of(target: str) -> Flow:
    """Give the flow; `WrongUseError` also says what flowing refused, and where."""
    try:
        return find_flow(target)
    except FlowingError as refused:
        message = f"{in_one_line(refused)} ({place(*where_raised(refused))})"
        raise WrongUseError(message, format_traceback(refused)) from None


# ── the flow in it ───────────────────────────────────────────────────────────────────────────────


def _look_up(found: object, path: str, target: str) -> object:
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise WrongUseError(f"{quoted(target)}: there is no {quoted(name)} in it") from None
    return found


def _flow(found: object, target: str) -> Flow:
    """Give the flow itself, or what the function returns."""
    if isinstance(found, Flow):
        return found
    if isinstance(found, Task):
        raise WrongUseError(f"{quoted(target)} is a task; name a flow that has it: Flow({one_line(found.name)})")
    if not callable(found):
        raise WrongUseError(f"{quoted(target)} is neither a Flow nor a function; it is {_kind(found)}")
    _refuse_parameters(found, target)
    try:
        made: object = found()
    except (FlowingError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise raised(f"calling {quoted(target)}", error) from error
    if not isinstance(made, Flow):
        raise WrongUseError(f"{quoted(target)} returns no Flow but {_kind(made)}; let it return the flow")
    return made


def _refuse_parameters(function: Callable[..., object], target: str) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # the call will tell
    try:
        signature.bind()
    except TypeError as missing:
        raise WrongUseError(f"{quoted(target)} can't be called with nothing: {missing}") from None


def _kind(value: object) -> str:
    return f"a value of type {type_name(value)}"
