"""Hashes of constants: equal where the constants are, in every process, and nothing of the user's runs for them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import os
import subprocess
import sys
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Never

import attrs
import pytest
from typing_extensions import override

from flowing._durable.constants import hash_of


def hashed(constant: object) -> str:
    return hash_of({"by": constant})


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Options:
    rate: float
    steps: list[int]


@attrs.frozen
class Point:
    x: int
    y: object


class Silent:
    """One whose code must not run."""

    @override
    def __repr__(self) -> Never:
        raise AssertionError

    @override
    def __eq__(self, _: object) -> Never:
        raise AssertionError

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Never:
        raise AssertionError(name)


class SilentKind(type):
    """A class of classes whose code must not run either."""

    @override
    def __eq__(cls, _: object) -> Never:
        raise AssertionError

    @override
    def __hash__(cls) -> Never:
        raise AssertionError

    @override
    def __getattribute__(cls, name: str) -> Never:
        raise AssertionError(name)


@dataclasses.dataclass(repr=False, eq=False)
class SilentFields(Silent):
    rate: float


DIFFERENT = [
    None,
    ...,
    True,
    1,
    1.0,
    -0.0,
    0.0,
    1j,
    "1",
    b"1",
    10**5000,
    10**5000 + 1,
    (1,),
    [1],
    {1},
    {1: 1},
    {1: 2},
    [1, 2],
    [2, 1],
    [[1], 2],
    [[1, 2]],
    range(3),
    "x" * 5000,
    "x" * 5001,
    b"x" * 5000,
    b"x" * 5001,
    Colour.RED,
    Colour.BLUE,
    Rights.READ,
    Rights.WRITE,
    Options(0.1, [1]),
    Options(0.2, [1]),
    Options(0.1, [2]),
    Point(1, 2),
    Point(1, 3),
    SilentFields(1.0),
    SilentFields(2.0),
    dt.date(2026, 1, 31),
    dt.timedelta(1),
    Decimal("1.0"),
    Decimal("1.00"),
    Fraction(1, 3),
    Path("a"),
    Path("b"),
    uuid.UUID(int=1),
]


def test_constants_that_differ_have_other_hashes() -> None:
    """And one that is made again has the same."""
    assert len({hashed(each) for each in DIFFERENT}) == len(DIFFERENT)
    assert hashed({"a": 1, "b": 2}) == hashed({"b": 2, "a": 1})
    assert hashed(Options(0.1, [1])) == hashed(Options(0.1, [1]))
    assert hash_of({"a": 1, "b": 2}) == hash_of({"b": 2, "a": 1}) != hash_of({"a": 2, "b": 1})


def test_what_can_not_be_described_is_left_out_and_its_code_does_not_run() -> None:
    """Also inside others, of which the rest counts."""
    silent: Any = SilentKind("Made", (), {})
    assert hashed(object.__new__(silent)) == hashed(object())
    assert hashed(Silent()) == hashed(Silent()) == hashed(object()) == hashed(hashed) != hashed(1)
    assert hashed([Silent(), 1]) == hashed([object(), 1]) != hashed([object(), 2])
    assert hashed(Point(1, Silent())) == hashed(Point(1, object())) != hashed(Point(2, object()))


def test_what_holds_itself_or_too_much_is_left_out_at_once() -> None:
    """A list of lists of the same lists is written as often as it is reached."""
    inside: list[object] = []
    inside += [inside, inside]
    nested: list[object] = [1]
    for _ in range(100):
        nested = [nested, nested]
    assert hashed(inside) == hashed(nested) == hashed(list(range(100_000))) == hashed(object())
    assert hashed(list(range(9_000))) != hashed(list(range(8_999)))


@pytest.mark.parametrize("field", ["__dataclass_fields__", "__attrs_attrs__"])
def test_a_class_that_says_what_is_not_so_is_left_out(field: str) -> None:
    lying = type("Lying", (), {field: 5})
    absent = type("Absent", (), {field: {"nothing": 5}})
    assert hashed(lying()) == hashed(absent()) == hashed(object())


PROGRAM = """
from tests.unit._durable.test_constants import DIFFERENT, hashed
print([hashed(each) for each in [*DIFFERENT, {"a", "b", "c"}, frozenset("abc"), {"a": {"x", "y"}}, object()]])
"""


def test_hashes_are_the_same_in_every_process() -> None:
    """Sets have another order under each PYTHONHASHSEED, and objects another address."""
    said = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
