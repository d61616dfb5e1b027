"""From time to pixels: ascending, whole, and with little room for the hours in which nothing ran."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing.views.axis import axis_of, worded


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e3)), max_size=20), st.floats(0, 1e6))
def test_time_goes_forward_from_edge_to_edge(busy: list[tuple[float, float]], tail_s: float) -> None:
    ends: list[tuple[float, float]] = []
    at_s = 0.0
    for gap_s, length_s in busy:
        ends.append((at_s + gap_s, at_s + gap_s + length_s))
        at_s = ends[-1][1]
    axis = axis_of(ends, length_s=at_s + tail_s, width=900)
    assert axis.at(0) == 0
    assert axis.at(max(at_s + tail_s, 1e-6)) == pytest.approx(900)
    places = [axis.at(each) for pair in ends for each in pair]
    assert places == sorted(places)
    ticks = list(axis.ticks())
    assert all(0 <= place <= 900.001 for place, _ in ticks)
    assert len(ticks) <= 40
    assert all(later[0] - earlier[0] >= 45 for earlier, later in pairwise(ticks))


def test_hours_in_which_nothing_ran_are_short() -> None:
    axis = axis_of([(0, 10), (36_000, 36_010)], length_s=36_010, width=944)
    assert axis.breaks == ((10, 36_000),)
    assert axis.at(10) == pytest.approx(450)
    assert axis.at(36_000) == pytest.approx(494)
    assert [said for _, said in axis.ticks()][:3] == ["0 s", "2 s", "4 s"]


def test_short_waits_keep_their_room() -> None:
    assert axis_of([(0, 10), (25, 35)], length_s=35, width=900).breaks == ()


@pytest.mark.parametrize(
    ("time_s", "step_s", "said"),
    [
        (0.05, 0.05, "50 ms"),
        (0.0005, 0.0005, "0.5 ms"),
        (1.5, 0.5, "1.50 s"),
        (12, 2, "12 s"),
        (120, 60, "2 min"),
        (7200, 3600, "2 h"),
        (172_800, 86_400, "2 d"),
        (0.0123, 0, "12.3 ms"),
    ],
)
def test_times_are_written_as_precisely_as_the_step_needs(time_s: float, step_s: float, said: str) -> None:
    assert worded(time_s, step_s) == said


@pytest.mark.parametrize("length_s", [1e-5, 0.3, 45, 3_000, 90_000, 5e6])
def test_any_length_has_a_few_ticks(length_s: float) -> None:
    ticks = list(axis_of([(0, length_s)], length_s=length_s, width=900).ticks())
    assert 4 <= len(ticks) <= 20
    assert len({said for _, said in ticks}) == len(ticks)


def test_where_most_would_be_breaks_time_is_left_as_it_is() -> None:
    busy = [(place * 1_000.0, place * 1_000.0 + 0.01) for place in range(20)]
    assert axis_of(busy, length_s=20_000, width=800).breaks == ()
