"""What the items of a TypedDict are. Compares none."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args, get_origin

import typing_extensions

from flowing._check.evaluate import class_annotations
from flowing._check.forms import Form, Keys, Unreadable, parts, read
from flowing._check.verdict import Undecided

if TYPE_CHECKING:
    from collections.abc import Iterable


def items_of(kind: type[object]) -> dict[str, tuple[bool, Form]] | Undecided:
    """Give the items of a TypedDict, required or not; or why they can't be compared."""
    annotations = class_annotations(kind, qualifiers=True)
    if _is_closed(kind) or any(typing_extensions.ReadOnly in _marks(each) for each in annotations.values()):
        return Undecided(f'"{kind.__name__}" is closed or has read-only items, which are not compared at run time')
    if _leads_back(kind):
        return Undecided(f'"{kind.__name__}" has itself inside, and is not compared with another one at run time')
    required: frozenset[str] = getattr(kind, "__required_keys__", frozenset[str]())
    return {name: (_is_required(each, name in required), _form(each)) for name, each in annotations.items()}


def _is_closed(kind: type[object]) -> bool:
    nothing_more = (None, getattr(typing_extensions, "NoExtraItems", None))
    more: object = getattr(kind, "__extra_items__", None)
    return bool(getattr(kind, "__closed__", None)) or all(more is not each for each in nothing_more)


def _is_required(annotation: object, otherwise: bool) -> bool:  # noqa: FBT001 - the answer where nothing is written
    marks = _marks(annotation)
    return typing_extensions.Required in marks if marks else otherwise


def _marks(annotation: object) -> list[object]:
    marks: list[object] = []
    origin = get_origin(annotation)
    while origin in (typing_extensions.Required, typing_extensions.NotRequired, typing_extensions.ReadOnly):
        marks.append(origin)
        annotation = get_args(annotation)[0]
        origin = get_origin(annotation)
    return marks


def _form(annotation: object) -> Form:
    return annotation if isinstance(annotation, Unreadable) else read(annotation)


def _leads_back(kind: type[object]) -> bool:
    """Say whether a TypedDict is somewhere in its own items."""
    seen: dict[type[object], None] = {}
    waiting = [kind]
    for each in waiting:  # which grows meanwhile, and ends where all are seen
        for inside in _inside(_form(annotation) for annotation in class_annotations(each).values()):
            if inside is kind:
                return True
            if inside not in seen:
                seen[inside] = None
                waiting.append(inside)
    return False


def _inside(forms: Iterable[Form]) -> list[type[object]]:
    waiting = list(forms)
    for form in waiting:  # as above
        waiting += parts(form)
    return [form.kind for form in waiting if isinstance(form, Keys)]
