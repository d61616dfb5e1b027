"""A set of row numbers holds what a Python set holds, lowest first, across its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import given
from hypothesis import strategies as st

from flowing.core.bit_set import LAST, bit_set_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE: Final = 5 * (LAST + 1)
EDGES: Final = [0, 1, LAST - 1, LAST, LAST + 1, 2 * LAST + 1, 2 * LAST + 2, SIZE - 1]

some_numbers = st.lists(st.sampled_from(EDGES) | st.integers(0, SIZE - 1), unique=True).map(sorted)
stretches = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(lambda ends: [*range(min(ends), max(ends))])


@given(some_numbers | stretches, st.lists(some_numbers | stretches, max_size=5))
def test_what_is_flipped_is_in_if_it_was_not(begun: Sequence[int], changes: Sequence[Sequence[int]]) -> None:
    numbers, expected = bit_set_of(begun, SIZE), set(begun)
    for change in changes:
        before = numbers.copy()
        numbers.flip(change)
        assert before.listed() == sorted(expected), "a copy has no part in it"
        expected ^= set(change)
    assert numbers.listed() == sorted(expected)
    assert bool(numbers.summary) == bool(expected)


@given(some_numbers, st.sampled_from(EDGES) | st.integers(0, SIZE - 1))
def test_the_first_is_the_lowest_from_there_on(begun: Sequence[int], start: int) -> None:
    numbers = bit_set_of(begun, SIZE)
    assert numbers.first(start) == next((each for each in begun if each >= start), None)
