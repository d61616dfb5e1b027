"""What pictures say of a run."""

from __future__ import annotations

from flowing.results import StepState
from flowing.views.picture import Picture
from flowing.views.wording import critical_time_s, headline, wall_time_s
from tests.unit.views.drawn import chain, picture


def test_a_run_is_said_in_a_line() -> None:
    assert headline(picture(chain(2))) == "flow: 2 tasks, 2 SUCCEEDED"
    assert headline(Picture(tasks=(), title="a\nb")) == "a\\nb: 0 tasks"


def test_times_are_those_of_the_run() -> None:
    assert wall_time_s(picture(chain(3))) == 3
    assert critical_time_s(picture(chain(3))) == 3
    assert wall_time_s(picture(chain(3), state=lambda place: StepState.PENDING)) is None
