"""Any value of any type that hypothesis can build: stored, it comes back; and the short way is the long way."""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import uuid
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any, Literal, Union

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowing.checkpoint import NO_ANNOTATION, JsonCodec
from flowing.checkpoint.codec.text import dump, dump_scalar, is_deeper, parse
from flowing.errors import SerializationError
from tests.unit.checkpoint.codec.types_to_store import Box, Colour, IntBox, Node, Point, Slotted, Spot

TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates too
FLOATS = st.floats(allow_nan=False)
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20
)
POINTS = st.builds(Point, st.integers(), st.integers())
NODES = st.recursive(
    st.builds(Node, st.integers()),
    lambda inner: st.builds(Node, st.integers(), st.none() | inner, st.lists(inner, max_size=3)),
    max_leaves=8,
)
OFFSETS = st.integers(-86_399, 86_399).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
MOMENTS = st.datetimes(timezones=st.none() | OFFSETS | st.just(dt.UTC), allow_imaginary=True)

LEAVES: dict[object, st.SearchStrategy[Any]] = {
    int: st.integers(),
    float: FLOATS,
    str: TEXTS,
    bool: st.booleans(),
    None: st.none(),
    bytes: st.binary(max_size=50),
    dt.datetime: st.tuples(MOMENTS, st.sampled_from([0, 1])).map(lambda pair: pair[0].replace(fold=pair[1])),
    dt.date: st.dates(),
    dt.time: st.times(),
    dt.timedelta: st.timedeltas(),
    Decimal: st.decimals(allow_nan=False),
    uuid.UUID: st.uuids(),
    PurePosixPath: TEXTS.filter(lambda text: "\0" not in text).map(PurePosixPath),
    complex: st.complex_numbers(allow_nan=False),
    Colour: st.sampled_from(Colour),
    Point: POINTS,
    Spot: st.builds(Spot, TEXTS, POINTS, FLOATS),
    Slotted: st.builds(Slotted, one=st.integers(), two=st.lists(st.integers()).map(tuple)),
    IntBox: st.builds(IntBox, st.integers(), st.lists(st.integers()), TEXTS),
    Literal["a", 1, True]: st.sampled_from(["a", 1, True]),
    NO_ANNOTATION: JSON,
}
HASHABLE = [each for each in LEAVES if each not in (NO_ANNOTATION, IntBox)]


@st.composite
def typed_values(draw: st.DrawFn, depth: int = 3) -> tuple[Any, Any]:
    """Draw an annotation and a value that it allows."""
    kind = draw(
        st.sampled_from(["leaf", "list", "tuple", "items", "set", "dict", "pairs", "or", "box"] if depth else ["leaf"])
    )
    if kind == "leaf":
        annotation = draw(st.sampled_from(list(LEAVES)))
        return annotation, draw(LEAVES[annotation])
    if kind in ("set", "pairs"):
        item: Any = draw(st.sampled_from(HASHABLE))
        members = draw(st.lists(LEAVES[item], max_size=4))
        if kind == "set":
            return set[item], set(members)
        return dict[item, item], dict(zip(members, members, strict=True))
    inner, first = draw(typed_values(depth - 1))
    other, second = draw(typed_values(depth - 1))
    one, two = (Any if each is NO_ANNOTATION else each for each in (inner, other))
    return {
        "list": (of(list, one), [first, first]),
        "tuple": (of(tuple, one, ...), (first,)),
        "items": (of(tuple, one, two), (first, second)),
        "dict": (of(dict, str, one), {draw(TEXTS): first}),
        "or": (of(Union, one, two), first),
        "box": (of(Box, one), Box(first, [first])),
    }[kind]


def of(generic: Any, *arguments: object) -> object:  # noqa: ANN401 - anything that takes brackets
    """Put arguments in its brackets."""
    return generic[arguments]


def shape(value: object) -> object:
    """Write types and values down, at every level; sets in one order."""
    if isinstance(value, set | frozenset):
        return type(value), sorted(repr(shape(each)) for each in value)
    if isinstance(value, list | tuple):
        return type(value), [shape(each) for each in value]
    if isinstance(value, dict):
        return dict, [(shape(key), shape(each)) for key, each in value.items()]
    if isinstance(value, Box):
        return type(value), shape(vars(value))
    return type(value), repr(value)


@given(typed_values())
def test_a_value_comes_back_as_it_was(typed: tuple[Any, Any]) -> None:
    """[R11] Whatever the annotation, and whatever it allows; or it is refused, and nothing is stored."""
    annotation, value = typed
    codec = JsonCodec().prepare("step", annotation)
    payload = codec.encode(value)
    again = codec.decode(payload)
    assert shape(again) == shape(value)
    assert codec.encode(again) == payload


@given(NODES)
def test_a_class_that_holds_itself_comes_back(node: Node) -> None:
    codec = JsonCodec().prepare("step", Node)
    assert codec.decode(codec.encode(node)) == node


@given(
    st.recursive(
        JSON | st.binary() | st.tuples(JSON),
        lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner) | st.dictionaries(st.integers(), inner),
    )
)
def test_without_an_annotation_exactly_json_comes_back(value: object) -> None:
    """[R11] What JSON would change without a word, a tuple or a key that is an int, is refused."""
    codec = JsonCodec().prepare("step", NO_ANNOTATION)
    try:
        payload = codec.encode(value)
    except SerializationError:
        assert not is_json(value)
    else:
        assert is_json(value)
        assert shape(codec.decode(payload)) == shape(value)


def is_json(value: object) -> bool:
    """Say the same in a dumb way."""
    if type(value) is list:
        return all(is_json(each) for each in value)
    if type(value) is dict:
        return all(type(key) is str and is_json(each) for key, each in value.items())
    return type(value) in (int, float, str, bool, type(None))


def test_plain_json_would_change_some() -> None:
    """Control: the values of the test above are not all alike to a codec that does not look."""
    changed = [value for value in [(1,), {1: "a"}, "\ud83d\ude00"] if json.loads(json.dumps(value)) != value]
    assert changed == [(1,), {1: "a"}, "\ud83d\ude00"]


@given(SCALARS | st.floats() | st.just(10**4000))
@example(math.nan)
@example(-0.0)
@example("\ud83d\ude00")
def test_the_short_way_writes_what_the_long_way_does(value: object) -> None:
    assert dump_scalar(value) == dump(value)
    assert shape(parse(dump(value))) == shape(value)
    for annotation in (NO_ANNOTATION, type(value) if value is not None else None):
        codec = JsonCodec().prepare("step", annotation)
        short = codec.encode(value)
        codec._plain = frozenset()  # type: ignore[misc]
        assert codec.encode(value) == short


@given(JSON, st.integers(1, 8))
def test_depth_is_counted_in_what_is_written(value: object, depth_max: int) -> None:
    """[S10] Brackets in texts are no containers, whatever is escaped around them."""

    def depth(inside: object) -> int:
        if isinstance(inside, list):
            return 1 + max(map(depth, inside), default=0)
        if isinstance(inside, dict):
            return 1 + max(map(depth, inside.values()), default=0)
        return 0

    assert is_deeper(dump(value), depth_max) == (depth(value) > depth_max)


@pytest.mark.parametrize("text", ['"[[[["', '"\\\\"', '"\\\\\\"[[["', '["]","[",{"[{":"\\\\"}]'])
def test_brackets_in_texts_are_no_depth(text: str) -> None:
    assert not is_deeper(text.encode() + b" " * 10, 2)
    json.loads(text)


def test_what_is_no_json_is_not_read_deeply() -> None:
    """[S10] Brackets that never close are as deep as they look."""
    assert is_deeper(b"[" * 1_000_000, 200)
    assert is_deeper(b"[{" * 1_000_000, 200)
    assert is_deeper(b'{"a":' * 1_000_000, 200)
    assert not is_deeper(b"]" * 1_000_000, 200)
    assert not is_deeper(b"[]" * 1_000_000, 200)


class Empty(enum.Enum):
    pass


def test_an_enum_without_members_has_no_values() -> None:
    assert JsonCodec().prepare("step", list[Empty]).encode([]) == b"[]"


def test_what_python_itself_reads_back_as_another_value_is_refused() -> None:
    """[R11] Found by the search above: an offset below a second, which `fromisoformat` of some Pythons drops."""
    moment = dt.datetime(2000, 1, 1, tzinfo=dt.timezone(dt.timedelta(microseconds=1)))
    codec = JsonCodec().prepare("step", dt.datetime)
    if dt.datetime.fromisoformat(moment.isoformat()).utcoffset() == moment.utcoffset():
        assert codec.decode(codec.encode(moment)) == moment
    else:
        with pytest.raises(SerializationError, match="read back as another value"):
            codec.encode(moment)
