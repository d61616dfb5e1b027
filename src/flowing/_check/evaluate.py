"""Evaluate annotations, each on its own: a name that exists for checkers alone spoils no other. Compares nothing."""

from __future__ import annotations

import sys
import typing
from typing import TYPE_CHECKING

from flowing._check.forms import Unreadable
from flowing._record import record
from flowing._text import one_line, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping


def raw_annotations(owner: object) -> Mapping[str, object]:
    """Give the annotations of a function or class as they are, evaluating nothing that may fail."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations  # noqa: PLC0415 - the module exists from 3.14 on

        return get_annotations(owner, format=Format.FORWARDREF)
    if isinstance(owner, type):
        own: Mapping[str, object] = vars(owner).get("__annotations__", {})  # getattr would give a base's
        return own
    return getattr(owner, "__annotations__", {})


@record
class Scope:
    """Where an annotation was written: the names that it can use."""

    names: dict[str, object]
    type_params: tuple[object, ...] = ()


def evaluate(raw: object, scope: Scope, *, qualifiers: bool = False) -> object:
    """Turn an annotation, which may be a string, into the object it stands for; an `Unreadable` where that fails.

    What an `Annotated` adds is dropped, and `Required` and its like without `qualifiers`.
    """

    def holder() -> None: ...

    holder.__annotations__ = {"it": raw}
    names = {**scope.names, **{_name(each): each for each in scope.type_params}} if scope.type_params else scope.names
    try:
        return typing.get_type_hints(holder, names, include_extras=qualifiers)["it"]
    except Exception as error:  # noqa: BLE001 - an annotation is an expression of the user's, and may raise anything
        shown = one_line(raw if isinstance(raw, str) else repr(raw), length_max=100)
        why = (
            f'the annotation "{shown}" can\'t be evaluated ({one_line(f"{type_name(error)}: {error}", length_max=200)})'
        )
        return Unreadable(shown, why)


def class_annotations(kind: type[object], *, qualifiers: bool = False) -> dict[str, object]:
    """Evaluate the annotations of a class and its bases, each where it was written."""
    evaluated: dict[str, object] = {}
    for base in reversed(kind.__mro__):
        scope = class_scope(base)
        for name, raw in raw_annotations(base).items():
            evaluated[name] = evaluate(raw, scope, qualifiers=qualifiers)
    return evaluated


def class_scope(kind: type[object]) -> Scope:
    """Give the names that can be used inside a class."""
    module = sys.modules.get(kind.__module__)
    return Scope({**(vars(module) if module else {}), kind.__name__: kind}, getattr(kind, "__type_params__", ()))


def _name(type_param: object) -> str:
    return str(getattr(type_param, "__name__", type_param))
