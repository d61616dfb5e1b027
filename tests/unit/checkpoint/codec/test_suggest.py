"""Which annotation is suggested for a value that was returned without one."""

from __future__ import annotations

import datetime as dt

import pytest

from flowing.checkpoint import JsonCodec
from flowing.checkpoint.codec.protocol import NO_ANNOTATION
from flowing.checkpoint.codec.suggest import annotation_for
from flowing.errors import SerializationError

SUGGESTED = [
    ((1, "a"), "tuple[int, str]"),
    ((), "tuple[()]"),
    ((1,) * 9, "tuple[int, ...]"),
    ({1, 2}, "set[int]"),
    (frozenset({1, "a"}), "frozenset[int | str]"),
    ({"a": (1, None)}, "dict[str, tuple[int, None]]"),
    ([b"", {1: 2.5}], "list[bytes | dict[int, float]]"),
    ((dt.date(2026, 1, 31),), "tuple[datetime.date]"),
]
UNKNOWN = [set(), [], {}, object(), (object(),), [1, "a", 2.5, b""], [[[[1]]]], (1, "a") * 9 + (b"", 2.5)]


@pytest.mark.parametrize(("value", "annotation"), SUGGESTED, ids=range(len(SUGGESTED)))
def test_an_annotation_that_would_do_is_said(value: object, annotation: str) -> None:
    """It does: with it the value can be stored."""
    assert annotation_for(value) == annotation
    found: object = eval(annotation, {"datetime": dt})  # one of this very table
    codec = JsonCodec().prepare("step", found)
    assert codec.decode(codec.encode(value)) == value


@pytest.mark.parametrize("value", UNKNOWN, ids=range(len(UNKNOWN)))
def test_nothing_is_said_where_a_look_does_not_tell(value: object) -> None:
    assert annotation_for(value) is None


def test_a_value_without_annotation_is_refused_with_the_annotation_to_write() -> None:
    """As Python writes it; of what can't be told the message says what it did."""
    codec = JsonCodec().prepare("step", NO_ANNOTATION)
    with pytest.raises(SerializationError, match=r"annotate what the task returns, as `-> tuple\[int, str\]`, give"):
        codec.encode((1, "a"))
    with pytest.raises(SerializationError, match=r"annotate what the task returns, give the codec"):
        codec.encode(object())
    with pytest.raises(SerializationError, match=r"return what the annotation says, give the codec"):
        JsonCodec().prepare("step", int).encode((1, "a"))
