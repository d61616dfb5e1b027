"""The codec that trusts whoever writes the file."""

from __future__ import annotations

import os
import pickle
import threading
from typing import Any

import pytest
from typing_extensions import override

from flowing.checkpoint import NO_ANNOTATION, JsonCodec, PickleCodec
from flowing.errors import ConfigError, ResultUnreadable, SerializationError
from tests.unit.checkpoint.codec.types_to_store import Box, Point


def test_whatever_pickles_comes_back() -> None:
    codec = PickleCodec(trusted=True).prepare("step", NO_ANNOTATION)
    for value in (None, (1, {2}), Box(Point(1)), test_whatever_pickles_comes_back):
        assert codec.decode(codec.encode(value)) == value


@pytest.mark.parametrize("trusted", [False, 1, "yes", None])
def test_it_has_to_be_asked_for_in_as_many_words(trusted: object) -> None:
    """[S3] Nobody gets it by accident."""
    options: dict[str, Any] = {"trusted": trusted}
    with pytest.raises(ConfigError, match=r"trusted=True.*JsonCodec\(\)"):
        PickleCodec(**options)
    with pytest.raises(TypeError):
        PickleCodec()  # type: ignore[call-arg]


def test_its_results_have_a_mark_that_no_other_codec_has() -> None:
    """[S3] [P17] What it wrote is refused by JSON, and the other way round, before anything is read."""
    pickled, typed = PickleCodec(trusted=True), JsonCodec()
    assert pickled.name != typed.name
    assert pickled.prepare("step", int).fingerprint != typed.prepare("step", int).fingerprint
    with pytest.raises(ResultUnreadable):
        typed.prepare("step", int).decode(pickle.dumps(1))


class Changes:
    @override
    def __reduce__(self) -> tuple[object, ...]:
        return (int, (1,))


@pytest.mark.parametrize("value", [threading.Lock(), lambda: None, Changes()], ids=["lock", "lambda", "other class"])
def test_what_does_not_pickle_is_refused(value: object) -> None:
    """[R10] Before anything is stored."""
    with pytest.raises(SerializationError, match=r"'step'.*persist=False"):
        PickleCodec(trusted=True).prepare("step", NO_ANNOTATION).encode(value)


def test_sizes_have_a_limit() -> None:
    """[R12] At both ends."""
    codec = PickleCodec(trusted=True, size_max_bytes=100).prepare("step", bytes)
    with pytest.raises(SerializationError, match="size_max_bytes=100"):
        codec.encode(b"x" * 101)
    with pytest.raises(ResultUnreadable, match="size_max_bytes=100"):
        codec.decode(b"x" * 101)


def test_what_is_gone_is_a_typed_error() -> None:
    """[P18] A class that was moved; and no garbage gets any further than this."""
    codec = PickleCodec(trusted=True).prepare("step", NO_ANNOTATION)
    for payload in (b"", b"garbage", pickle.dumps(os.getpid)[:-5], b"cnot.there\nThing\n."):
        with pytest.raises(ResultUnreadable, match="'step'"):
            codec.decode(payload)
