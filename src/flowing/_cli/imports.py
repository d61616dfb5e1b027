"""Imports what a target names as Python would, and says in one line, with its place, what was raised. Finds no flow."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback

import flowing
from flowing._cli.ending import WrongUseError
from flowing._cli.output import quoted
from flowing._text import describe_error, format_traceback, one_line
from flowing.errors import FlowingError


def import_module(module: str) -> object:
    """Import a module as `python -m` would find it.

    Raises:
        WrongUseError: there is none, or it raised.
        FlowingError: flowing refused what it declares.
    """
    _look_in("")  # as `python -m` has it, for the installed command too
    try:
        return importlib.import_module(module)
    except (FlowingError, KeyboardInterrupt):
        raise
    except ModuleNotFoundError as missing:
        if missing.name is not None and f"{module}.".startswith(f"{missing.name}."):
            message = f"there is no module {quoted(module)} here or where Python looks for it"
            raise WrongUseError(message) from missing
        raise raised(f"importing {quoted(module)}", missing) from missing
    except BaseException as error:
        raise raised(f"importing {quoted(module)}", error) from error


def import_file(file: str) -> object:
    """Import a file as `python file.py` would find it: what lies beside it can be imported, too. Raises as above."""
    path = os.path.abspath(file)  # noqa: PTH100 - as text, like __file__
    name = os.path.basename(path).removesuffix(".py")  # noqa: PTH119 - as above
    if not os.path.isfile(path):  # noqa: PTH113 - as above
        raise WrongUseError(f"there is no file {quoted(file)}")
    loaded = sys.modules.get(name)
    if loaded is not None:
        if getattr(loaded, "__file__", None) == path:
            return loaded
        message = f"{quoted(file)} has the name of module {quoted(name)}, which is loaded already; rename the file"
        raise WrongUseError(message)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    _look_in(os.path.dirname(path))  # noqa: PTH120 - as above
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, FlowingError | KeyboardInterrupt):
            raise
        raise raised(f"importing {quoted(file)}", error) from error
    return module


def _look_in(folder: str) -> None:
    if folder not in sys.path:
        sys.path.insert(0, folder)


def raised(what: str, error: BaseException) -> WrongUseError:
    """Say what an error of the user's was, and in which line."""
    message = f"{what} raised {describe_error(error)} ({place(*where_raised(error))})"
    return WrongUseError(message, format_traceback(error))


def place(file: str, line: int) -> str:
    """Write a place as checkers do: from where we are, if it is below."""
    below = file.removeprefix(os.path.join(os.getcwd(), ""))  # noqa: PTH109, PTH118 - a prefix of text
    return f"{one_line(below)}:{line}"


def where_raised(error: BaseException) -> tuple[str, int]:
    """Say which line of the user's it came from: the last one outside of flowing and of the import machinery."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 1
    ours = os.path.join(os.path.dirname(flowing.__file__), "")  # noqa: PTH118, PTH120 - a prefix of text
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    theirs = [each for each in places if not each[0].startswith((ours, "<frozen ", importlib.__file__))]
    return theirs[-1] if theirs else places[-1]
