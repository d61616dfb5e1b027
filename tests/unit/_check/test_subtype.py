"""What fits, what does not, and what only a checker can say. The agreement test compares many more with mypy."""

# The annotations below are values to be read, among them such as no checker would accept where they stand.
# mypy: disable-error-code="misc, name-defined, valid-type, explicit-override"
# ruff: noqa: F821, PLW1641, PYI061, UP007, UP044, UP045

from __future__ import annotations

import collections
import enum
import io
import numbers
import os
import pathlib
import types
import typing
from collections import abc
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    Never,
    NewType,
    NoReturn,
    NotRequired,
    Protocol,
    Required,
    TypedDict,
    TypeVar,
)

import pytest
import typing_extensions
from typing_extensions import ReadOnly, TypeAliasType

from flowing._check.forms import Instance, Items, read
from flowing._check.subtype import fits
from flowing._check.verdict import Undecided

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)
Number = TypeVar("Number", bound=int)
Letters = TypeVar("Letters", str, bytes)
Inferred = typing_extensions.TypeVar("Inferred", infer_variance=True)
Defaulted = typing_extensions.TypeVar("Defaulted", default=int)
P = typing.ParamSpec("P")
Ts = typing.TypeVarTuple("Ts")


class Animal: ...


class Dog(Animal): ...


class Box(Generic[T]): ...


class Source(Generic[T_co]): ...


class Sink(Generic[T_contra]): ...


class New(Generic[Inferred]): ...


class Filled(Generic[Defaulted]): ...


class DogBox(Box[Dog]): ...


class BareBox(Box): ...  # type: ignore[type-arg]


class Shelf(dict[str, T]): ...


class Mocked(Any): ...


class Dynamic:
    def __getattr__(self, name: str) -> object:
        return name


class Called:
    def __call__(self) -> int:
        return 1


class Unequal:
    def __eq__(self, other: object) -> bool:
        return False


class Meta(type): ...


class Classy(metaclass=Meta): ...


class Hostile(type):
    def __subclasscheck__(cls, kind: type) -> bool:
        raise ValueError


class Rude(metaclass=Hostile): ...


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Level(enum.IntEnum):
    LOW = 1


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: int
    y: str


class Couple(NamedTuple, Generic[T]):
    left: T
    right: T


class Pair(tuple[int, str]):
    __slots__ = ()


Untyped = collections.namedtuple("Untyped", "a b")  # noqa: PYI024 - as older code has it
UserId = NewType("UserId", int)
AdminId = NewType("AdminId", UserId)


class Film(TypedDict):
    title: str
    year: int


class Same(TypedDict):
    title: str
    year: int


class Titled(TypedDict):
    title: str


class Real(TypedDict):
    title: str
    year: float


class Half(TypedDict):
    title: str
    year: NotRequired[int]


class Other(TypedDict, total=False):
    title: Required[str]
    year: int


class Sealed(TypedDict):
    title: ReadOnly[str]


class Lost(TypedDict):
    title: Nowhere


class Of(TypedDict, Generic[T]):
    item: T


class Tree(TypedDict):
    trees: list[Tree]


class Wood(TypedDict):
    trees: list[Wood]


class Hen(TypedDict):
    eggs: abc.Callable[[], list[Egg]]


class Egg(TypedDict):
    hens: type[int] | tuple[Hen, Titled]


class Feeds(Protocol):
    def feed(self) -> None: ...


class Counts(Protocol):
    def __len__(self) -> int: ...


Several = TypeAliasType("Several", list[T], type_params=(T,))
Text = TypeAliasType("Text", str)
Json = TypeAliasType("Json", "dict[str, Json]")

FITS = [
    # the ends of the order
    (int, Any),
    (Any, int),
    (list[Any], list[int]),
    (int, object),
    (T, object),
    (Never, int),
    (NoReturn, Never),
    (None, None),
    (None, object),
    (None, abc.Hashable),
    # classes, and the promotions of numbers
    (Dog, Animal),
    (bool, int),
    (bool, float),
    (int, complex),
    (Level, float),
    (Level, int),
    # unions
    (int, int | None),
    (int | str, str | int | bytes),
    (typing.Optional[int], typing.Union[int, None]),
    (bool, Literal[True, False]),
    (Colour, Literal[Colour.RED, Colour.GREEN] | None),
    # literals
    (Literal[1], int),
    (Literal["a"], str),
    (Literal["a"], Literal["a", "b"]),
    (Literal[None], None),
    (Literal[Colour.RED], Colour),
    # new types, aliases, annotations
    (UserId, int),
    (AdminId, UserId),
    (AdminId, AdminId),
    (Annotated[int, "metres"], int),
    (Text, str),
    (Several[int], abc.Sequence[int]),
    (Json, Json),
    (list[Json], list[Json]),
    (typing_extensions.LiteralString, typing_extensions.LiteralString),
    # the standard library's classes
    (list[int], abc.Sequence[float]),
    (list[int], abc.Iterable[object]),
    (list, list[int]),
    (list[int], list),
    (list, abc.Sequence[int]),
    (dict[str, bool], abc.Mapping[str, int]),
    (dict[str, int], abc.Reversible[str]),
    (str, abc.Sequence[str]),
    (bytes, abc.Iterable[int]),
    (abc.ItemsView[str, int], abc.Iterable[tuple[str, int]]),
    (collections.Counter[str], dict[str, int]),
    (abc.Generator[int, None, None], abc.Iterator[int]),
    (abc.Generator[int], abc.Generator[int, None, None]),
    (abc.Coroutine[Any, Any, bool], abc.Awaitable[int]),
    (pathlib.Path, os.PathLike[str]),
    (typing.List[int], list[int]),  # noqa: UP006
    (frozenset[bool], frozenset[int]),
    # hashing
    (int, abc.Hashable),
    (Animal, abc.Hashable),
    (abc.Callable[[], int], abc.Hashable),
    # classes of users
    (DogBox, Box[Dog]),
    (Box[int], Box[int]),
    (Box, Box[int]),
    (Source[Dog], Source[Animal]),
    (Sink[Animal], Sink[Dog]),
    (New[int], New[int]),
    (Shelf[int], dict[str, int]),
    (Shelf[int], abc.Mapping[str, float]),
    # tuples
    (tuple[int, str], tuple[float, object]),
    (tuple[int, bool], tuple[int, ...]),
    (tuple[int, str], tuple),
    (tuple[int, str], abc.Sequence[int | str]),
    (tuple[()], tuple[int, ...]),
    (tuple[()], abc.Sequence[int]),
    (tuple, tuple[int, str]),
    (typing.Tuple, tuple[int, ...]),  # noqa: UP006
    (Point, tuple[int, str]),
    (Point, abc.Sequence[int | str]),
    (Couple[int], tuple[int, int]),
    (Pair, tuple[int, str]),
    (Pair, tuple[object, ...]),
    (Untyped, tuple[int, str]),
    # typed dicts
    (Film, Same),
    (Film, Titled),
    (Half, Other),
    (Film, abc.Mapping[str, object]),
    (Film, abc.Iterable[str]),
    # functions
    (abc.Callable[[Animal], Dog], abc.Callable[[Dog], Animal]),
    (abc.Callable[..., int], abc.Callable[[int], int]),
    (abc.Callable[[int], int], abc.Callable[..., float]),
    (abc.Callable, abc.Callable[[int], str]),
    (typing.Callable[[int], str], abc.Callable[[int], str]),
    # classes as values
    (type[Dog], type[Animal]),
    (type[int], type),
    (type, type[int]),
    (type[int], type[Any]),
    (type[Classy], Meta),
    (type[int | str], type[object]),
    (type[Any], Meta),
    # type variables
    (int, T),
    (int, T | None),
    (list[int], T | list[T]),
    (bool, Number),
    (Number, int),
    (Number, float),
    (Letters, str | bytes),
]

MISFITS = [
    (int, str),
    (int, Never),
    (object, int),
    (None, int),
    (Animal, Dog),
    (float, int),
    (bytearray, bytes),
    (int | None, int),
    (int, str | bytes),
    (Colour, Literal[Colour.RED]),
    (Colour, Literal[Colour.RED] | None),
    (Right, Literal[Right.READ, Right.WRITE] | str),
    (enum.Enum, Literal[1, 2]),
    (int, Literal[1]),
    (Literal[1], Literal[2]),
    (Literal[1], Literal[True]),
    (Literal[True], Literal[1]),
    (int, UserId),
    (UserId, AdminId),
    (list[bool], list[int]),
    (list[int], list[float]),
    (abc.Sequence[int], list[int]),
    (dict[int, str], abc.Mapping[float, str]),
    (abc.Mapping[str, int], abc.MutableMapping[str, int]),
    (set[int], abc.Sequence[int]),
    (list[int], abc.Hashable),
    (int, abc.Iterable[int]),
    (int, abc.Sized),
    (abc.Iterator[int], abc.Sized),
    (list[int], abc.Iterator[int]),
    (list[int], abc.Generator[int, None, None]),
    (abc.Iterator[int], abc.Coroutine[Any, Any, int]),
    (str, typing.SupportsInt),
    (int, Counts),
    (Box[Dog], Box[Animal]),
    (DogBox, Box[Animal]),
    (Source[Animal], Source[Dog]),
    (Sink[Dog], Sink[Animal]),
    (New[int], New[str]),
    (Box[int], Source[int]),
    (tuple[int, str], tuple[int]),
    (tuple[int, str], tuple[int, int]),
    (tuple[int, ...], tuple[int, int]),
    (tuple[int, str], tuple[int, ...]),
    (tuple[int, str], Point),
    (tuple[int, str], list[int]),
    (Pair, abc.Sequence[int]),
    (Pair, list[int]),
    (list[int], tuple[int]),
    (Pair, tuple[int, int]),
    (Couple[int], tuple[int, str]),
    (Film, dict[str, object]),
    (dict[str, Any], Film),
    (Titled, Film),
    (Film, Real),
    (Film, Half),
    (Film, abc.MutableMapping[str, object]),
    (abc.Callable[[Dog], int], abc.Callable[[Animal], int]),
    (abc.Callable[[int], int], abc.Callable[[], int]),
    (abc.Callable[[], int], abc.Callable[[], str]),
    (abc.Callable[[], int], int),
    (abc.Callable[[], int], abc.Sized),
    (int, abc.Callable[[], int]),
    (type[Animal], type[Dog]),
    (type[int], int),
    (int, type[int]),
    (type[int], Meta),
    (str, Number),
    (int, Letters),
    (int, type[Dog]),
    (dict[str, int], list[T]),
    (str, list[Number]),
    (list[int], typing.TextIO),
    (int, list["Nowhere"] | str),
]

UNDECIDED = [
    # the members of protocols, and what may be found by __getattr__ or set in an __init__
    (Dog, Feeds),
    (list[int], Counts),
    (int, typing.SupportsFloat),
    (Dynamic, abc.Sized),
    (types.ModuleType, abc.Sized),
    (types.ModuleType, abc.Generator[int, None, None]),
    (Called, abc.Callable[[], int]),
    (type[Dog], abc.Callable[[], Dog]),
    (type[Dog], Feeds),
    (abc.Callable[[], int], Feeds),
    (abc.Callable[[], int], types.FunctionType),
    # what stubs may say
    (io.TextIOWrapper, typing.TextIO),
    (int, numbers.Number),
    (BareBox, Box[int]),
    (Dog, Rude),
    (Mocked, int),
    (Mocked, tuple[int]),
    (Mocked, abc.Callable[[], int]),
    (Unequal, abc.Hashable),
    (abc.Iterable[int], abc.Hashable),
    (abc.Sequence[int], abc.Hashable),
    (Level, Literal[Level.LOW]),
    (Meta, type[Classy]),
    (type[int | str], Meta),
    (New[bool], New[int]),
    (New[int], New[T]),
    (Filled, Filled[int]),
    # what is not solved
    (T, int),
    (list[T], list[int]),
    (Letters, str),
    (list[int], list[T]),
    (str, Letters),
    (list[T], list[T]),
    (int, typing_extensions.Self),
    (abc.Callable[P, int], abc.Callable[[str], int]),
    (tuple[typing_extensions.Unpack[Ts]], tuple[int, str]),
    # what is not read
    ("Nowhere", int),
    (int, "Nowhere"),
    (list[int], list["Nowhere"] | str),
    (str, typing_extensions.LiteralString),
    (dict[str, Any], Json),
    (Sealed, Titled),
    (Titled, Sealed),
    (Film, Lost),
    (Of[int], Titled),
    (tuple["Nowhere", ...], tuple[int]),
    (New[int], New["Nowhere"]),
    (New["Nowhere"], New[int]),
    (New[abc.Callable[[int], int]], New[abc.Callable[["Nowhere"], int] | None]),
    (Film, Hen),
    (Egg, Film),
]


@pytest.mark.parametrize(("given", "wanted"), FITS, ids=str)
def test_a_value_fits(given: object, wanted: object) -> None:
    """[G7] Any doubt would be listed as unchecked."""
    assert fits(read(given), read(wanted)) is True


@pytest.mark.parametrize(("given", "wanted"), MISFITS, ids=str)
def test_a_value_does_not_fit(given: object, wanted: object) -> None:
    """[G7] Where mypy says the same."""
    assert fits(read(given), read(wanted)) is False


@pytest.mark.parametrize(("given", "wanted"), UNDECIDED, ids=str)
def test_what_only_a_checker_can_say_is_undecided(given: object, wanted: object) -> None:
    """[G7] Never guessed, and the reason is a sentence."""
    verdict = fits(read(given), read(wanted))
    assert isinstance(verdict, Undecided)
    assert len(verdict.why) > 20


def test_types_that_lead_back_to_themselves_are_undecided() -> None:
    """[G7] Two typed dicts of one shape, each inside itself, and at once: trying them all out would take for ever."""
    assert fits(read(Tree), read(Tree)) is True
    verdict = fits(read(Tree), read(Wood))
    assert isinstance(verdict, Undecided)
    assert '"Tree" has itself inside' in verdict.why


def test_types_that_are_nested_too_deeply_are_undecided() -> None:
    """[G7] Deeper than Python's stack."""
    deep = [Items((Instance(int),)), Items((Instance(str),))]
    for _ in range(5_000):
        deep = [Items((each,)) for each in deep]
    verdict = fits(*deep)
    assert isinstance(verdict, Undecided)
    assert "too deeply" in verdict.why
