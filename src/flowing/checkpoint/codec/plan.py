"""How values of one type become JSON and come back: the record of it, and what is raised on the way. Knows no type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from flowing._record import record
from flowing._text import one_line, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    Convert: TypeAlias = Callable[[object], object]

Types: TypeAlias = frozenset[type[object]]
NO_TYPES: Final[Types] = frozenset()
SHOWN_MAX: Final = 200
KEY_SHOWN_MAX: Final = 60


@record(eq=False)
class Plan:
    """How values of one type are written and read.

    `encode` gives what JSON can hold: dict with str keys, list, str, int, float, bool and None, each of exactly that
    type. `decode` gives the value back. Both raise `Misfit`. Values are told apart by their exact class: `accepts` has
    those that `encode` may take, and `plain` those that it and `decode` leave as they are. `form` describes the type in
    full, `shown` for people. `nullable`: something is written as None. `foreign`: code that is not ours takes part, so
    what comes back must be compared level by level.
    """

    shown: str
    form: str
    accepts: Types
    encode: Convert
    decode: Convert
    plain: Types = NO_TYPES
    nullable: bool = False
    foreign: bool = False


class Misfit(Exception):  # noqa: N818 - never leaves the codec
    """A value is not of the type that was planned for; `where` is the way to it."""

    def __init__(self, why: str, *, where: str = "", shown_type: str | None = None) -> None:
        self.why: str = why
        self.where: str = where
        self.shown_type: str | None = shown_type
        super().__init__(why)

    def inside(self, step: str) -> Misfit:
        """Add the step that led here, seen from the container."""
        self.where = step + self.where
        return self


class Unsupported(Exception):  # noqa: N818 - never leaves the codec
    """Values of a type can't be stored."""

    def __init__(self, shown_type: str, why: str) -> None:
        self.shown_type: str = shown_type
        self.why: str = why
        super().__init__(why)


def wrong_type(value: object, expected: str) -> Misfit:
    """Say that a value is of another type. Never says which value (FAULTS S11)."""
    found = full_name(type(value))
    return Misfit(f"a value of type {found} where {expected} is expected", shown_type=found)


def full_name(kind: type[object]) -> str:
    """Name a class: with its module, unless it is built in."""
    module, name = vars(type)["__module__"].__get__(kind), vars(type)["__qualname__"].__get__(kind)
    if type(module) is not str or type(name) is not str:  # a metaclass or a class body may have put anything there
        return type_name(kind)
    return one_line(name if module == "builtins" else f"{module}.{name}", length_max=SHOWN_MAX)


def field_step(name: str) -> str:
    """Write the step to a field of a class."""
    return f".{one_line(name, length_max=KEY_SHOWN_MAX)}"


def key_step(key: object) -> str:
    """Write the step to an item of a dict. Without keys that are str no way could be shown; other keys are values."""
    return f"[{one_line(repr(key), length_max=KEY_SHOWN_MAX)}]" if type(key) is str else f"[a {type_name(key)}]"


def exactly(kind: type[object], expected: str, encode: Convert) -> Convert:
    """Encode values of exactly one class."""

    def encode_exactly(value: object) -> object:
        if type(value) is not kind:
            raise wrong_type(value, expected)
        return encode(value)

    return encode_exactly


def scalar(shown: str, types: Types) -> Plan:
    """Plan for values that JSON holds as they are."""

    def check(value: object) -> object:
        if type(value) in types:
            return value
        raise wrong_type(value, shown)

    return Plan(shown, shown, types, check, check, plain=types, nullable=type(None) in types)


def reading(data: object, kind: type[object]) -> None:
    """Refuse stored data that is not of the kind that was written."""
    if type(data) is not kind:
        raise Misfit(f"stored as {type_name(data)} where {kind.__name__} was written")
