"""A plugin for mypy that checks the wiring of tasks while it is typed. flowing itself never imports it.

Add it to mypy's configuration::

    [mypy]
    plugins = flowing.mypy_plugin

It finds what no signature can say: that the value of each task in `depends_on=[...]` fits the parameter of the task's
name, that every dependency has such a parameter, and that every parameter without a default has a dependency; for the
functions given as `when=` and `validate=` too. Its errors have the code `flowing-wiring`, a sub-code of `arg-type`. It
also lets mypy see that a list of unlike tasks is a list of tasks.

A list of dependencies that it can't read (the value of a variable, a task whose name is not a literal) is left alone.
To hear of each of them, as errors with the code `flowing-unchecked`, say so in the same configuration file
(`[tool.flowing-mypy]` in pyproject.toml)::

    [flowing-mypy]
    report_unchecked = true

Works with mypy 1.16 to 2.4, with its cache, its daemon and its parallel workers.
"""

from __future__ import annotations

import configparser
import hashlib
import tomllib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mypy.nodes import TypeInfo
from mypy.plugin import Plugin
from typing_extensions import override

from flowing._mypy import hooks
from flowing._mypy.reading import TASK_FUNCTION
from flowing._mypy.reporting import Reporter
from flowing._mypy.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy.options import Options
    from mypy.plugin import (
        ClassDefContext,
        FunctionContext,
        FunctionSigContext,
        MethodContext,
        MethodSigContext,
        ReportConfigContext,
    )
    from mypy.types import FunctionLike, Type

_BIND: Final = "flowing.task.bind"
_PARAM: Final = "flowing._task.param.param"
_DECORATORS: Final = frozenset(f"flowing._task.shapes.{each}.__call__" for each in ("TaskDecorator", "RootDecorator"))
_WITH_OPTIONS: Final = frozenset(
    f"flowing._task.declared.{each}.with_options" for each in ("Task", "SyncTask", "AsyncTask")
)
_TASKS: Final = frozenset({"flowing._task.declared.SyncTask", "flowing._task.declared.AsyncTask"})
_SECTION: Final = "flowing-mypy"
_OPTION: Final = "report_unchecked"


def plugin(version: str) -> type[Plugin]:  # noqa: ARG001 - mypy gives it to every plugin
    """Give mypy the plugin."""
    return _FlowingPlugin


class _FlowingPlugin(Plugin):
    """Tells mypy what to ask about which name; mypy makes one for each run, and asks for every call that it sees."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        reports_unchecked = _reports_unchecked(options.config_file)
        reporter = Reporter(reports_unchecked=reports_unchecked)
        self._config: Final = {_OPTION: reports_unchecked, "source": _digest_of_the_source()}
        check_decorated = partial(hooks.check_decorated, reporter, self._class_named)
        variables = Variables()
        name_made_by_task = partial(hooks.name_made_by_task, reporter, self._class_named)
        name_made_by_decorator = partial(hooks.name_made_by_decorator, self._class_named)
        self._function_checks: Final = {TASK_FUNCTION: partial(hooks.check_call, reporter, self._class_named)}
        self._method_checks: Final = dict.fromkeys(_DECORATORS, check_decorated)
        self._function_names: Final[Mapping[str, Callable[[FunctionContext], Type]]] = {
            TASK_FUNCTION: hooks.naming_variables(variables, name_made_by_task),
            _BIND: hooks.naming_variables(variables, hooks.name_made_by_bind),
            _PARAM: hooks.naming_variables(variables, hooks.name_made_by_param),
        }
        self._method_names: Final[Mapping[str, Callable[[MethodContext], Type]]] = {
            **dict.fromkeys(_DECORATORS, hooks.naming_variables(variables, name_made_by_decorator)),
            **dict.fromkeys(_WITH_OPTIONS, hooks.naming_variables(variables, hooks.rename)),
        }

    @override
    def report_config_data(self, ctx: ReportConfigContext) -> Any:
        """Give what makes mypy's cache out of date when it changes."""
        return self._config

    @override
    def get_function_signature_hook(self, fullname: str) -> Callable[[FunctionSigContext], FunctionLike] | None:
        """Check `task(function, ...)`."""
        return self._function_checks.get(fullname)

    @override
    def get_method_signature_hook(self, fullname: str) -> Callable[[MethodSigContext], FunctionLike] | None:
        """Check `@task(...)`."""
        return self._method_checks.get(fullname)

    @override
    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Check a bare `@task`, and name what `task`, `bind` and `param` make."""
        return self._function_names.get(fullname)

    @override
    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """Name what `@task(...)` and `with_options` make."""
        return self._method_names.get(fullname)

    @override
    def get_customize_class_mro_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        """Make unlike tasks join to a task."""
        return hooks.join_as_tasks if fullname in _TASKS else None

    def _class_named(self, fullname: str) -> TypeInfo | None:
        symbol = self.lookup_fully_qualified(fullname)
        return symbol.node if symbol is not None and isinstance(symbol.node, TypeInfo) else None


def _reports_unchecked(config_file: str | None) -> bool:
    """Read this plugin's own option from the file that mypy was configured with."""
    if not config_file or not Path(config_file).is_file():
        return False
    if config_file.endswith(".toml"):
        with Path(config_file).open("rb") as file:
            tools = tomllib.load(file).get("tool", {})
        return tools.get(_SECTION, {}).get(_OPTION, False) is True
    parser = configparser.RawConfigParser()
    parser.read(config_file, encoding="utf-8")
    return parser.getboolean(_SECTION, _OPTION, fallback=False)


def _digest_of_the_source() -> str:
    """Sum up this plugin's code: mypy compares a plugin's own file with its cache, but not what the file imports."""
    digest = hashlib.sha256()
    here = Path(__file__)
    for file in (here, *sorted(here.with_name("_mypy").glob("*.py"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()
