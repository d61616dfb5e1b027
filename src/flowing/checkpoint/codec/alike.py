"""Whether two values are of the same types at every level, for values that code of others has made. Changes nothing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, cast

import attrs

from flowing.checkpoint.codec.anything import SCALARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowing.checkpoint.codec.plan import Types


def are_alike(one: object, other: object, *, closed: Types) -> bool:
    """Compare types at every level, and the values where they are JSON's.

    Looks into containers, attrs classes, dataclasses and pydantic models, but not into classes in `closed`. No
    recursion; linear in the size.
    """
    waiting = [(one, other)]
    seen: dict[int, object] = {}  # keeps what it has seen alive, so that no number is used twice
    while waiting:
        left, right = waiting.pop()
        if type(left) is not type(right):
            return False
        if type(left) in SCALARS:
            if left != right and (left == left or right == right):  # noqa: PLR0124 - NaN is not equal to itself
                return False
            continue
        if id(left) in seen or type(left) in closed:
            continue
        seen[id(left)] = left
        inside_left, inside_right = list(_inside(left)), list(_inside(right))
        if len(inside_left) != len(inside_right):
            return False
        waiting += zip(inside_left, inside_right, strict=True)
    return True


def _inside(value: object) -> Iterator[object]:
    """Give what a value is made of."""
    kind: type[Any] = type(value)
    if isinstance(value, list | tuple):
        yield from cast("list[object]", value)
    elif kind is dict:
        for key, item in cast("dict[object, object]", value).items():
            yield from (key, item)
    elif kind in (set, frozenset):  # their order may differ
        yield from sorted(str(type(each)) for each in cast("set[object]", value))
    elif attrs.has(kind):
        yield from (getattr(value, each.name) for each in attrs.fields(kind))
    elif dataclasses.is_dataclass(kind):
        yield from (getattr(value, each.name) for each in dataclasses.fields(kind))
    elif hasattr(kind, "__pydantic_fields__"):
        model = cast("Any", value)
        yield from (model.__dict__, model.__pydantic_extra__, model.__pydantic_private__)
