"""Which tasks go together, on graphs small enough to see it."""

from __future__ import annotations

from flowing.results import StepState
from flowing.views.grouping import alike, by_depth, equal_siblings, in_bands, in_rows
from flowing.views.picture import dependents_of
from tests.unit.views.drawn import DIAMOND, chain, chains, picture


def test_equal_siblings_have_the_same_neighbours_and_state() -> None:
    diamond = picture(DIAMOND)
    assert equal_siblings(diamond, dependents_of(diamond)) == (0, 1, 1, 2)
    failed = picture(DIAMOND, state=lambda place: StepState.FAILED if place == 1 else StepState.SUCCEEDED)
    assert equal_siblings(failed, dependents_of(failed)) == (0, 1, 2, 3)
    dashed = picture(DIAMOND, order_only={1})
    assert equal_siblings(dashed, dependents_of(dashed)) == (0, 1, 2, 3)


def test_alike_are_those_whose_ways_up_and_down_are_alike() -> None:
    several = picture(chains(3, 2))
    assert equal_siblings(several, dependents_of(several)) == (0, 1, 2, 3, 4, 5)
    assert alike(several, dependents_of(several)) == (0, 0, 0, 1, 1, 1)
    one_failed = picture(chains(3, 2), state=lambda place: StepState(["SUCCEEDED", "FAILED"][place == 4]))
    assert alike(one_failed, dependents_of(one_failed)) == (0, 1, 0, 2, 3, 2)


def test_rows_end_at_forks_and_where_the_state_changes() -> None:
    shape = [[], [0], [1], [1], [3]]
    assert in_rows(picture(shape), tuple(range(5))) == (0, 0, 2, 3, 3)
    changed = picture(chain(4), state=lambda place: StepState(["SUCCEEDED", "FAILED"][place > 1]))
    assert in_rows(changed, tuple(range(4))) == (0, 0, 2, 2)


def test_depth_is_that_of_the_longest_way() -> None:
    assert by_depth(picture([[], [], [0], [0, 2]])) == (0, 0, 1, 2)


def test_bands_are_as_many_as_are_allowed_and_detached_tasks_are_apart() -> None:
    assert in_bands(picture(chain(6)), 6) == (0, 0, 1, 1, 2, 2)
    assert in_bands(picture(chain(4), detached={3}), 4) == (0, 0, 1, 2)
