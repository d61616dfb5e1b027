"""How a type is written in a message: as checkers do. Decides nothing."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, assert_never

from flowing._check.forms import (
    Anything,
    ClassOf,
    Form,
    Function,
    Instance,
    Items,
    Keys,
    Nothing,
    OneOf,
    Renamed,
    Unreadable,
    Value,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def show(form: Form, *, full: bool = False) -> str:  # noqa: C901 - one line for each kind of type
    """Write a type as checkers do; with the names of modules if `full`."""
    match form:
        case Anything():
            return "Any"
        case Nothing():
            return "Never"
        case Instance(kind, args):
            return _show_instance(kind, args, full=full)
        case Items(members):
            return f"tuple[{_show_all(members, full=full) or '()'}]"
        case OneOf(members):
            return _show_union(members, full=full)
        case Value():
            return f"Literal[{_show_value(form)}]"
        case Function(parameters, result):
            shown = "..." if parameters is None else f"[{_show_all(parameters, full=full)}]"
            return f"Callable[{shown}, {show(result, full=full)}]"
        case ClassOf(instance):
            return f"type[{show(instance, full=full)}]"
        case Renamed(origin, _) | Keys(origin):
            return _show_name(origin, full=full)
        case Variable(name):
            return name
        case Unreadable(shown):
            return shown
        case _:
            assert_never(form)


def _show_instance(kind: type[object], args: tuple[Form, ...], *, full: bool) -> str:
    if kind is NoneType:
        return "None"
    name = _show_name(kind, full=full)
    if kind is tuple:
        return f"{name}[{_show_all(args, full=full) or 'Any'}, ...]"
    return f"{name}[{_show_all(args, full=full)}]" if args else name


def _show_name(named: object, *, full: bool) -> str:
    name, module = getattr(named, "__name__", "?"), getattr(named, "__module__", "builtins")
    return f"{module}.{name}" if full and module != "builtins" else str(name)


def _show_all(forms: Sequence[Form], *, full: bool) -> str:
    return ", ".join([show(each, full=full) for each in forms])


def _show_union(members: Sequence[Form], *, full: bool) -> str:
    values = [each for each in members if isinstance(each, Value)]
    others = [show(each, full=full) for each in members if not isinstance(each, Value)]
    literal = [f"Literal[{', '.join([_show_value(each) for each in values])}]"] if values else []
    return " | ".join(literal + others)


def _show_value(form: Value) -> str:
    name = getattr(form.value, "_name_", None)
    return f"{form.kind.__name__}.{name}" if isinstance(name, str) else repr(form.value)
