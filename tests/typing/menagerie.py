"""Classes of every kind that an annotation can name. The agreement test puts this text before what it generates."""

import asyncio  # noqa: F401 - generated annotations name it
import collections
import contextlib
import datetime  # noqa: F401, ICN001 - generated annotations name it
import decimal  # noqa: F401 - generated annotations name it
import enum
import io  # noqa: F401 - generated annotations name it
import pathlib  # noqa: F401 - generated annotations name it
import types  # noqa: F401 - generated annotations name it
import typing
from collections import abc
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    Never,
    NewType,
    NotRequired,
    Protocol,
    Required,
    TypedDict,
    TypeVar,
)

from typing_extensions import ReadOnly, TypeAliasType, override

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class Animal:
    def feed(self) -> None: ...


class Dog(Animal): ...


class Puppy(Dog): ...


class Stone:
    __slots__ = ()


@dataclass
class Fact:
    what: str
    __hash__ = None  # type: ignore[assignment]


class Box(Generic[T]):
    def __init__(self, content: T) -> None:
        self.content = content


class Source(Generic[T_co]):
    def take(self) -> T_co:
        raise NotImplementedError


class Sink(Generic[T_contra]):
    def put(self, value: T_contra) -> None: ...


class DogBox(Box[Dog]): ...


class PairBox(Box[tuple[T, T]]): ...


class Ints(list[int]): ...


class Shelf(dict[str, T]): ...


class Crate(abc.Sequence[T_co]):
    @typing.overload
    def __getitem__(self, index: int) -> T_co: ...
    @typing.overload
    def __getitem__(self, index: slice) -> "Crate[T_co]": ...
    @override
    def __getitem__(self, index: int | slice) -> "T_co | Crate[T_co]":
        raise NotImplementedError

    @override
    def __len__(self) -> int:
        return 0


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Only(enum.Enum):
    ONE = 1


class Tone(str, enum.Enum):  # noqa: UP042 - as code for older Pythons has it
    LOUD = "loud"


class Point(NamedTuple):
    x: int
    y: str


class Spot(Point):
    __slots__ = ()


class Couple(NamedTuple, Generic[T]):
    left: T
    right: T


class Pair(tuple[int, str]):
    __slots__ = ()


Untyped = collections.namedtuple("Untyped", ["a", "b"])  # noqa: PYI024 - as older code has it
UserId = NewType("UserId", int)
AdminId = NewType("AdminId", UserId)
Names = NewType("Names", list[str])


class Titled(TypedDict):
    title: str


class Movie(Titled):
    year: int


class Film(TypedDict):
    title: str
    year: int


class FilmOfReal(TypedDict):
    title: str
    year: float


class Loose(TypedDict, total=False):
    title: str


class Half(TypedDict):
    title: str
    year: NotRequired[int]


class Other(TypedDict, total=False):
    title: Required[str]
    year: int


class Sealed(TypedDict):
    title: ReadOnly[str]


class Feeds(Protocol):
    def feed(self) -> None: ...


class Lengthy(Protocol):
    def __len__(self) -> int: ...


class Gives(Protocol[T_co]):
    def take(self) -> T_co: ...


class Called:
    def __call__(self, number: int) -> str:
        return str(number)


class Meta(type): ...


class Classy(metaclass=Meta): ...


class Resource(contextlib.AbstractContextManager["Resource"]):
    @override
    def __exit__(self, *error: object) -> None: ...


Text = TypeAliasType("Text", str)
Several = TypeAliasType("Several", list[T], type_params=(T,))
Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str | None")

__all__ = ["Annotated", "Any", "Literal", "Never"]
