"""What becomes of each kind of value as JSON text, and what is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import math
from collections import OrderedDict, deque
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID

import attrs
import pytest
from typing_extensions import override

from flowing import SerializationError, to_json


class Level(enum.IntEnum):
    HIGH = 3


class Color(enum.Enum):
    RED = "red"


class Pair(NamedTuple):
    left: int
    right: tuple[int, ...]


@attrs.frozen
class Report:
    city: str
    at: dt.datetime


@attrs.define
class Hidden:
    _secret: int = 1


@dataclasses.dataclass
class Box:
    inside: object
    size: Decimal = Decimal("1.50")


class Loud(str):
    __slots__ = ()

    @override
    def __str__(self) -> str:
        return "something else"


AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (1.5, 1.5),
        ("é\n", "é\n"),
        (Loud("text"), "text"),
        (math.nan, None),
        (-math.inf, None),
        (Level.HIGH, 3),
        (Color.RED, "red"),
        (Decimal("1.50"), "1.50"),
        (Fraction(1, 3), "1/3"),
        (1j, "1j"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("a/b"), "a/b"),
        (AT, "2026-01-02T03:04:05+00:00"),
        (AT.date(), "2026-01-02"),
        (AT.time(), "03:04:05"),
        (dt.timedelta(minutes=1, milliseconds=500), 60.5),
        (b"abc", "YWJj"),
        (bytearray(b"abc"), "YWJj"),
        (memoryview(b"abc"), "YWJj"),
        ([1, (2, 3)], [1, [2, 3]]),
        (deque([1]), [1]),
        (range(3), [0, 1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({1j}, ["1j"]),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        ({1: "a", None: "b", False: "c"}, {"1": "a", "null": "b", "false": "c"}),
        ({Color.RED: 1, AT.date(): 2}, {"red": 1, "2026-01-02": 2}),
        (Pair(1, (2,)), {"left": 1, "right": [2]}),
        (Report("Paris", AT), {"city": "Paris", "at": "2026-01-02T03:04:05+00:00"}),
        (Hidden(), {"_secret": 1}),
        (Box([Report("Oslo", AT)]), {"inside": [{"city": "Oslo", "at": "2026-01-02T03:04:05+00:00"}], "size": "1.50"}),
    ],
)
def test_a_value_becomes(value: object, expected: object) -> None:
    text = to_json(value)
    assert json.loads(text) == expected
    assert "\n" not in text


def test_a_model_of_pydantic_is_written_by_it() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Place", name=(str, "Paris"), at=(dt.datetime, AT), size=(Decimal, Decimal("1.5")))
    assert json.loads(to_json([model()])) == [{"name": "Paris", "at": "2026-01-02T03:04:05Z", "size": "1.5"}]


def test_arrays_of_numpy_are_lists() -> None:
    numpy = pytest.importorskip("numpy")
    assert to_json({"a": numpy.array([[1, 2], [3, 4]]), "b": numpy.float64(1.5)}) == '{"a": [[1, 2], [3, 4]], "b": 1.5}'


def test_what_is_not_known_is_refused_with_the_way_to_it() -> None:
    with pytest.raises(
        SerializationError, match=r"type object can't be written as JSON at \.inside\['a'\]\[1\]"
    ) as caught:
        to_json(Box({"a": [1, object()]}))
    assert (caught.value.shown_type, caught.value.where) == ("object", ".inside['a'][1]")
    with pytest.raises(SerializationError, match="type object can't be written as JSON; return"):
        to_json(object())


def test_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(SerializationError, match=r"a key of type tuple can't be written as JSON at \[0\]"):
        to_json([{(1, 2): 3}])


def test_what_holds_itself_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(SerializationError, match="nested too deep, or holds itself"):
        to_json(circle)


def test_values_are_never_in_a_message() -> None:
    """[S11]."""

    class Canary:
        @override
        def __repr__(self) -> str:
            return "canary"

    with pytest.raises(SerializationError) as caught:
        to_json({3: Canary()})
    assert "canary" not in str(caught.value)
