"""What counts as a value of a type, and what is said of one that is not: the type, the place, never the value."""

from __future__ import annotations

import collections.abc
import enum
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, NewType, NotRequired, Protocol, TypedDict, TypeVar, runtime_checkable

import attrs
import pytest
from typing_extensions import TypeAliasType

from flowing._task.fitting import Misfit, is_annotation, misfit, show_annotation

UserId = NewType("UserId", int)
Number = TypeVar("Number", int, str)
Bound = TypeVar("Bound", bound=int)
Free = TypeVar("Free")
Names = TypeAliasType("Names", list[str])


class Color(enum.Enum):
    RED = 1


class Keys(TypedDict):
    name: str
    age: NotRequired[int]


class Speaks(Protocol):
    def speak(self) -> str: ...


@runtime_checkable
class Closes(Protocol):
    def close(self) -> None: ...


@attrs.frozen
class Point:
    x: int = 0


class Small(int):
    pass


DEEP: list[Any] = []
Deep: Any = list
for _ in range(1_000):
    DEEP, Deep = [DEEP], list[Deep]


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        ("a", str),
        (1, int),
        (Small(1), int),
        (1, float),
        (1.5, float),
        (1, complex),
        (1.5, complex),
        (True, bool),
        (None, None),
        (None, str | None),
        ("a", str | None),
        (1, Any),
        (1, object),
        ([1, 2], list[int]),
        ([], list[int]),
        ([1, "a"], list),
        ({"a": [1]}, dict[str, list[int]]),
        ({"a": 1}, Mapping[str, int]),
        ((1, 2, 3), Sequence[int]),
        ("abc", Sequence[str]),
        ({1}, set[int]),
        ((1, "a"), tuple[int, str]),
        ((1, 2, 3), tuple[int, ...]),
        ((), tuple[()]),
        (2, Literal[1, 2]),
        (Color.RED, Literal[Color.RED]),
        (Color.RED, Color),
        (1, UserId),
        (1, Annotated[int, "positive"]),
        (["a"], Names),
        (1, Number),
        ("a", Number),
        (1, Bound),
        (1, Free),
        ({"name": "a"}, Keys),
        ({"name": "a", "age": 1}, Keys),
        (len, Callable[[str], int]),
        (int, type[int]),
        (bool, type[int]),
        (int, type),
        (Point(), Point),
        (3, Speaks),
        (open, type(open)),
        (iter([1]), collections.abc.Iterable[str]),
    ],
)
def test_a_value_of_the_type_fits(value: object, annotation: object) -> None:
    assert misfit(value, annotation) is None


@pytest.mark.parametrize(
    ("value", "annotation", "what", "where"),
    [
        (1, str, "an int", ""),
        ("1", int, "a str", ""),
        (True, int, "a bool", ""),
        (True, float, "a bool", ""),
        (1.0, int, "a float", ""),
        (1j, float, "a complex", ""),
        (0, bool, "an int", ""),
        (None, str, "None", ""),
        (1, None, "an int", ""),
        (1, str | None, "an int", ""),
        (b"a", str, "a bytes", ""),
        ((1,), list[int], "a tuple", ""),
        ([1, "a"], list[int], "a str", "[1]"),
        ([1, True], list[int], "a bool", "[1]"),
        ({"a": [1, None]}, dict[str, list[int]], "None", "['a'][1]"),
        ({1: "a"}, dict[str, str], "an int", "[a key]"),
        ({1: "a"}, dict[int, int], "a str", "[an int]"),
        ({"a"}, set[int], "a str", "[0]"),
        ((1, 2), tuple[int], "a tuple of length 2", ""),
        ((1, 2), tuple[int, str], "an int", "[1]"),
        ((1, "a"), tuple[int, ...], "a str", "[1]"),
        (3, Literal[1, 2], "another int", ""),
        (True, Literal[1], "another bool", ""),
        ("RED", Color, "a str", ""),
        ("a", UserId, "a str", ""),
        ([1], Names, "an int", "[0]"),
        (1.5, Number, "a float", ""),
        ("a", Bound, "a str", ""),
        ({}, Keys, "a dict without 'name'", ""),
        ({"name": "a", "size": 1}, Keys, "a dict with 'size'", ""),
        ({"name": 1}, Keys, "an int", "['name']"),
        ([], Keys, "a list", ""),
        (3, Callable[[], int], "an int", ""),
        (3, type[int], "an int", ""),
        (str, type[int], "another class", ""),
        (3, Point, "an int", ""),
        (3, Closes, "an int", ""),
        (1, typing.NoReturn, "an int", ""),
        ([["a"]], list[list[int]] | list[str], "a str", "[0][0]"),
    ],
)
def test_any_other_is_told_by_its_type_and_place(value: object, annotation: object, what: str, where: str) -> None:
    assert misfit(value, annotation) == Misfit(what, where)


def test_what_is_nested_too_deep_is_said_so() -> None:
    """Under the limit that a program has by itself: others in this process may have raised it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        assert misfit(DEEP, Deep) == Misfit("containers nested too deep, or one inside itself", "")
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("annotation", [int, None, list[int], int | None, Any, UserId, Names, Number, Literal["a"]])
def test_a_type_is_told_from_what_is_none(annotation: object) -> None:
    assert is_annotation(annotation)


@pytest.mark.parametrize("annotation", ["int", 3, ["int"], (int, str)])
def test_what_is_no_type_is_told_too(annotation: object) -> None:
    """The control."""
    assert not is_annotation(annotation)


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        (int, "int"),
        (None, "None"),
        (type(None), "None"),
        (list[int], "list[int]"),
        (int | None, "int | None"),
        (Any, "Any"),
        (Point, f"{__name__}.Point"),
    ],
)
def test_a_type_is_written_as_a_user_does(annotation: object, shown: str) -> None:
    assert show_annotation(annotation) == shown
