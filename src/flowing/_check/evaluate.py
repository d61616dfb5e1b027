"""Evaluate annotations, each on its own, so that a name known to checkers alone spoils only its own. Compares nothing."""

from __future__ import annotations

import sys
import typing
from typing import TYPE_CHECKING

from flowing._check.forms import Unreadable
from flowing._text import one_line, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping


def raw_annotations(owner: object) -> Mapping[str, object]:
    """Give the annotations of a function or class as they are, evaluating nothing that may fail."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations  # noqa: PLC0415 - the module exists from 3.14 on

        return get_annotations(owner, format=Format.FORWARDREF)
    own = vars(owner).get("__annotations__") if isinstance(owner, type) else getattr(owner, "__annotations__", None)
    return own if isinstance(own, dict) else {}


def evaluate(raw: object, names: dict[str, object], type_params: tuple[object, ...] = ()) -> object:
    """Turn an annotation, which may be a string, into the object it stands for; an `Unreadable` where that fails.

    What an `Annotated` adds is dropped.
    """

    def holder() -> None: ...

    holder.__annotations__ = {"it": raw}
    holder.__type_params__ = type_params  # type: ignore[attr-defined]
    try:
        return typing.get_type_hints(holder, names)["it"]
    except Exception as error:  # noqa: BLE001 - an annotation is an expression of the user's, and may raise anything
        shown = one_line(raw if isinstance(raw, str) else repr(raw), length_max=100)
        why = f'the annotation "{shown}" can\'t be evaluated ({one_line(f"{type_name(error)}: {error}", length_max=200)})'
        return Unreadable(shown, why)


def class_annotations(kind: type[object]) -> dict[str, object]:
    """Evaluate the annotations of a class and its bases, each where it was written."""
    evaluated: dict[str, object] = {}
    for base in reversed(kind.__mro__):
        names = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        names = {**names, base.__name__: base}
        type_params = getattr(base, "__type_params__", ())
        for name, raw in raw_annotations(base).items():
            evaluated[name] = evaluate(raw, names, type_params)
    return evaluated
