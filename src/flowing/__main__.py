"""The command line: `flowing check module:flow`. Parses, prints, gives the exit status; the work is done elsewhere."""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import sys
import traceback
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final, NoReturn

from typing_extensions import override

from flowing._check.check import CheckedWiring, Finding, check
from flowing._text import describe_error, one_line, type_name
from flowing.errors import FlowingError
from flowing.flow import Flow
from flowing.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FINE: Final = 0
FOUND: Final = 1
WRONG_USE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and give the exit status: 0, 1 for findings, 2 for wrong use."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal can't show is no reason to fail
    given = _parser().parse_args(arguments)
    try:
        return _check(given.targets, show_unchecked=given.unchecked)
    except _WrongUseError as mistake:
        sys.stderr.write(f"flowing: {mistake}\n")
        return WRONG_USE


class _WrongUseError(Exception):
    """What was asked for can't be done; the message is one line."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="flowing", description="Look at flows from the command line.")
    verbs = parser.add_subparsers(required=True, metavar="verb", parser_class=_Parser)
    verb = verbs.add_parser(
        "check",
        help="compare the annotations of every task with those of the tasks that take its value",
        description="Compare, without running anything, the annotations of every task with those of the tasks that "
        "take its value. Exit status: 0 if all fit, 1 if some do not, 2 if the flow can't be had.",
    )
    verb.add_argument(
        "targets",
        nargs="+",
        metavar="module:flow",
        help="a Flow in a module, or a function that returns one when called with nothing",
    )
    verb.add_argument("--unchecked", action="store_true", help="list what can't be decided, too")
    return parser


# ── check ────────────────────────────────────────────────────────────────────────────────────────


def _check(targets: Sequence[str], *, show_unchecked: bool) -> int:
    """Print one line a finding and one of totals."""
    sys.path.insert(0, "")  # as `python -m` has it, for the installed command too
    wirings = [_wiring_of(target) for target in targets]
    findings = list(dict.fromkeys(each for wiring in wirings for each in wiring.findings))
    unchecked = list(dict.fromkeys(each for wiring in wirings for each in wiring.unchecked))
    lines = [f"{_place(each.file, each.line)}: error: {each.message}" for each in findings]
    if show_unchecked:
        lines += [f"{_place(each.file, each.line)}: note: {each.message}" for each in unchecked]
    edges = sum(wiring.edges for wiring in wirings)
    more = "" if show_unchecked or not unchecked else " (--unchecked lists them)"
    errors, values = _counted(len(findings), "error"), _counted(edges, "value")
    lines.append(f"{errors}; {values} passed between tasks, {len(unchecked)} unchecked{more}")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return FOUND if findings else FINE


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _place(file: str, line: int) -> str:
    """Write a place as checkers do: from where we are, if it is below."""
    below = file.removeprefix(os.path.join(os.getcwd(), ""))  # noqa: PTH109, PTH118 - a prefix of text
    return f"{one_line(below)}:{line}"


def _wiring_of(target: str) -> CheckedWiring:
    """Check one flow; a declaration that is refused is a finding, too."""
    module, colon, path = target.partition(":")
    if not (module and colon and path):
        raise _WrongUseError(f"{_quoted(target)} does not say where the flow is; write module:flow")
    if module.endswith(".py"):
        name = module.removesuffix(".py").replace("/", ".")
        raise _WrongUseError(f"{_quoted(target)} names a file; write the module: {one_line(name)}:{one_line(path)}")
    try:
        found = _look_up(_import(module), path, target)
        return check(_flow(found, target))
    except FlowingError as refused:
        file, line = _where_raised(refused)
        return CheckedWiring((Finding(file, line, "", "", "", one_line(str(refused), length_max=2_000)),), (), 0)


def _import(module: str) -> object:
    try:
        return importlib.import_module(module)
    except (FlowingError, KeyboardInterrupt):
        raise
    except ModuleNotFoundError as missing:
        if missing.name is not None and f"{module}.".startswith(f"{missing.name}."):
            raise _WrongUseError(f"there is no module {_quoted(module)} here or where Python looks for it") from missing
        raise _raised(f"importing {_quoted(module)}", missing) from missing
    except BaseException as error:
        raise _raised(f"importing {_quoted(module)}", error) from error


def _look_up(found: object, path: str, target: str) -> object:
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise _WrongUseError(f"{_quoted(target)}: there is no {_quoted(name)} in it") from None
    return found


def _flow(found: object, target: str) -> Flow:
    """Give the flow itself, or what the function returns."""
    if isinstance(found, Flow):
        return found
    if isinstance(found, Task):
        raise _WrongUseError(f"{_quoted(target)} is a task; name a flow that has it: Flow({one_line(found.name)})")
    if not callable(found):
        raise _WrongUseError(f"{_quoted(target)} is neither a Flow nor a function; it is {_kind(found)}")
    _refuse_parameters(found, target)
    try:
        made: object = found()
    except (FlowingError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _raised(f"calling {_quoted(target)}", error) from error
    if not isinstance(made, Flow):
        raise _WrongUseError(f"{_quoted(target)} returns no Flow but {_kind(made)}; let it return the flow")
    return made


def _refuse_parameters(function: Callable[..., object], target: str) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # the call will tell
    try:
        signature.bind()
    except TypeError as missing:
        raise _WrongUseError(f"{_quoted(target)} can't be called with nothing: {missing}") from None


def _raised(what: str, error: BaseException) -> _WrongUseError:
    return _WrongUseError(f"{what} raised {describe_error(error)} ({_place(*_where_raised(error))})")


def _where_raised(error: BaseException) -> tuple[str, int]:
    """Say which line of the user's it came from: the last one outside of flowing and of the import machinery."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 1
    ours = os.path.join(os.path.dirname(__file__), "")  # noqa: PTH118, PTH120 - a prefix of text
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    theirs = [place for place in places if not place[0].startswith((ours, "<frozen ", importlib.__file__))]
    return theirs[-1] if theirs else places[-1]


def _quoted(text: str) -> str:
    return repr(one_line(text, length_max=200))


def _kind(value: object) -> str:
    return f"a value of type {type_name(value)}"


if __name__ == "__main__":
    sys.exit(main())
