"""The drivers of choice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowing.testing.choices import Every, Replayed, Seeded


def test_a_seed_always_chooses_the_same() -> None:
    """Also on every other Python: the numbers are written down here."""
    seeded = Seeded(7)
    assert [seeded.below(10, "") for _ in range(8)] == [3, 1, 6, 0, 5, 3, 0, 5]


@given(st.integers(), st.lists(st.integers(1, 9), max_size=50))
def test_what_was_chosen_can_be_replayed(seed: int, arities: list[int]) -> None:
    seeded = Seeded(seed)
    chosen = [seeded.below(n, "") for n in arities]
    assert all(0 <= choice < n for choice, n in zip(chosen, arities, strict=True))
    replayed = Replayed(seeded.taken)
    assert [replayed.below(n, "") for n in arities] == chosen
    assert replayed.taken == seeded.taken


@given(st.lists(st.integers(0, 100)), st.lists(st.integers(1, 9), max_size=50))
def test_any_numbers_can_be_replayed_and_then_the_plainest(numbers: list[int], arities: list[int]) -> None:
    replayed = Replayed(numbers)
    chosen = [replayed.below(n, "") for n in arities]
    assert all(0 <= choice < n for choice, n in zip(chosen, arities, strict=True))
    made = [choice for choice, n in zip(chosen, arities, strict=True) if n > 1]
    assert made[len(numbers) :] == [0] * max(0, len(made) - len(numbers))


@given(st.lists(st.integers(1, 4), max_size=5))
def test_every_sequence_is_chosen_once(arities: list[int]) -> None:
    """Also where an earlier choice decides how many later ones there are."""
    every, seen = Every(), []
    while True:
        chosen: list[int] = []
        for n in arities:
            chosen.append(every.below(n + sum(chosen) % 2, ""))
        seen.append(tuple(chosen))
        if not every.advance():
            break
    assert len(set(seen)) == len(seen) == count(arities, 0)


def count(arities: list[int], total: int) -> int:
    if not arities:
        return 1
    return sum(count(arities[1:], total + choice) for choice in range(arities[0] + total % 2))


def test_where_there_is_no_alternative_nothing_is_chosen() -> None:
    for driver in (Seeded(1), Replayed([1]), Every()):
        assert driver.below(1, "") == 0
        assert driver.taken == []
