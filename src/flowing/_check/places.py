"""Where in a file a parameter is written. Reads source files, imports nothing."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from typing import TYPE_CHECKING, Final

from flowing._check.forms import Unreadable
from flowing._check.functions import written
from flowing._task.functions import module_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


class Places:
    """The files that were looked into so far."""

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files: dict[str, Mapping[tuple[str, int], Mapping[str, int]]] = {}

    def parameter(self, function: object, name: str) -> tuple[str, int]:
        """Say in which file and line a parameter of the function is written; the function's, if that can't be found."""
        found = written(_undecorated(function))
        if isinstance(found, Unreadable):
            return _of_definition(function)
        code = found.function.__code__
        file = code.co_filename
        if file not in self._files:
            self._files[file] = dict(_parameters_in(file))
        lines = self._files[file].get((code.co_name, code.co_firstlineno))
        if lines is None:
            return _of_definition(function) if file.startswith("<") else (file, code.co_firstlineno)
        return file, lines.get(name, lines[""])


def _undecorated(function: object) -> object:
    """Give what the user wrote, where decorators say what they are around."""
    try:
        return inspect.unwrap(function)  # type: ignore[arg-type]
    except ValueError:  # around itself
        return function


def _parameters_in(file: str) -> Iterator[tuple[tuple[str, int], Mapping[str, int]]]:
    """Give every function of a file: its name and first line, and the lines of its parameters; `""` is the `def`."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            first = min([node.lineno, *[each.lineno for each in node.decorator_list]])
            lines = {each.arg: each.lineno for each in ast.walk(node.args) if isinstance(each, ast.arg)}
            yield (node.name, first), {"": node.lineno, **lines}


def _of_definition(function: object) -> tuple[str, int]:
    """Say where a class or a decorated function is written, or in which module."""
    try:
        file = inspect.getsourcefile(function)  # type: ignore[arg-type]
        return str(file), inspect.findsource(function)[1] + 1  # type: ignore[arg-type]
    except (OSError, TypeError):
        module = sys.modules.get(module_of(function))  # type: ignore[arg-type]
        return getattr(module, "__file__", None) or module_of(function), 1  # type: ignore[arg-type]
