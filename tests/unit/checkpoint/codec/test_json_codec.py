"""Typed JSON: what comes back is what was given, at every level; the rest is refused, early where it can be."""

from __future__ import annotations

import asyncio
import collections
import datetime as dt
import enum
import gc
import math
import threading
import types
import typing
import zoneinfo
from collections.abc import Callable, Generator
from dataclasses import InitVar, dataclass
from decimal import Decimal
from typing import Any, Literal, ParamSpec, Protocol, TypedDict, TypeVarTuple

import attrs
import pytest
from typing_extensions import TypeAliasType

from flowing.checkpoint import NO_ANNOTATION, Hook, JsonCodec
from flowing.checkpoint.codec.text import dump_scalar, parse
from flowing.errors import ConfigError, ResultUnreadable, SerializationError
from tests.unit.checkpoint.codec.types_to_store import STORED, Box, Colour, Level, Node, Order, Point, Private

P = ParamSpec("P")
Ts = TypeVarTuple("Ts")


def same(one: object, other: object) -> bool:
    """Compare types and values at every level, NaN with itself."""
    return type(one) is type(other) and repr(one) == repr(other)


CASES = [(annotation, value) for annotation, values in STORED for value in values]


@pytest.mark.parametrize(("annotation", "value"), CASES, ids=lambda each: repr(each)[:60].encode("ascii", "replace"))
def test_what_comes_back_is_what_was_given(annotation: object, value: object) -> None:
    """[R11] Of the same type at every level, and written alike by a codec that is made anew."""
    codec = JsonCodec().prepare("step", annotation)
    payload = codec.encode(value)
    again = JsonCodec().prepare("step", annotation)
    came_back = again.decode(payload)
    if isinstance(value, set | frozenset):
        assert type(came_back) is type(value)
        assert came_back == value
    else:
        assert same(came_back, value)
    assert again.encode(came_back) == payload
    assert again.fingerprint == codec.fingerprint


def test_not_a_number_comes_back() -> None:
    """Though it is not equal to itself."""
    codec = JsonCodec().prepare("step", list[float])
    (nan,) = typing.cast("list[float]", codec.decode(codec.encode([math.nan])))
    assert math.isnan(nan)
    assert math.isnan(typing.cast("float", JsonCodec().prepare("step", float).decode(b"NaN")))
    assert dump_scalar(math.nan) == b"NaN"


def test_a_generator_that_is_deterministic_gives_the_same_bytes_for_equal_sets() -> None:
    """The order of a set of str depends on the hash seed; what is written does not."""
    codec = JsonCodec().prepare("step", set[str])
    assert codec.encode({"b", "a", "c"}) == b'["a","b","c"]'


# ── refused when the flow is built ───────────────────────────────────────────────────────────────


class Plain:
    pass


class HasProtocol(Protocol):
    x: int


@dataclass
class WithInitVar:
    x: int
    y: InitVar[int]


@attrs.define
class OwnConstructor:
    x: int

    def __init__(self, other: str) -> None:
        self.x = len(other)


@dataclass
class Unknown:
    x: NotThere  # type: ignore[name-defined]  # noqa: F821


@dataclass
class FieldsInADict(dict[str, int]):
    x: int


@dataclass
class Inner:
    lock: threading.Lock


class Variadic(typing.Generic[*Ts]):
    pass


Endless = TypeAliasType("Endless", "list[Endless]")

REFUSED: list[tuple[object, str]] = [
    (Plain, "Plain"),
    (list[Plain], "Plain"),
    (dict[str, tuple[int, Plain | None]], "Plain"),
    (Inner, "lock"),
    (HasProtocol, "HasProtocol"),
    (WithInitVar, "WithInitVar"),
    (OwnConstructor, "OwnConstructor"),
    (Unknown, "Unknown"),
    (FieldsInADict, "FieldsInADict"),
    (Variadic[int], "Variadic"),
    (Exception, "Exception"),
    (type, "type"),
    (type[int], "type"),
    (Callable, "Callable"),
    (Callable[[int], int], "Callable"),
    (Generator[int, None, None], "Generator"),
    (collections.OrderedDict[str, int], "OrderedDict"),
    (collections.deque[int], "deque"),
    (types.ModuleType, "module"),
    (asyncio.Future, "Future"),
    (Endless, "Endless"),
    ("int", "int"),
    (3, "3"),
    (tuple[int, *tuple[str, ...]], "tuple"),
    (range, "range"),
    (dt.tzinfo, "tzinfo"),
]


@pytest.mark.parametrize(("annotation", "shown"), REFUSED, ids=lambda each: repr(each)[:60])
def test_a_type_that_can_not_be_stored_is_refused_at_once(annotation: object, shown: str) -> None:
    """[G15] With the task, the type at fault however deep it lies, and the ways out."""
    with pytest.raises(SerializationError) as caught:
        JsonCodec().prepare("total", annotation)
    message = str(caught.value)
    assert "'total'" in message
    assert shown in message
    assert caught.value.task == "total"
    assert shown in str(caught.value.shown_type)
    for way in ("Hook", "persist=False", "PickleCodec(trusted=True)", "annotate"):
        assert way in message


def test_a_hook_makes_it_storable() -> None:
    """[G15] The way out of the above."""
    hook = Hook(Plain, lambda _: None, lambda _: Plain())
    codec = JsonCodec(hooks=[hook]).prepare("total", dict[str, tuple[int, Plain | None]])
    assert isinstance(codec.decode(codec.encode({"a": (1, Plain())})), dict)


# ── refused when a task returns it ───────────────────────────────────────────────────────────────


class SubclassOfInt(int):
    pass


class SubclassOfStr(str):
    __slots__ = ()


class Text(str, enum.Enum):  # noqa: UP042 - a str that is an enum
    A = "a"


CYCLIC: list[object] = []
CYCLIC.append(CYCLIC)
RING = Node(1)
RING.next = RING


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def chain(levels: int) -> Node:
    node = Node(0)
    for value in range(levels):
        node = Node(value, node)
    return node


MISFITS: list[tuple[object, object, str, str]] = [
    (NO_ANNOTATION, (1, 2), "tuple", ""),
    (NO_ANNOTATION, {"a": [1, {"b": (1,)}]}, "tuple", "['a'][1]['b']"),
    (NO_ANNOTATION, {1: "a"}, "int", ""),
    (NO_ANNOTATION, [{None: 1}], "NoneType", "[0]"),
    (NO_ANNOTATION, {"x": {1}}, "set", "['x']"),
    (NO_ANNOTATION, b"x", "bytes", ""),
    (NO_ANNOTATION, SubclassOfInt(1), "SubclassOfInt", ""),
    (NO_ANNOTATION, [SubclassOfStr("a")], "SubclassOfStr", "[0]"),
    (NO_ANNOTATION, {SubclassOfStr("a"): 1}, "SubclassOfStr", ""),
    (NO_ANNOTATION, Text.A, "Text", ""),
    (NO_ANNOTATION, collections.OrderedDict(a=1), "OrderedDict", ""),
    (NO_ANNOTATION, threading.Lock(), "lock", ""),
    (NO_ANNOTATION, math, "module", ""),
    (NO_ANNOTATION, (each for each in (1,)), "generator", ""),
    (NO_ANNOTATION, test_not_a_number_comes_back, "function", ""),
    (int, 1.0, "float", ""),
    (int, Level.LOW, "Level", ""),
    (float, Decimal(1), "Decimal", ""),
    (str, 1, "int", ""),
    (None, 1, "int", ""),
    (bool, 1, "int", ""),
    (list[int], (1,), "tuple", ""),
    (list[int], [1, "a"], "str", "[1]"),
    (list[Point], [Point(1), Point(1, "x")], "str", "[1].y"),  # type: ignore[arg-type]
    (tuple[int, str], (1,), "tuple[int, str]", ""),
    (tuple[int, str], (1, 2), "int", "[1]"),
    (dict[str, int], {"a": "b"}, "str", "['a']"),
    (dict[str, int], {1: 1}, "int", ""),
    (dict[int, int], {"a": 1}, "str", "<key>"),
    (set[int], {"a"}, "str", "{…}"),
    (Point, Box(1), "Box", ""),
    (Order, Order([], 1.5), "float", ".price"),  # type: ignore[arg-type]
    (Private, Private("x", shown="a"), "str", "._hidden"),  # type: ignore[arg-type]
    (Literal["a"], "b", "Literal['a']", ""),
    (Literal[1], True, "bool", ""),
    (Colour, "RED", "str", ""),
    (int | list[str], "x", "str", ""),
    (int | list[str], [1], "int", ""),
    (typing.Never, None, "NoneType", ""),
    (dt.datetime, dt.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")), "ZoneInfo", ""),
    (dt.datetime, dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(0), "Z")), "timezone", ""),
    (NO_ANNOTATION, CYCLIC, "", ""),
    (Node, RING, "", ""),
    (NO_ANNOTATION, deep(100_000), "", ""),
    (NO_ANNOTATION, deep(201), "", ""),
    (Node, chain(300), "", ""),
    (Node, chain(100_000), "", ""),
    (int, 10**5000, "int", ""),
]


@pytest.mark.parametrize(("annotation", "value", "shown", "where"), MISFITS, ids=range(len(MISFITS)))
def test_a_value_that_would_not_come_back_is_refused(annotation: object, value: object, shown: str, where: str) -> None:
    """[R10] [R11] [R12] [R14] With the task, the type, the way inside, and what to do; never with the value."""
    codec = JsonCodec().prepare("total", annotation)
    with pytest.raises(SerializationError) as caught:
        codec.encode(value)
    message = str(caught.value)
    assert "'total'" in message
    assert shown in message or shown in str(caught.value.shown_type)
    if where:
        assert caught.value.where.startswith(where)
        assert where in message
    assert "persist=False" in message
    assert len(message) < 1500
    gc.collect()  # tears down what is 100,000 levels deep before the next test


def test_exactly_the_depth_that_is_allowed_comes_back() -> None:
    """[R12] Both ends have the same limit: what was written can be read."""
    codec = JsonCodec(depth_max=7).prepare("step", NO_ANNOTATION)
    assert codec.decode(codec.encode(deep(7))) == deep(7)
    with pytest.raises(SerializationError, match=r"7 deep|nested too deep"):
        codec.encode(deep(8))
    nodes = JsonCodec(depth_max=50).prepare("step", Node)
    wide = Node(1, None, [Node(each) for each in range(100)])
    assert nodes.decode(nodes.encode(wide)) == wide


def test_a_value_that_is_too_large_is_refused_with_its_size() -> None:
    """[R12] [P22] The limit can be set."""
    small = JsonCodec(size_max_bytes=10)
    assert small.prepare("step", str).encode("a" * 8) == b'"aaaaaaaa"'
    for annotation in (str, list[str], NO_ANNOTATION):
        value = ["a" * 9] if annotation == list[str] else "a" * 9
        with pytest.raises(SerializationError, match=r"1[13] bytes, and the codec has size_max_bytes=10"):
            small.prepare("step", annotation).encode(value)
    with pytest.raises(ResultUnreadable, match="11 bytes"):
        small.prepare("step", str).decode(b'"aaaaaaaaa"')


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "3", None, 10**10])
def test_a_limit_that_is_none_is_refused(value: object) -> None:
    options: dict[str, Any] = {"size_max_bytes": value}
    with pytest.raises(ConfigError, match="size_max_bytes"):
        JsonCodec(**options)


SECRET = "canary-91"


def test_no_message_has_the_value(caplog: pytest.LogCaptureFixture) -> None:
    """[S11] Types, sizes and places only."""

    def leak(value: object) -> object:
        raise ValueError(value)

    hooked = JsonCodec(hooks=[Hook(Point, leak, leak)])
    secrets: list[tuple[object, object]] = [
        (int, SECRET),
        (list[int], [SECRET]),
        (Literal["a"], SECRET),
        (dict[int, int], {SECRET: 1}),
        (NO_ANNOTATION, {SECRET}),
    ]
    for annotation, value in secrets:
        with pytest.raises(SerializationError) as caught:
            JsonCodec().prepare("step", annotation).encode(value)
        assert SECRET not in str(caught.value)
    with pytest.raises(SerializationError) as caught:
        hooked.prepare("step", Point).encode(Point(1, SECRET))  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)
    assert SECRET in str(caught.value.__cause__), "control: the user's own error says it"
    for annotation in (int, Colour, dt.date, Decimal, Point, list[int], Literal["a"]):
        with pytest.raises(ResultUnreadable) as unreadable:
            JsonCodec().prepare("step", annotation).decode(f'"{SECRET}"'.encode())
        assert SECRET not in str(unreadable.value)


# ── what was stored is not what was written ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"1 2",
        b" 1",
        b"\xff\xfe",
        b'{"x":1}',
        b'{"x":1,"y":2,"z":3}',
        b'{"x":"1","y":2}',
        b'{"x":1.0,"y":2}',
        b"[1,2]",
        b"null",
        b'{"__class__":"os.system","x":1,"y":2}',
        b"[" * 1000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"x":' * 100_000,
        b'{"x":1' + b"0" * 10_000 + b',"y":1}',
    ],
    ids=lambda payload: payload[:20],
)
def test_what_does_not_fit_the_type_is_a_typed_error(payload: bytes) -> None:
    """[P18] [S2] [S10] It names the task, says nothing of the content, and never gives None."""
    with pytest.raises(ResultUnreadable, match=r"'load'.*on_unreadable='recompute'") as caught:
        JsonCodec().prepare("load", Point).decode(payload)
    assert caught.value.task == "load"


def test_members_that_are_gone_are_typed_errors() -> None:
    """[P18] An enum lost a member, a union got shorter, a set has an item twice."""
    for annotation, payload in (
        (Colour, b'"BLUE"'),
        (Colour, b'"__class__"'),
        (Point | Order, b"[2,{}]"),
        (Point | Order, b"[-1,{}]"),
        (Point | Order, b"[true,{}]"),
        (Point | Order, b'["Point",{}]'),
        (set[int], b"[1,1]"),
        (dict[int, int], b"[[1,1],[1,2]]"),
        (dict[int, int], b"[[1]]"),
        (set[Any], b"[[]]"),
        (bytes, b'"*"'),
        (dt.timedelta, b"[1,2]"),
        (dt.timedelta, b"[9999999999,0,0]"),
        (complex, b"[1]"),
        (Decimal, b'"one"'),
    ):
        with pytest.raises(ResultUnreadable):
            JsonCodec().prepare("load", annotation).decode(payload)


# ── the fingerprint of a type ────────────────────────────────────────────────────────────────────


def test_a_fingerprint_tells_types_apart_and_nothing_else() -> None:
    """[P16] [P18] A field, an order, a class of the same form: each is another type. Spelling is not."""

    def fingerprint(annotation: object) -> int:
        return JsonCodec().prepare("any", annotation).fingerprint

    class First:
        Same = attrs.make_class("Same", {"x": attrs.field(type=int)})

        class Keys(TypedDict):
            a: int

    class Second:
        Same = attrs.make_class("Same", {"x": attrs.field(type=int), "y": attrs.field(type=int)})

        class Keys(TypedDict, total=False):
            a: int

    for each in (First.Keys, Second.Keys):
        each.__qualname__ = "Keys"
    different = [
        *[int, float, str, bool, None, NO_ANNOTATION, list[int], list[str], tuple[int, ...], tuple[int], set[int]],
        *[int | str, str | int, int | None, list[int] | list[str], list[str] | list[int], dict[str, int]],
        *[Point, Order, Node, Box[int], Box[str], Box, First.Same, Second.Same, First.Keys, Second.Keys],
        *[Literal["a"], Literal["b"], Literal["a", "b"], Literal["b", "a"], Literal[1], Literal[True], Colour, Level],
    ]
    assert len({fingerprint(each) for each in different}) == len(different)
    assert fingerprint(typing.Optional[int]) == fingerprint(int | None)  # noqa: UP045 - the old spelling
    assert fingerprint(typing.List[int]) == fingerprint(list[int])  # noqa: UP006 - the old spelling
    assert fingerprint(dict) == fingerprint(dict[str, Any])
    assert fingerprint(typing.Annotated[int, 1]) == fingerprint(int)
    assert all(-(2**63) <= fingerprint(each) < 2**63 for each in different)


def test_a_plan_can_be_read_by_json() -> None:
    """Stored values are plain JSON: a program that has no flowing can read them."""
    codec = JsonCodec().prepare("step", Order)
    assert parse(codec.encode(Order([Point(1)], Decimal("1.0"), tags={"b", "a"}))) == {
        "items": [{"x": 1, "y": 0}],
        "price": "1.0",
        "note": None,
        "tags": ["a", "b"],
        "rest": None,
    }
