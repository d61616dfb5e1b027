"""The name of a task, kept on its type, where it goes wherever the type goes. Never touches a declaration.

mypy stores `Instance.extra_attrs` in its cache and compares them in the daemon, so a name that changes in one module is
seen in all others. No attribute of this name can be written in Python, so nothing else ever meets it.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from mypy.nodes import Decorator, FuncDef, MemberExpr, NameExpr, OverloadedFuncDef, TypeInfo
from mypy.types import AnyType, Instance, LiteralType, NoneType, TypeOfAny, get_proper_type

if TYPE_CHECKING:
    from mypy.nodes import Expression
    from mypy.types import Type

_ATTRIBUTE: Final = "name of the task"


class Unnamed(enum.Enum):
    """What stands in the place of a name."""

    UNKNOWN = "mypy can't know it"
    FUNCTION = "that of the function"


def with_name(type_: Type, name: str | Unnamed, string: Instance) -> Type:
    """Keep a name on the type of a task, or of the decorator that will make one; `string` is the type `str`."""
    proper = get_proper_type(type_)
    if not isinstance(proper, Instance):
        return type_
    match name:
        case str():
            kept: Type = LiteralType(name, string)
        case Unnamed.FUNCTION:
            kept = NoneType()
        case Unnamed.UNKNOWN:
            # Something must be kept: mypy drops attributes that differ when it joins two types, but may take over
            # those of one type when the other has none.
            kept = AnyType(TypeOfAny.special_form)
    return proper.copy_with_extra_attr(_ATTRIBUTE, kept)


def name_on(type_: Type) -> str | Unnamed:
    """Read the name that was kept on a type."""
    proper = get_proper_type(type_)
    if not isinstance(proper, Instance) or proper.extra_attrs is None:
        return Unnamed.UNKNOWN
    kept = get_proper_type(proper.extra_attrs.attrs.get(_ATTRIBUTE))
    match kept:
        case LiteralType(value=str() as name):
            return name
        case NoneType():
            return Unnamed.FUNCTION
        case _:
            return Unnamed.UNKNOWN


def name_given(type_: Type) -> str | Unnamed:
    """Read the argument of `name=` off its type: a literal, or a constant that is Final."""
    proper = get_proper_type(type_)
    if isinstance(proper, Instance) and proper.last_known_value is not None:
        proper = proper.last_known_value
    match proper:
        case LiteralType(value=str() as name):
            return name
        case NoneType():
            return Unnamed.FUNCTION
        case _:
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
