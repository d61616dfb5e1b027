"""The name of a task, kept on its type, where it goes wherever the type goes. Never touches a declaration.

mypy stores `Instance.extra_attrs` in its cache and compares them in the daemon, so a name that changes in one module is
seen in all others. What is kept stands among the names of attributes that can't be assigned, and no attribute has it.

Where mypy makes one type of two tasks that differ in nothing but their names (`a if x else b`), it takes the attributes
off one of the two originals, for the rest of its run. A decorated function keeps its name in a second place for that.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from mypy.nodes import Decorator, FuncDef, MemberExpr, NameExpr, OverloadedFuncDef, TypeInfo
from mypy.types import ExtraAttrs, Instance, LiteralType, NoneType, get_proper_type

if TYPE_CHECKING:
    from mypy.nodes import Expression, SymbolNode
    from mypy.types import ProperType, Type

_NAMED: Final = "the task's name: "


class Unnamed(enum.Enum):
    """What stands in the place of a name."""

    UNKNOWN = "mypy can't know it"
    FUNCTION = "that of the function"


def with_name(type_: Type, name: str | Unnamed) -> Type:
    """Keep a name on the type of a task, or of the decorator that will make one.

    That there is none is kept too: mypy drops what differs when it joins two types, but may take over what is kept on
    one of them when nothing is on the other.
    """
    proper = get_proper_type(type_)
    if not isinstance(proper, Instance):
        return type_
    kept = name.value if isinstance(name, Unnamed) else f"{_NAMED}{name}"
    return Instance(
        proper.type,
        proper.args,
        proper.line,
        proper.column,
        extra_attrs=ExtraAttrs({}, immutable={kept}, mod_name=None),
    )


def name_on(type_: ProperType) -> str | Unnamed:
    """Read the name that was kept on a type."""
    if isinstance(type_, Instance) and type_.extra_attrs is not None:
        for kept in type_.extra_attrs.immutable:
            if kept.startswith(_NAMED):
                return kept[len(_NAMED) :]
            if kept == Unnamed.FUNCTION.value:
                return Unnamed.FUNCTION
    return Unnamed.UNKNOWN


def keep_on_function(decorated: Decorator, name: str | Unnamed) -> None:
    """Keep the name with the function too, in a field that mypy saves but reads of variables alone."""
    decorated.var.final_value = name if isinstance(name, str) else None


def name_of(task: Instance, node: SymbolNode | None) -> str | None:
    """Name a task by what is kept on its type, or else with the decorated function that was referred to."""
    if task.extra_attrs is None and isinstance(node, Decorator):
        kept = node.var.final_value
        return kept if isinstance(kept, str) else None
    name = name_on(task)
    return name if isinstance(name, str) else None


def name_given(type_: Type) -> str | Unnamed:
    """Read the argument of `name=` off its type: a literal, or a constant that is Final."""
    proper = get_proper_type(type_)
    if isinstance(proper, Instance) and proper.last_known_value is not None:
        proper = proper.last_known_value
    if isinstance(proper, NoneType):
        return Unnamed.FUNCTION
    # A name that can't be printed is refused at run time, and some of them mypy can't save.
    if isinstance(proper, LiteralType) and isinstance(proper.value, str) and proper.value.isprintable():
        return proper.value
    return Unnamed.UNKNOWN


def name_of_function(function: Expression) -> str | Unnamed:
    """Name what an expression refers to, if that is the function itself and not a variable that holds one.

    A decorated function is taken to keep its name, as `functools.wraps` does.
    """
    if isinstance(function, (NameExpr, MemberExpr)) and isinstance(
        function.node, (FuncDef, Decorator, OverloadedFuncDef, TypeInfo)
    ):
        return function.node.name
    return Unnamed.UNKNOWN
