"""Plans for single values of the standard library that JSON has no type for: dates, bytes, paths, numbers, enums."""

from __future__ import annotations

import binascii
import datetime as dt
import enum
from decimal import Decimal, InvalidOperation
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from flowing.checkpoint.codec.plan import (
    NO_TYPES,
    Misfit,
    Plan,
    Unsupported,
    exactly,
    full_name,
    reading,
    scalar,
    wrong_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def scalar_plan(kind: type[Any]) -> Plan | None:
    """Plan for a class that is one value; None for all other classes."""
    found = _PLANS.get(kind)
    if found is not None:
        return found
    if issubclass(kind, enum.Flag):
        return _flag(kind)
    if issubclass(kind, enum.Enum):
        return _enum(kind)
    if issubclass(kind, PurePath) and kind.__module__.partition(".")[0] == "pathlib":
        return _path(kind)
    return None


def _as_text(kind: type[Any], write: Callable[[Any], str], read: Callable[[str], object], form: str = "") -> Plan:
    """Plan for a class that has a text form. `read` may raise ValueError."""
    shown = full_name(kind)

    def decode(data: object) -> object:
        reading(data, str)
        try:
            return read(cast("str", data))  # looked at above
        except (ValueError, ArithmeticError, KeyError) as error:
            raise Misfit(f"the stored text is no {shown} ({type(error).__name__})") from None

    return Plan(shown, form or shown, frozenset({kind}), exactly(kind, shown, write), decode)


def _enum(kind: type[enum.Enum]) -> Plan:
    """By name: what a member is worth may change."""
    members = dict(kind.__members__)
    form = f"enum {full_name(kind)}"
    return _as_text(kind, _name_of_member, members.__getitem__, form)


def _name_of_member(member: Any) -> str:  # noqa: ANN401 - `exactly` has looked
    name: str = member._name_  # `name` can be redefined
    return name


def _flag(kind: type[enum.Flag]) -> Plan:
    """By number: combinations have no name. The names and numbers are part of the form."""
    shown = full_name(kind)

    def decode(data: object) -> object:
        reading(data, int)
        try:
            return kind(data)
        except ValueError:
            raise Misfit(f"the stored number is no {shown}") from None

    form = f"flag {shown}({', '.join(f'{name}={member.value}' for name, member in kind.__members__.items())})"
    return Plan(shown, form, frozenset({kind}), exactly(kind, shown, lambda member: cast("Any", member).value), decode)


def _path(kind: type[PurePath]) -> Plan:
    try:
        made = type(kind())
    except NotImplementedError:
        raise Unsupported(full_name(kind), "is a path of another system") from None
    plan = _as_text(made, str, made)
    return Plan(full_name(kind), full_name(kind), plan.accepts, plan.encode, plan.decode)


# ── dates and times ──────────────────────────────────────────────────────────────────────────────


def _read_with_fold(read: Callable[[str], Any]) -> Callable[[str], object]:
    def parse(text: str) -> object:
        plain, mark, _ = text.partition(_FOLD)
        moment = read(plain)
        return moment.replace(fold=1) if mark else moment

    return parse


_FOLD: Final = " fold"


def _write_moment(moment: dt.datetime | dt.time) -> str:
    zone = moment.tzinfo
    if zone is not None and not _is_offset(zone):
        found = full_name(type(zone))
        why = f"a time zone of type {found} (only fixed offsets are stored: write .astimezone(datetime.timezone.utc))"
        raise Misfit(why, shown_type=found)
    return moment.isoformat() + (_FOLD if moment.fold else "")


def _is_offset(zone: dt.tzinfo) -> bool:
    """Whether a zone is nothing but its offset: no rules and no name of its own."""
    return type(zone) is dt.timezone and zone.tzname(None) == dt.timezone(zone.utcoffset(None)).tzname(None)


_LENGTH: Final = 3


def _read_timedelta(data: object) -> object:
    reading(data, list)
    parts = cast("list[object]", data)
    if len(parts) != _LENGTH or any(type(part) is not int for part in parts):
        raise Misfit("not the days, seconds and microseconds of a timedelta")
    days, seconds, microseconds = cast("list[int]", parts)  # looked at above
    try:
        return dt.timedelta(days, seconds, microseconds)
    except OverflowError:
        raise Misfit("a timedelta out of range") from None


def _write_timedelta(value: Any) -> object:  # noqa: ANN401 - `exactly` has looked
    return [value.days, value.seconds, value.microseconds]


# ── bytes and numbers ────────────────────────────────────────────────────────────────────────────


def to_base64(data: bytes | bytearray | memoryview) -> str:
    """Write bytes as text."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str) -> bytes:
    """Read what `to_base64` wrote, and nothing else. Raises ValueError."""
    return binascii.a2b_base64(text, strict_mode=True)


def _read_decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError from error


_NUMBERS: Final = frozenset({int, float, bool})
_PARTS: Final = 2


def _write_complex(value: object) -> object:
    if type(value) is complex:
        return [value.real, value.imag]
    if type(value) in _NUMBERS:
        return value
    raise wrong_type(value, "complex")


def _read_complex(data: object) -> object:
    if type(data) in _NUMBERS:
        return data
    reading(data, list)
    parts = cast("list[object]", data)
    if len(parts) != _PARTS or any(type(part) is not float for part in parts):
        raise Misfit("not the two parts of a complex")
    real, imaginary = cast("list[float]", parts)  # looked at above
    return complex(real, imaginary)


_timedelta: Final = exactly(dt.timedelta, "datetime.timedelta", _write_timedelta)

# An int is a float and a bool an int to every type checker, and JSON keeps them apart.
_PLANS: Final[Mapping[type[object], Plan]] = {
    int: scalar("int", frozenset({int, bool})),
    float: scalar("float", frozenset({float, int, bool})),
    complex: Plan("complex", "complex", _NUMBERS | {complex}, _write_complex, _read_complex, plain=_NUMBERS),
    str: scalar("str", frozenset({str})),
    bool: scalar("bool", frozenset({bool})),
    type(None): scalar("None", frozenset({type(None)})),
    bytes: _as_text(bytes, to_base64, from_base64),
    bytearray: _as_text(bytearray, to_base64, lambda text: bytearray(from_base64(text))),
    dt.datetime: _as_text(dt.datetime, _write_moment, _read_with_fold(dt.datetime.fromisoformat)),
    dt.time: _as_text(dt.time, _write_moment, _read_with_fold(dt.time.fromisoformat)),
    dt.date: _as_text(dt.date, dt.date.isoformat, dt.date.fromisoformat),
    dt.timedelta: Plan(
        "datetime.timedelta", "datetime.timedelta", frozenset({dt.timedelta}), _timedelta, _read_timedelta
    ),
    Decimal: _as_text(Decimal, str, _read_decimal),
    UUID: _as_text(UUID, str, UUID),
}
NEVER: Final = scalar("Never", NO_TYPES)
