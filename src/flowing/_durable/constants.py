"""Hashes of constants that mean the same in every process. Runs nothing of the user's.

A constant is described by what Python itself knows of it, never by a `repr` of its own, which may raise, or show an
address. What can't be described so is left out: only that it is there counts.
"""

from __future__ import annotations

import sys
from enum import Enum, EnumMeta
from hashlib import blake2b
from types import EllipsisType, NoneType
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_DEPTH_MAX: Final = 20
_VALUES_MAX: Final = 10_000  # in one constant; one that holds more is left out, so that a flow is built at once
_WRITTEN_MAX: Final = 1000  # characters or bytes; of what is longer, a hash
_LEFT_OUT: Final = "?"
_AS_REPR: Final = (NoneType, EllipsisType, bool, float, complex, range)
_IN_ORDER: Final = (tuple, list)
_WITHOUT_ORDER: Final = (set, frozenset)
# Their `repr` is Python's own too. They are looked for where somebody has imported them, and nothing is imported.
_ELSEWHERE: Final = (
    ("datetime", "date"),
    ("datetime", "timedelta"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("pathlib", "PosixPath"),
    ("pathlib", "PurePosixPath"),
    ("uuid", "UUID"),
)


def hash_of(constants: Mapping[str, object]) -> str:
    """Hash constants that have names, whatever their order. O(what is in them), up to a limit for each."""
    return _digest(", ".join(sorted([f"{name}: {_Description().of(each)}" for name, each in constants.items()])))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class _TooMuch(Exception):  # noqa: N818 - never leaves this module
    """A constant holds more than is looked at, or itself."""


class _Description:
    """Describes one constant, up to the limits."""

    __slots__ = ("_depth", "_values")

    def __init__(self) -> None:
        self._depth = self._values = 0

    def of(self, constant: object) -> str:
        """Write what it is; `_LEFT_OUT` where nobody can tell without running its code."""
        try:
            return self._of(constant)
        except _TooMuch:
            return _LEFT_OUT

    def _of(self, constant: object) -> str:
        kind, value = type(constant), cast("Any", constant)  # each branch looks for its exact type
        if _is_one_of(kind, _AS_REPR):
            return repr(value)
        if kind is int:
            return hex(value)  # Python refuses to write very long ones in decimal
        if kind is str:
            return repr(value) if len(value) <= _WRITTEN_MAX else f"str({_digest(value)})"
        if kind is bytes:
            return repr(value) if len(value) <= _WRITTEN_MAX else f"bytes({blake2b(value).hexdigest()})"
        if _is_one_of(kind, _IN_ORDER):
            return f"{kind.__name__}({', '.join(self._all_of(value))})"
        if _is_one_of(kind, _WITHOUT_ORDER):
            return f"{kind.__name__}({', '.join(sorted(self._all_of(value)))})"
        if kind is dict:
            return f"dict({self._pairs(value.items())})"
        return self._of_a_class(value, kind)

    def _all_of(self, values: Collection[object]) -> list[str]:
        self._values += len(values)
        self._depth += 1
        if self._values > _VALUES_MAX or self._depth > _DEPTH_MAX:
            raise _TooMuch
        described = [self._of(each) for each in values]
        self._depth -= 1
        return described

    def _pairs(self, pairs: Collection[tuple[object, object]]) -> str:
        """Write pairs, sorted: what they were put together from may have had no order."""
        return ", ".join(sorted(self._all_of(pairs)))

    def _of_a_class(self, value: object, kind: type) -> str:
        """Describe members of enums, and what dataclasses and attrs classes have in their fields."""
        if any(kind is getattr(sys.modules.get(module), name, None) for module, name in _ELSEWHERE):
            return repr(value)
        try:
            names = ("_name_",) if type(kind) is EnumMeta and issubclass(kind, Enum) else _fields(kind)
            held = [(name, object.__getattribute__(value, name)) for name in names or ()]
        except Exception:  # noqa: BLE001 - a class may have put anything in their places
            return _LEFT_OUT
        # Without the module: it is another one for a script that is run and for the same one imported.
        return _LEFT_OUT if names is None else f"{_QUALIFIED_NAME.__get__(kind)}({self._pairs(held)})"


def _is_one_of(kind: type, kinds: tuple[type, ...]) -> bool:
    """Tell by identity: a metaclass can have any `__hash__` and `__eq__`."""
    return any(kind is each for each in kinds)


def _fields(kind: type) -> tuple[str, ...] | None:
    """Name the fields of a dataclass or an attrs class; None for any other."""
    fields: Any = vars(kind).get("__dataclass_fields__")
    if fields is not None:
        return tuple(cast("dict[str, object]", fields))
    attributes: Any = vars(kind).get("__attrs_attrs__")
    return None if attributes is None else tuple([each.name for each in attributes])


_QUALIFIED_NAME: Final = vars(type)["__qualname__"]
