"""What is far too large is refused before any of it is written."""

from __future__ import annotations

import pytest

from flowing.checkpoint import Hook, JsonCodec, PickleCodec
from flowing.checkpoint.codec.protocol import NO_ANNOTATION
from flowing.checkpoint.codec.sizes import SIZED, least_size_of
from flowing.errors import SerializationError

LARGE = [
    ("é" * 300, str, 300),
    (b"x" * 300, bytes, 400),
    (bytearray(300), bytearray, 400),
    ([b"x" * 150] * 2, list[bytes], 400),
    ((1, "x" * 300), tuple[int, str], 300),
    ({1: b"x" * 300}, dict[int, bytes], 400),
    ({"x" * 300}, set[str], 300),
]


@pytest.mark.parametrize(("value", "annotation", "size"), LARGE, ids=range(len(LARGE)))
def test_the_least_size_is_told_without_writing(value: object, annotation: object, size: int) -> None:
    """It is never more than what is written."""
    assert type(value) in SIZED
    assert least_size_of(value) == size
    assert len(JsonCodec().prepare("step", annotation).encode(value)) >= size
    small = JsonCodec(size_max_bytes=size - 1).prepare("step", annotation)
    with pytest.raises(SerializationError, match=rf"at least {size} bytes, and the codec has .*; return less"):
        small.encode(value)


def test_of_many_members_none_is_looked_at() -> None:
    """They are written, and then counted."""
    assert least_size_of(["x" * 100] * 17) == 0
    codec = JsonCodec(size_max_bytes=500).prepare("step", NO_ANNOTATION)
    with pytest.raises(SerializationError, match=r": 1752 bytes, and the codec has size_max_bytes=500; return less"):
        codec.encode(["x" * 100] * 17)


def test_where_a_hook_writes_nothing_is_known_before() -> None:
    """It may write less."""
    hook = Hook(bytes, len, bytes)
    codec = JsonCodec(hooks=[hook], size_max_bytes=500).prepare("step", bytes)
    assert codec.encode(bytes(1000)) == b"1000"


class Loud:
    """One that says that it is read back."""

    def __init__(self, note: str) -> None:
        self.note = note

    def __setstate__(self, state: object) -> None:
        raise AssertionError


def test_a_pickle_that_is_too_large_is_not_read_back() -> None:
    codec = PickleCodec(trusted=True, size_max_bytes=100).prepare("step", NO_ANNOTATION)
    with pytest.raises(SerializationError, match="bytes, and the codec has size_max_bytes=100"):
        codec.encode(Loud("x" * 1000))
