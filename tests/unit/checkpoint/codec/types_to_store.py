"""Classes that tasks of the tests return, and values of every type that can be stored. Checks nothing."""

from __future__ import annotations

import datetime as dt
import enum
import math
import pathlib
import uuid
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
    Union,
)

import attrs
from typing_extensions import ReadOnly, TypeAliasType

from flowing.checkpoint import NO_ANNOTATION

T = TypeVar("T")
B = TypeVar("B", bound=int)
C = TypeVar("C", int, str)


class Colour(enum.Enum):
    RED = "r"
    GREEN = ("g", 2)


class Level(enum.IntEnum):
    LOW = 1


class Mode(enum.StrEnum):
    FAST = "fast"


class Right(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


@attrs.frozen
class Point:
    x: int
    y: int = 0


@attrs.define
class Private:
    _hidden: int
    shown: str = attrs.field(kw_only=True)
    made: int = attrs.field(init=False, default=7)
    aliased: int = attrs.field(alias="other", default=1)


@attrs.frozen
class Computed:
    base: int
    double: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "double", self.base * 2)


@dataclass
class Order:
    items: list[Point]
    price: Decimal
    note: str | None = None
    tags: set[str] = field(default_factory=set)
    rest: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slotted:
    one: int
    two: "tuple[int, ...]" = ()  # noqa: UP037 - twice postponed


@dataclass
class Node:
    value: int
    next: Node | None = None
    children: list[Node] = field(default_factory=list)


@dataclass
class Box(Generic[T]):
    content: T
    more: list[T] = field(default_factory=list)


@dataclass
class IntBox(Box[int]):
    label: str = ""


@attrs.frozen
class Pair(Generic[T]):
    boxes: tuple[Box[T], Box[str]]


class Spot(NamedTuple):
    name: str
    at: Point
    level: float = 1.0


class GenericSpot(NamedTuple, Generic[T]):
    what: T


class Movie(TypedDict):
    title: Required[str]
    year: NotRequired[int]
    kind: ReadOnly[str]


class Partial(TypedDict, total=False):
    name: str
    parent: Partial


class Sequel(Movie, total=False):
    part: int


class Holder(TypedDict, Generic[T]):
    held: T


UserId = NewType("UserId", int)
Numbers = TypeAliasType("Numbers", list[int])
Many = TypeAliasType("Many", list[T], type_params=(T,))

UTC_NOON: Final = dt.datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=dt.UTC)
FIRST_MOMENT: Final = UTC_NOON.min
LAST_MOMENT: Final = UTC_NOON.max
NESTED: Final[dict[str, Any]] = {
    "a": [1, -(10**30), 2.5, math.inf, None, True, {"b": [], "": {}}],
    "é": "\ud83d\ude00 🎈 \x00\u2028",
}

# An annotation, and values that it says.
STORED: Final[tuple[tuple[object, tuple[object, ...]], ...]] = (
    (NO_ANNOTATION, (None, True, 0, 1.5, "", "x\ud800", [], {}, NESTED, [[[[]]]], -0.0, 1e308)),
    (Any, (1, "x", [1, {"a": None}])),
    (object, ([None],)),
    (None, (None,)),
    (int, (0, -1, 10**400, True)),
    (float, (0.5, 1, True, math.inf, -math.inf, -0.0, 5e-324)),
    (complex, (1 + 2j, complex(-0.0, math.inf), 1, 2.5)),
    (bool, (True, False)),
    (str, ("", "é\n\x00", "\ud800\udc00", '"\\', "\u2028")),
    (bytes, (b"", bytes(range(256)))),
    (bytearray, (bytearray(b"\x00x"),)),
    (Colour, (Colour.RED, Colour.GREEN)),
    (Level, (Level.LOW,)),
    (Mode, (Mode.FAST,)),
    (Right, (Right.READ, Right.READ | Right.WRITE, Right(0))),
    (dt.datetime, (FIRST_MOMENT, LAST_MOMENT, UTC_NOON, UTC_NOON.replace(tzinfo=None, fold=1))),
    (dt.datetime, (UTC_NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=-3, seconds=5))),)),
    (dt.date, (dt.date.min, dt.date(2024, 2, 29))),
    (dt.time, (dt.time(1, 2, 3, 4), dt.time(23, tzinfo=dt.UTC), dt.time(1, fold=1))),
    (dt.timedelta, (dt.timedelta.min, dt.timedelta.max, dt.timedelta(microseconds=-1))),
    (Decimal, (Decimal("1.50"), Decimal("-0"), Decimal("1E+999"), Decimal("Infinity"))),
    (uuid.UUID, (uuid.UUID(int=5),)),
    (pathlib.Path, (pathlib.Path("/a/../b"), pathlib.Path("x\udcff"))),
    (pathlib.PurePosixPath, (pathlib.PurePosixPath("a//b"),)),
    (pathlib.PureWindowsPath, (pathlib.PureWindowsPath("C:\\x"),)),
    (list, ([1, "a"],)),
    (list[int], ([], [1, True, 3])),
    (list[Point], ([Point(1), Point(2, 3)],)),
    (list[list[Decimal]], ([[], [Decimal(1)]],)),
    (tuple, ((), (1, "a"))),
    (tuple[int, ...], ((), (1, 2))),
    (tuple[()], ((),)),
    (tuple[int, str, Point], ((1, "a", Point(1)),)),
    (set[int], (set(), {3, 1, 2})),
    (frozenset[Point], (frozenset({Point(1), Point(2)}),)),
    (set[frozenset[str]], ({frozenset(), frozenset({"a", "b"})},)),
    (set[Any], ({1, "a", None},)),
    (dict, ({"a": [1]},)),
    (dict[str, int], ({}, {"b": 1, "a": 2})),
    (dict[str, Point], ({"b": Point(1)},)),
    (dict[int, str], ({2: "a", 1: "b"},)),
    (dict[tuple[int, str], set[int]], ({(1, "a"): {1}},)),
    (dict[Colour, Colour], ({Colour.RED: Colour.GREEN},)),
    (Sequence[int], ([1], (1,))),
    (Collection[int], ([1], {1}, frozenset({1}))),
    (Iterable[str], (["a"], ("a",))),
    (AbstractSet[int], ({1}, frozenset({1}))),
    (Mapping[str, Point], ({"a": Point(1)},)),
    (MutableMapping[int, int], ({1: 2},)),
    (Optional[int], (None, 1)),  # noqa: UP045 - the old spelling
    (int | str | None, (None, 1, "a", True)),
    (Union[Point, Order, None], (None, Point(1), Order([], Decimal(1)))),  # noqa: UP007 - the old spelling
    (list[int] | list[str], ([], [1], ["a"])),
    (int | list[int] | dict[str, int], (1, [1], {"a": 1})),
    (Any | None, (None, [None])),
    (Box[int] | Box[str], (Box(1), Box("a", ["b"]))),
    (Literal["a", 1, True, None], ("a", 1, True, None)),  # noqa: PYI061 - None too
    (Literal[Colour.RED, b"x", 0], (Colour.RED, b"x", 0)),
    (Annotated[Final[int], "any"], (1,)),
    (UserId, (UserId(3),)),
    (Numbers, ([1],)),
    (Many[int], ([1],)),
    (T, ([1],)),
    (B, (1,)),
    (C, (1, "a")),
    (Private, (Private(1, shown="a"), Private(1, shown="a", other=5))),
    (Computed, (Computed(2),)),
    (Order, (Order([Point(1)], Decimal("1.10"), "n", {"x"}, [1, None]), Order([], Decimal(0)))),
    (Slotted, (Slotted(one=1), Slotted(one=1, two=(1, 2)))),
    (Node, (Node(1), Node(1, Node(2), [Node(3, None, [Node(4)])]))),
    (Box[int], (Box(1, [2]),)),
    (Box[Point], (Box(Point(1), [Point(2)]),)),
    (Box, (Box[Any]([1], [None]),)),
    (IntBox, (IntBox(1, [2], "x"),)),
    (Pair[int], (Pair((Box(1), Box("a"))),)),
    (Spot, (Spot("a", Point(1)),)),
    (GenericSpot[Point], (GenericSpot(Point(1)),)),
    (Movie, ({"title": "a", "kind": "b"}, {"kind": "b", "title": "a", "year": 3})),
    (Partial, ({}, {"name": "a", "parent": {"parent": {}}})),
    (Sequel, ({"title": "a", "kind": "b", "part": 2},)),
    (Holder[Point], ({"held": Point(1)},)),
)
