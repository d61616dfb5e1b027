"""What annotations say, and how they are written again."""

# The annotations below are values to be read, in every way in which they can be written.
# mypy: disable-error-code="misc, name-defined, explicit-override"
# ruff: noqa: F821, PYI016, PYI030, PYI051, PYI061, UP007, UP044, UP045

from __future__ import annotations

import sys
import typing
from collections import abc
from typing import Annotated, Any, Generic, Literal, Never, NewType, TypedDict, TypeVar

import pytest
import typing_extensions
from typing_extensions import TypeAliasType

from flowing._check.forms import (
    Anything,
    Function,
    Instance,
    Items,
    Nothing,
    OneOf,
    Unreadable,
    Value,
    one_of,
    parts,
    read,
    show_annotation,
)
from flowing._check.show import show

T = TypeVar("T")
UserId = NewType("UserId", int)
Text = TypeAliasType("Text", str)
Pairs = TypeAliasType("Pairs", list[tuple[T, T]], type_params=(T,))
INT, STR, NONE = Instance(int), Instance(str), Instance(type(None))


class Film(TypedDict):
    title: str


class Box(Generic[T]): ...


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("annotation", "form"),
    [
        (Any, Anything()),
        (Never, Nothing()),
        (int, INT),
        (None, NONE),
        (int | None, OneOf((INT, NONE))),
        (typing.Optional[int], OneOf((INT, NONE))),
        (typing.Union[int, typing.Union[str, int]], OneOf((INT, STR))),
        (Literal[1, None], OneOf((Value(int, 1), NONE))),
        (Literal[True], Value(bool, value=True)),
        (list[int], Instance(list, (INT,))),
        (list, Instance(list)),
        (tuple[int, str], Items((INT, STR))),
        (tuple[()], Items(())),
        (tuple[int, ...], Instance(tuple, (INT,))),
        (tuple, Instance(tuple)),
        (abc.Callable[[int], str], Function((INT,), STR)),
        (abc.Callable[..., str], Function(None, STR)),
        (abc.Callable, Function(None, Anything())),
        (typing.Callable, Function(None, Anything())),
        (Annotated[int, []], INT),
        (typing.ClassVar[int], INT),
        (Text, STR),
        (Pairs[int], Instance(list, (Items((INT, INT)),))),
    ],
    ids=str,
)
def test_an_annotation_has_a_form(annotation: object, form: object) -> None:
    assert read(annotation) == form


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Any, "Any"),
        (Never, "Never"),
        (None, "None"),
        (dict[str, list[int]], "dict[str, list[int]]"),
        (int | None, "int | None"),
        (Literal["a"] | int | Literal[2], "Literal['a', 2] | int"),
        (tuple[()], "tuple[()]"),
        (tuple[int, str], "tuple[int, str]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (tuple, "tuple[Any, ...]"),
        (abc.Callable[[int, str], None], "Callable[[int, str], None]"),
        (abc.Callable[[], None], "Callable[[], None]"),
        (abc.Callable[..., int], "Callable[..., int]"),
        (type[int], "type[int]"),
        (type, "type[Any]"),
        (UserId, "UserId"),
        (Film, "Film"),
        (T, "T"),
        (Box[int], "Box[int]"),
        (typing_extensions.Self, "Self"),
        ("Nowhere", "Nowhere"),
        (typing.ForwardRef("Nowhere"), "Nowhere"),
        (list["Nowhere"], "list[Nowhere]"),
        (tuple[typing_extensions.Unpack[tuple[int, ...]]], "tuple[Unpack[tuple[int, ...]]]"),
    ],
    ids=str,
)
def test_a_form_is_written_as_checkers_write_it(annotation: object, text: str) -> None:
    assert show(read(annotation)) == text


def test_a_form_can_be_written_with_modules() -> None:
    """For two classes of one name; those that everybody knows stay short."""
    assert show(read(dict[str, Box[UserId]]), full=True) == f"dict[str, {__name__}.Box[{__name__}.UserId]]"


@pytest.mark.parametrize(
    "annotation",
    [
        typing_extensions.Self,
        typing_extensions.TypeGuard[int],
        "Nowhere",
        5,
        abc.Callable[typing_extensions.ParamSpec("P"), int],
        abc.Callable[[typing_extensions.Unpack[tuple[int, ...]]], int],
        tuple[typing_extensions.Unpack[tuple[int, ...]]],
        typing_extensions.LiteralString,
        Unprintable(),
    ],
    ids=type,
)
def test_what_has_no_form_says_why(annotation: object) -> None:
    """Reading never raises, whatever an annotation is."""
    form = read(annotation)
    assert isinstance(form, Unreadable)
    assert "at run time" in form.why


def test_an_alias_with_too_many_arguments_says_why() -> None:
    """It is evaluated only when it is read."""
    assert isinstance(read(Pairs[int, str]), Unreadable)


def test_what_is_nested_too_deeply_says_so() -> None:
    """Or leads back to itself, as a type alias can: two equal ones are still known to be equal."""
    deep: Any = int
    for _ in range(5_000):
        deep = list[deep]
    usual = sys.getrecursionlimit()  # hypothesis raises it
    sys.setrecursionlimit(1_000)
    try:
        form = read(deep)
    finally:
        sys.setrecursionlimit(usual)
    assert isinstance(form, Unreadable)
    assert "leads back to itself" in form.why
    assert form.what is deep


def test_what_is_equal_is_known_to_be_for_what_does_not_depend_on_its_place() -> None:
    assert read(T) != read(T)
    assert read("Nowhere") != read("Nowhere")
    literal_string = read(typing_extensions.LiteralString)
    assert isinstance(literal_string, Unreadable)
    assert literal_string.what is typing_extensions.LiteralString


def test_a_union_is_flat_and_has_each_member_once() -> None:
    assert one_of([INT, OneOf((STR, INT))]) == OneOf((INT, STR))
    assert one_of([INT, INT]) == INT


@pytest.mark.parametrize(
    ("annotation", "inside"),
    [
        (list[int], (INT,)),
        (tuple[int, str], (INT, STR)),
        (int | str, (INT, STR)),
        (abc.Callable[[int], str], (INT, STR)),
        (abc.Callable[..., str], (STR,)),
        (type[int], (INT,)),
        (UserId, (INT,)),
        (Any, ()),
    ],
    ids=str,
)
def test_a_form_has_parts(annotation: object, inside: object) -> None:
    assert parts(read(annotation)) == inside


def test_an_annotation_without_a_form_is_written_short() -> None:
    assert show_annotation(typing.Optional["Nowhere"]) == "Optional[ForwardRef('Nowhere')]"
