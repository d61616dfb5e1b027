"""The model: what is counted, turned round and derived."""

from __future__ import annotations

from attrs import evolve

from flowing.results import StepState
from flowing.views.picture import DrawnTask, Picture, critical_path, dependents_of
from tests.unit.views.drawn import DIAMOND, chain, picture


def timed(*rows: tuple[float | None, float | None, tuple[int, ...]]) -> Picture:
    return Picture(
        tasks=tuple(
            DrawnTask(name=f"t{place}", started_s=started, duration_s=took, dependencies=needed)
            for place, (started, took, needed) in enumerate(rows)
        )
    )


def test_the_critical_path_goes_back_to_what_ended_last() -> None:
    shown = timed((0, 1, ()), (0, 3, ()), (3, 1, (0, 1)), (1, 1, (0,)), (4, 5, (2, 3)))
    assert critical_path(shown) == (1, 2, 4)


def test_detached_tasks_are_not_on_it_and_neither_is_what_has_no_time() -> None:
    shown = timed((0, 1, ()), (1, 1, (0,)), (2, 9, (1,)))
    apart = Picture(tasks=(*shown.tasks[:2], evolve(shown.tasks[2], detached=True)))
    assert critical_path(apart) == (0, 1)
    assert critical_path(timed((None, None, ()), (5, None, (0,)))) == ()
    assert critical_path(timed((None, None, ()), (5, 1, (0,)))) == (1,)


def test_edges_are_turned_round() -> None:
    assert dependents_of(picture(DIAMOND)) == ((1, 2), (3,), (3,), ())


def test_states_are_counted_and_a_run_that_has_not_begun_is_known() -> None:
    assert picture(chain(3)).counts == {StepState.SUCCEEDED: 3}
    assert picture(chain(3)).begun
    assert not picture(chain(3), state=lambda place: StepState.PENDING).begun
