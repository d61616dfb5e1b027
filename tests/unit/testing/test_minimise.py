"""Making a list of choices plainer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowing.testing.minimise import minimise, without_last_zeros

CHOICES = st.lists(st.integers(0, 9), max_size=40).map(tuple)


@given(CHOICES)
def test_what_matters_is_left(choices: tuple[int, ...]) -> None:
    """Of a list that fails because of a 7 and then a 3, those two are left."""

    def fails(candidate: tuple[int, ...]) -> bool:
        return 7 in candidate and 3 in candidate[candidate.index(7) :]

    long = (*choices, 7, *choices, 3, *choices)
    assert minimise(long, fails, tries_max=10_000) == (7, 3)


@given(CHOICES)
def test_numbers_become_as_small_as_can_be(choices: tuple[int, ...]) -> None:
    assert sum(minimise((*choices, 9), lambda candidate: sum(candidate) >= 5, tries_max=10_000)) == 5


@given(CHOICES, st.integers(0, 30))
def test_it_asks_no_more_often_than_it_may_and_always_gives_what_fails(choices: tuple[int, ...], most: int) -> None:
    asked: list[tuple[int, ...]] = []

    def fails(candidate: tuple[int, ...]) -> bool:
        asked.append(candidate)
        return sum(candidate) >= sum(choices) // 2

    plain = minimise(choices, fails, tries_max=most)
    assert len(asked) <= most
    assert sum(plain) >= sum(choices) // 2


def test_last_zeros_are_what_a_replay_adds_by_itself() -> None:
    assert without_last_zeros((0, 1, 0, 0)) == (0, 1)
    assert without_last_zeros((0, 0)) == ()
