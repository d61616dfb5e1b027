"""Records: attrs' frozen classes in everything but the way they are filled in."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any, Final, cast

import attrs
import pytest
from attrs import field

from flowing._record import record


@record
class Three:
    first: int
    second: int = 2
    third: int = field(kw_only=True, default=3)


@record(kw_only=True)
class Four:
    a: int
    b: int
    c: int = 3
    d: object = field(repr=False, default=None)


@record
class Five:
    a: int
    b: int
    c: int
    d: int
    e: int


@record
class Six:
    a: int
    b: int
    c: int
    d: int
    e: int
    f: int = 6


@record
class Eight:
    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int = 7
    h: int = field(kw_only=True, default=8)


@record
class Converted:
    a: int
    b: int
    c: int = field(default=0, converter=int)


@record
class Made:
    a: int
    b: int
    c: list[int] = field(factory=list)


FILLED: Final = (
    (Three(1), {"first": 1, "second": 2, "third": 3}),
    (Three(1, 5, third=6), {"first": 1, "second": 5, "third": 6}),
    (Four(b=2, a=1), {"a": 1, "b": 2, "c": 3, "d": None}),
    (Five(1, 2, 3, e=5, d=4), {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}),
    (Six(1, 2, 3, e=5, d=4), {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}),
    (Eight(1, 2, 3, 4, 5, 6), {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8}),
    (Eight(8, 7, 6, 5, 4, 3, 2, h=1), {"a": 8, "b": 7, "c": 6, "d": 5, "e": 4, "f": 3, "g": 2, "h": 1}),
    (Converted(1, 2, 3), {"a": 1, "b": 2, "c": 3}),
    (Made(1, 2), {"a": 1, "b": 2, "c": []}),
)


@pytest.mark.parametrize(("filled", "content"), FILLED)
def test_every_field_has_what_it_was_given(filled: attrs.AttrsInstance, content: dict[str, object]) -> None:
    assert attrs.asdict(filled) == content


@pytest.mark.parametrize("filled", [filled for filled, _ in FILLED])
def test_it_is_of_its_class_and_frozen(filled: attrs.AttrsInstance) -> None:
    name = attrs.fields(type(filled))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(filled, name, 9)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        delattr(filled, name)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        filled.__class__ = Five
    assert type(filled) in {Three, Four, Five, Six, Eight, Converted, Made}


@pytest.mark.parametrize("filled", [filled for filled, _ in FILLED])
def test_it_can_be_copied_evolved_and_pickled(filled: attrs.AttrsInstance) -> None:
    assert copy.deepcopy(filled) == filled
    assert attrs.evolve(cast("Any", filled)) == filled  # any of the classes above
    assert pickle.loads(pickle.dumps(filled)) == filled


def test_the_signature_is_attrs_own() -> None:
    @attrs.frozen
    class Own:
        first: int
        second: int = 2
        third: int = field(kw_only=True, default=3)

    assert inspect.signature(Three) == inspect.signature(Own)


def test_a_missing_and_an_unknown_argument_are_refused() -> None:
    with pytest.raises(TypeError, match="first"):
        Three()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="fourth"):
        Three(1, fourth=4)  # type: ignore[call-arg]


def test_what_attrs_makes_of_a_field_is_made() -> None:
    assert Converted(1, 2, "3").c == 3
    assert Made(1, 2).c is not Made(1, 2).c


def test_equal_content_is_equal_and_another_class_is_not() -> None:
    assert Five(1, 2, 3, 4, 5) == Five(1, 2, 3, 4, 5)
    assert hash(Five(1, 2, 3, 4, 5)) == hash(Five(1, 2, 3, 4, 5))
    assert Five(1, 2, 3, 4, 5) != Five(1, 2, 3, 4, 6)
    assert Three(1, 2, third=3) != cast("object", Made(1, 2))
