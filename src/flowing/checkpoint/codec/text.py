"""JSON values to bytes and back, within limits of size and depth that are looked at before anything is read.

Knows no types but JSON's. What it writes is canonical: the same value gives the same bytes.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from json.scanner import make_scanner
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Not ASCII only: "\ud83d\ude00" as two lone surrogates would come back as one character. Raw, they stay apart.
_write: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
# What `raw_decode` calls, in a quarter of its time for a number. It takes a decoder, and is one only to typeshed.
_scan: Final = make_scanner(cast("make_scanner", json.JSONDecoder()))
_BRACKETS: Final = frozenset(b"[]{}")
_AS_LISTS: Final = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_BRACKETS: Final = bytes(each for each in range(256) if each not in _BRACKETS)


def dump(data: object) -> bytes:
    """Write a JSON value. Raises what `json` raises: RecursionError, ValueError for an int of too many digits."""
    return _write(data).encode("utf-8", "surrogatepass")


def parse(payload: bytes) -> object:
    """Read a JSON value that is all there is. Raises ValueError (of which `UnicodeDecodeError` is one)."""
    text = payload.decode() if payload.isascii() else payload.decode("utf-8", "surrogatepass")
    data: object
    try:
        data, end = _scan(text, 0)
    except StopIteration:
        message = "no JSON value"
        raise ValueError(message) from None
    if end != len(text):
        message = "more than one JSON value"
        raise ValueError(message)
    return data


def is_deeper(payload: bytes, depth_max: int) -> bool:
    """Whether brackets are nested deeper than `depth_max`. Reads no value; linear, times `depth_max` at worst."""
    if payload.count(b"[") + payload.count(b"{") <= depth_max:
        return False
    unescaped = payload.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = b"".join(unescaped.split(b'"')[::2]).translate(_AS_LISTS, _ALL_BUT_BRACKETS)
    for _ in range(depth_max):
        without_innermost = brackets.replace(b"[]", b"")
        if len(without_innermost) == len(brackets):
            break
        brackets = without_innermost
    return b"[" in brackets  # deeper still, or never closed


def _write_float(value: float) -> str:
    # NaN is the one number that is not equal to itself, and only infinities are equal to twice themselves, but for 0.
    return float.__repr__(value) if value - value == 0 else _write(value)


def _write_bool(value: bool) -> str:  # noqa: FBT001 - takes the value that is written
    return "true" if value else "false"


def _write_none(_: None) -> str:
    return "null"


_WRITERS: Final[Mapping[type[object], Callable[..., str]]] = {
    int: int.__repr__,
    str: encode_basestring,
    float: _write_float,
    bool: _write_bool,
    type(None): _write_none,
}


def dump_scalar(value: Any) -> bytes | None:  # noqa: ANN401 - its class is looked up
    """Write a str, int, float, bool or None as `dump` does, in a third of the time; None if it would not come back."""
    text = _WRITERS[type(value)](value)
    again: object
    again, end = _scan(text, 0)
    if end != len(text) or type(again) is not type(value) or (again != value and value == value):  # noqa: PLR0124 - NaN
        return None
    return text.encode("utf-8", "surrogatepass")
