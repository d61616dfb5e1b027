"""What a box says, in it and when it is pointed at: a few lines, whatever it holds. See test_svg.py, too."""

from __future__ import annotations

from flowing.results import StepState
from flowing.views.diagram import diagram_of
from flowing.views.tooltip import said_of, tooltip
from tests.unit.views.drawn import chain, fan, layered, mixed, picture


def test_many_dependencies_are_cut_and_counted() -> None:
    shown = picture(fan(200), name=lambda place: f"task_{place}_" + "x" * 300)
    said = tooltip(shown, diagram_of(shown).boxes[-1])
    assert "and 192 more" in said
    assert len(said) < 1_500


def test_a_detached_task_says_so() -> None:
    shown = picture(chain(2), detached={1})
    said = [tooltip(shown, box).splitlines()[1] for box in diagram_of(shown).boxes]
    assert said == ["SUCCEEDED · 1.00 s · 1 attempt", "SUCCEEDED · detached · 1.00 s · 1 attempt"]


def test_a_box_of_many_counts_its_states() -> None:
    shown = picture(layered(3_000, 400, seed=7), state=mixed)
    said = {said_of(shown, box) for box in diagram_of(shown).boxes}
    assert any(": " in each and "SUCCEEDED" in each and "FAILED" in each for each in said)
    pending = picture(fan(1_000), state=lambda place: StepState.PENDING)
    assert said_of(pending, diagram_of(pending).boxes[1]) == "\N{MULTIPLICATION SIGN} 1,000"
