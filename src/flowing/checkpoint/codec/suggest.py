"""The annotation that would do for a value, where a short look at the value tells. Converts nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from flowing.checkpoint.codec.plan import full_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCALARS: Final[frozenset[type]] = frozenset(
    {str, int, float, bool, bytes, bytearray, complex, dt.datetime, dt.date, dt.time, dt.timedelta, Decimal, UUID}
)
_OF_ONE: Final[frozenset[type]] = frozenset({list, set, frozenset})
_ITEMS_MAX: Final = 8  # of a tuple of which each item is named
_LOOKED_AT_MAX: Final = 100
_KINDS_MAX: Final = 3
_DEPTH_MAX: Final = 3


def annotation_for(value: object) -> str | None:
    """Write the type of a value as an annotation; None where that takes more than a look. O(1)."""
    return _annotation(value, _DEPTH_MAX)


def _annotation(given: object, deeper: int) -> str | None:
    kind, value = type(given), cast("Any", given)  # each branch looks for its exact type
    if kind in _SCALARS:
        return full_name(kind)
    if value is None:
        return "None"
    if not deeper:
        return None
    if kind in _OF_ONE:
        inside = _one_for(value, deeper)
        return None if inside is None else f"{kind.__name__}[{inside}]"
    if kind is tuple:
        return _tuple(value, deeper)
    if kind is dict:
        key, item = _one_for(value, deeper), _one_for(value.values(), deeper)
        return None if key is None or item is None else f"dict[{key}, {item}]"
    return None


def _tuple(value: tuple[object, ...], deeper: int) -> str | None:
    if len(value) > _ITEMS_MAX:
        inside = _one_for(value, deeper)
        return None if inside is None else f"tuple[{inside}, ...]"
    items = [_annotation(each, deeper - 1) for each in value]
    named = [each for each in items if each is not None]
    return f"tuple[{', '.join(named) or '()'}]" if len(named) == len(items) else None


def _one_for(values: Iterable[object], deeper: int) -> str | None:
    """Write a type for all; None where there are none, or too many kinds of them."""
    kinds = dict.fromkeys(_annotation(each, deeper - 1) for each in islice(values, _LOOKED_AT_MAX))
    named = sorted([each for each in kinds if each is not None])
    return " | ".join(named) if named and len(named) == len(kinds) <= _KINDS_MAX else None
