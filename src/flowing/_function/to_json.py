"""A value as JSON text for whoever reads it, a model or a person. One way: what was written is not read back.

A checkpoint has a codec that knows the type, and gives the value back. This knows nothing but the value.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import json
import math
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

import attrs

from flowing._text import one_line, type_name
from flowing.errors import SerializationError

if TYPE_CHECKING:
    from collections.abc import Callable

_KEY_SHOWN_MAX: Final = 60


def to_json(value: object) -> str:
    """Write a value as JSON text, in one line: `flow.as_function(result=flowing.to_json)`.

    attrs and data classes, named tuples and pydantic models become objects; dates and times ISO 8601, a `timedelta` its
    seconds; a `Decimal`, a `UUID` or a path its text; an enum its value; bytes base64; sets lists, in order where their
    members have one; arrays of numpy lists; NaN and the infinities null, as JSON has no such numbers.

    Raises:
        SerializationError: there is an object of another class in it, or it holds itself; says which, and where.
    """
    try:
        return json.dumps(_plain(value, ""), ensure_ascii=False, allow_nan=False)
    except RecursionError:
        message = (
            "the value can't be written as JSON: it is nested too deep, or holds itself; give result= a function that "
            "makes text of it"
        )
        raise SerializationError(message, shown_type=type_name(value)) from None


def _plain(value: object, where: str) -> object:
    """Turn a value into what JSON has."""
    if isinstance(value, enum.Enum):
        return _plain(value.value, where)
    if value is None or isinstance(value, bool):
        return value
    for kinds, write in _SINGLE:
        if isinstance(value, kinds):
            return write(value)
    return _plain_members(value, where)


def _plain_members(value: object, where: str) -> object:
    """Turn what has members into a list or an object of JSON."""
    fields = _fields(value)
    if fields is not None:
        return {name: _plain(item, f"{where}.{name}") for name, item in fields.items()}
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()  # proof: it is one, and everything is an object
        return {_key(key, where): _plain(item, f"{where}[{_show(key)}]") for key, item in items}
    if isinstance(value, AbstractSet):
        return _all(_in_order(cast("AbstractSet[object]", value)), where)  # proof: as above
    if isinstance(value, Sequence):
        return _all(cast("Sequence[object]", value), where)  # proof: as above
    return _foreign(value, where)


def _write_float(number: float) -> object:
    return float(number) if math.isfinite(number) else None


def _write_bytes(content: bytes | bytearray | memoryview) -> object:
    return base64.b64encode(content).decode("ascii")


# Kinds of value, each with its way; the first that fits counts. What a subclass adds is lost: JSON has no place for it.
_SINGLE: Final[tuple[tuple[type[Any] | tuple[type[Any], ...], Callable[[Any], object]], ...]] = (
    (str, str.__str__),
    (int, int),
    (float, _write_float),
    ((Decimal, Fraction, UUID, PurePath, complex), str),
    ((dt.datetime, dt.date, dt.time), lambda moment: moment.isoformat()),
    (dt.timedelta, dt.timedelta.total_seconds),
    ((bytes, bytearray, memoryview), _write_bytes),
)


def _fields(value: object) -> Mapping[str, object] | None:
    """Give the parts of what is made of named parts; None for anything else."""
    names = _names_of_fields(type(value))
    return None if names is None else {name: getattr(value, name) for name in names}


def _names_of_fields(kind: type[Any]) -> Sequence[str] | None:
    if attrs.has(kind):
        return [each.name for each in attrs.fields(kind)]
    if dataclasses.is_dataclass(kind):
        return [each.name for each in dataclasses.fields(kind)]
    if issubclass(kind, tuple):
        names: Sequence[str] | None = getattr(cast("object", kind), "_fields", None)
        return names
    return None


def _foreign(value: Any, where: str) -> object:  # noqa: ANN401 - takes anything
    """Turn a value of pydantic's or numpy's into what JSON has; neither is imported here, so both have been."""
    pydantic, numpy = sys.modules.get("pydantic"), sys.modules.get("numpy")
    if pydantic is not None and isinstance(value, pydantic.BaseModel):
        return _plain(value.model_dump(mode="json"), where)
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        return _plain(value.tolist(), where)
    place = f" at {one_line(where)}" if where else ""
    message = (
        f"a value of type {type_name(value)} can't be written as JSON{place}; return one that can from the task, or "
        f"give result= a function that makes text of it"
    )
    raise SerializationError(message, shown_type=type_name(value), where=where)


def _all(members: Sequence[object], where: str) -> list[object]:
    return [_plain(each, f"{where}[{place}]") for place, each in enumerate(members)]


def _in_order(members: AbstractSet[Any]) -> list[object]:
    try:
        return [*sorted(members)]
    except TypeError:
        return [*members]


def _key(key: object, where: str) -> str:
    """Write a key: JSON has none but strings."""
    plain = _plain(key, where)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, list | dict):
        message = (
            f"a key of type {type_name(key)} can't be written as JSON{f' at {one_line(where)}' if where else ''}; give "
            f"result= a function that makes text of the value"
        )
        raise SerializationError(message, shown_type=type_name(key), where=where)
    return json.dumps(plain)


def _show(key: object) -> str:
    return one_line(repr(key), length_max=_KEY_SHOWN_MAX) if type(key) is str else f"a {type_name(key)}"
