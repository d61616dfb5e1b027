"""Values in which code of others takes part: hooks, arrays of numpy, models of pydantic."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from flowing.checkpoint import Hook, JsonCodec
from flowing.checkpoint.codec.alike import are_alike
from flowing.errors import ResultUnreadable, SerializationError
from tests.unit.checkpoint.codec.types_to_store import Box, Order, Point

if TYPE_CHECKING:
    from collections.abc import Callable


class Money:
    """A class that flowing knows nothing of."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


@attrs.frozen
class Invoice:
    total: Money
    lines: list[Money]


class DearMoney(Money):
    """Not the same."""


MONEY = Hook(Money, lambda money: money.cents, Money)


def test_a_hook_stores_what_flowing_can_not() -> None:
    codec = JsonCodec(hooks=[MONEY]).prepare("bill", Invoice)
    payload = codec.encode(Invoice(Money(5), [Money(6)]))
    assert json.loads(payload) == {"total": 5, "lines": [6]}
    again = codec.decode(payload)
    assert isinstance(again, Invoice)
    assert [each.cents for each in (again.total, *again.lines)] == [5, 6]


def test_a_hook_comes_before_what_flowing_would_do() -> None:
    codec = JsonCodec(hooks=[Hook(Point, lambda point: [point.x, point.y], lambda xy: Point(*xy))]).prepare("p", Point)
    assert codec.encode(Point(1, 2)) == b"[1,2]"


def test_a_member_of_a_union_that_has_a_hook_is_told_apart_from_none() -> None:
    """A hook may write None itself."""
    nothing = Hook(Money, lambda _: None, lambda _: Money(0))
    codec = JsonCodec(hooks=[nothing]).prepare("bill", Money | None)
    assert codec.decode(codec.encode(None)) is None
    assert isinstance(codec.decode(codec.encode(Money(0))), Money)


BAD_HOOKS: list[tuple[Callable[[Any], object], Callable[[Any], Any], str]] = [
    (lambda money: money.nothing, Money, "the hook for .*Money raised AttributeError"),
    (lambda money: money.cents, lambda cents: cents.nothing, "the hook for .*Money raised AttributeError"),
    (lambda money: {money.cents}, Money, "TypeError"),
    (lambda money: (money.cents,), lambda cents: Money(cents[0] + 1), "another value"),
    (lambda money: money.cents, lambda _: Money(9), "another value"),
    (lambda money: money.cents, lambda cents: [cents], "where .*Money is expected"),
    (lambda money: money.cents, DearMoney, "other types"),
]


@pytest.mark.parametrize(("encode", "decode", "why"), BAD_HOOKS, ids=range(len(BAD_HOOKS)))
def test_a_hook_that_does_not_give_the_value_back_is_found_out(
    encode: Callable[[Any], object], decode: Callable[[Any], Any], why: str
) -> None:
    """[R11] Before anything is stored."""
    codec = JsonCodec(hooks=[Hook(Money, encode, decode)]).prepare("bill", list[Money])
    with pytest.raises(SerializationError, match=why):
        codec.encode([Money(5)])


def test_another_version_of_a_hook_is_another_type() -> None:
    """[P18] What the old one wrote is not read by the new one."""
    prints = {
        JsonCodec(hooks=[Hook(Money, MONEY.encode, MONEY.decode, version=each)]).prepare("bill", Money).fingerprint
        for each in (1, 2)
    }
    assert len(prints) == 2


def test_a_hook_that_raises_on_stored_data_is_a_typed_error() -> None:
    with pytest.raises(ResultUnreadable, match="'bill'"):
        JsonCodec(hooks=[Hook(Money, MONEY.encode, lambda cents: Money(cents.x))]).prepare("bill", Money).decode(b"1")


def test_values_are_alike_at_every_level_or_not() -> None:
    """The comparison for what others have made: it sees what `==` does not."""
    alike = [1, "a", [1, {"a": (1,)}], Box(1, [2]), Order([Point(1)], Decimal(1)), {1, 2}, float("nan")]
    for value in alike:
        assert are_alike(value, value, closed=frozenset())
    ring: list[object] = []
    ring.append(ring)
    assert are_alike(ring, ring, closed=frozenset())
    for one, other in [
        (1, True),
        (1, 1.0),
        ([1], [True]),
        ([1], (1,)),
        ({1: 1}, {1: True}),
        ({1}, {True}),
        ([1], [1, 1]),
        (Box(1), Box(True)),
        (Point(1), Point(2)),
        (float("nan"), 1.0),
    ]:
        assert not are_alike(one, other, closed=frozenset())


# ── numpy ────────────────────────────────────────────────────────────────────────────────────────


def there(module: str) -> object:
    """Import what is installed; with FLOWING_CODECS, what has to be."""
    return import_module(module) if find_spec(module) or os.environ.get("FLOWING_CODECS") else None


np: Any = there("numpy")
needs_numpy = pytest.mark.skipif(np is None, reason="needs numpy; run nox --session codecs")


@needs_numpy
def test_arrays_come_back() -> None:
    """Type, byte order, shape and every bit; and they can be written to."""
    arrays = [
        np.arange(6.0).reshape(2, 3),
        np.array([np.nan, -0.0, np.inf], dtype=">f4"),
        np.array([], dtype=np.int8).reshape(0, 5),
        np.array(5, dtype=np.uint64),
        np.array(["a", "éé"]),
        np.array([b"a\0b"]),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.array(["2024-01-01", "NaT"], dtype="datetime64[ns]"),
        np.array([5], dtype="timedelta64[25s]"),
        np.arange(10)[::-2],
        np.asfortranarray(np.arange(6).reshape(2, 3)),
    ]
    for annotation in (np.ndarray, np.ndarray[Any, np.dtype[Any]], np.ndarray | None):
        codec = JsonCodec().prepare("fit", annotation)
        for array in arrays:
            again: Any = codec.decode(codec.encode(array))
            assert type(again) is np.ndarray
            assert (again.dtype, again.shape, again.tobytes()) == (array.dtype, array.shape, array.tobytes())
            assert again.flags.writeable


@needs_numpy
def test_scalars_of_numpy_come_back() -> None:
    for value in (np.float64(1.5), np.int8(-1), np.bool_(True), np.str_("a"), np.datetime64("2024-01-01")):
        codec = JsonCodec().prepare("fit", type(value))
        again = codec.decode(codec.encode(value))
        assert (type(again), again) == (type(value), value)


@needs_numpy
def test_what_is_no_plain_array_is_refused() -> None:
    """[R10] Objects and records are more than numbers; and a float of numpy is no float."""
    codec = JsonCodec().prepare("fit", np.ndarray)
    for value in (np.array([object()]), np.array([(1, 2)], dtype="i4,i4"), np.ma.array([1]), [1]):
        with pytest.raises(SerializationError, match="'fit'"):
            codec.encode(value)
    with pytest.raises(SerializationError, match=r"numpy\.float64 where float"):
        JsonCodec().prepare("fit", float).encode(np.float64(1))


@needs_numpy
@pytest.mark.parametrize(
    "payload",
    [
        b'["|O",[1],"AAAAAAAAAAA="]',
        b'["O",[1],"AAAAAAAAAAA="]',
        b'["<f8,<f8",[1],"AAAAAAAAAAA="]',
        b'["<f8",[-1],"AAAAAAAAAAA="]',
        b'["<f8",[99999999],"AAAAAAAAAAA="]',
        b'["<f8",[true],"AAAAAAAAAAA="]',
        b'["<M8[__import__]",[1],"AAAAAAAAAAA="]',
        b'["<f8[s]",[1],"AAAAAAAAAAA="]',
        b'["<f8","1","AAAAAAAAAAA="]',
        b'["<f8",[1]]',
        b'["<f8",[1],"*"]',
    ],
)
def test_hostile_arrays_are_typed_errors(payload: bytes) -> None:
    """[S1] [S2] No type that is not plain numbers, whatever the text says."""
    with pytest.raises(ResultUnreadable):
        JsonCodec().prepare("fit", np.ndarray).decode(payload)


# ── pydantic ─────────────────────────────────────────────────────────────────────────────────────


def test_models_come_back() -> None:
    pydantic: Any = there("pydantic")
    if pydantic is None:
        pytest.skip("needs pydantic; run nox --session codecs")

    class Line(pydantic.BaseModel):  # type: ignore[misc]  # pydantic may not be installed
        sku: str
        price: Decimal = Decimal(0)

    class Cart(pydantic.BaseModel):  # type: ignore[misc]  # the same
        lines: list[Line]
        pair: tuple[int, str]
        rest: Any = None
        tags: frozenset[str] = frozenset()

    codec = JsonCodec().prepare("cart", Cart)
    for annotation in (list[Cart], Cart | None, Cart):
        codec = JsonCodec().prepare("cart", annotation)
        cart = Cart(lines=[Line(sku="a", price=Decimal("1.10"))], pair=(1, "x"), tags=frozenset({"t"}))
        value = [cart] if annotation == list[Cart] else cart
        assert codec.decode(codec.encode(value)) == value
    with pytest.raises(SerializationError, match="other types"):
        codec.encode(Cart(lines=[], pair=(1, "x"), rest=(1, 2)))
    with pytest.raises(SerializationError, match=r"where .*Cart is expected"):
        JsonCodec().prepare("cart", Cart).encode(Line(sku="a"))

    class Changed(pydantic.BaseModel):  # type: ignore[misc]  # the same
        lines: list[Line]
        pair: tuple[int, int]

    Changed.__qualname__, Changed.__module__ = Cart.__qualname__, Cart.__module__
    assert JsonCodec().prepare("cart", Changed).fingerprint != JsonCodec().prepare("cart", Cart).fingerprint
    with pytest.raises(ResultUnreadable, match="'cart'"):
        JsonCodec().prepare("cart", Cart).decode(b'{"lines": 5}')
