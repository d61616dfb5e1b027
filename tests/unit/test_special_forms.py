"""Special forms are told apart whichever module they are from, and objects whose `==` raises are none."""

from __future__ import annotations

import typing
from typing import NoReturn, get_origin

import pytest
import typing_extensions

from flowing._special_forms import is_literal, is_never, is_transparent, is_union


class Unequal:
    """Compares with nothing."""

    @typing_extensions.override
    def __eq__(self, other: object) -> NoReturn:
        raise AssertionError

    __hash__ = None  # type: ignore[assignment]  # on purpose


@pytest.mark.parametrize(
    ("tell", "annotations"),
    [
        (is_union, [int | str, typing.Union[int, str], typing.Optional[int]]),  # noqa: UP007, UP045 - both ways to write it
        (is_literal, [typing.Literal[1], typing_extensions.Literal[1]]),
        (is_transparent, [typing.Annotated[int, 1], typing.ClassVar[int], typing_extensions.ReadOnly[int]]),
    ],
)
def test_an_origin_is_of_one_form_only(
    tell: typing.Callable[[object], bool], annotations: typing.Sequence[object]
) -> None:
    for annotation in annotations:
        told = [each for each in (is_union, is_literal, is_transparent) if each(get_origin(annotation))]
        assert told == [tell], annotation


def test_there_are_several_names_for_what_never_is() -> None:
    assert all(map(is_never, (typing.Never, typing.NoReturn, typing_extensions.Never)))
    assert not any(map(is_never, (None, object, typing.Any, Unequal())))


@pytest.mark.parametrize("tell", [is_union, is_literal, is_transparent])
def test_what_has_no_equality_is_no_form(tell: typing.Callable[[object], bool]) -> None:
    assert not any(map(tell, (None, list, Unequal())))
