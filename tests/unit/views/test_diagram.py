"""What is shown of a run: everything up to 300 tasks, and beyond that boxes that are as few, and say what they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing.results import StepState
from flowing.views.diagram import Box, Diagram, diagram_of, in_forward_order
from flowing.views.picture import DrawnTask, Picture
from tests.unit.views.drawn import chain, chains, fan, gallery, layered, mixed, picture

PICTURES = gallery()


@pytest.mark.parametrize("name", PICTURES)
def test_every_task_is_in_one_box_and_boxes_are_few(name: str) -> None:
    shown = PICTURES[name]
    diagram = diagram_of(shown)
    assert sorted(place for box in diagram.boxes for place in box.members) == list(range(len(shown.tasks)))
    assert len(diagram.boxes) <= 300
    if len(shown.tasks) <= 300:
        assert all(len(box.members) == 1 for box in diagram.boxes)
    else:
        assert f"{len(shown.tasks):,} tasks drawn as {len(diagram.boxes):,} box" in diagram.notes[0]
    in_forward_order(len(diagram.boxes), diagram.edges)  # raises where there is a circle


def reachable(diagram: Diagram) -> set[tuple[int, int]]:
    """Say which box can be reached from which, by trying."""
    pairs = {(edge.source, edge.target) for edge in diagram.edges}
    while True:
        more = {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs
        if not more:
            return pairs
        pairs |= more


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    size = draw(st.integers(1, 14))
    tasks: list[DrawnTask] = []
    for place in range(size):
        needed = draw(st.sets(st.integers(0, place - 1), max_size=4)) if place else set()
        after_detached = any(tasks[each].detached for each in needed)
        tasks.append(
            DrawnTask(
                name=f"t{place}",
                state=draw(st.sampled_from([StepState.SUCCEEDED, StepState.FAILED])),
                detached=after_detached or draw(st.integers(0, 4)) == 0,
                dependencies=tuple(sorted(needed)),
            )
        )
    return Picture(tasks=tuple(tasks))


@given(pictures(), st.integers(6, 14))
def test_a_folded_graph_has_no_circle_and_loses_no_dependency(shown: Picture, boxes_max: int) -> None:
    diagram = diagram_of(shown, boxes_max=boxes_max)
    assert len(diagram.boxes) <= boxes_max
    in_forward_order(len(diagram.boxes), diagram.edges)
    box_of = {place: index for index, box in enumerate(diagram.boxes) for place in box.members}
    ways = reachable(diagram)
    for place, each in enumerate(shown.tasks):
        for needed in each.dependencies:
            assert box_of[needed] == box_of[place] or (box_of[needed], box_of[place]) in ways
    for box in diagram.boxes:
        assert len({shown.tasks[place].detached for place in box.members}) == 1


def test_equal_siblings_are_one_box_and_other_states_stay_apart() -> None:
    """A failed task among 10,000 is not to be overlooked."""
    shown = picture(fan(10_000), state=lambda place: StepState.FAILED if place == 77 else StepState.SUCCEEDED)
    boxes = diagram_of(shown).boxes
    assert sorted((len(box.members), box.state.value) for box in boxes) == [
        (1, "FAILED"),
        (1, "SUCCEEDED"),
        (1, "SUCCEEDED"),
        (9_999, "SUCCEEDED"),
    ]


def test_alike_chains_are_one_chain() -> None:
    assert [len(box.members) for box in diagram_of(picture(chains(1_000, 4))).boxes] == [1_000] * 4


def test_those_in_a_row_are_one_box() -> None:
    boxes = diagram_of(picture(chain(1_000), state=lambda place: StepState(["SUCCEEDED", "FAILED"][place > 600]))).boxes
    assert [len(box.members) for box in boxes] == [601, 399]


def test_a_tangle_is_cut_by_depth_and_then_into_bands() -> None:
    by_depth = diagram_of(picture(layered(3_000, 40, seed=7), state=mixed))
    assert "of the same state and depth" in by_depth.notes[0]
    bands = diagram_of(picture(layered(3_000, 400, seed=7), state=mixed))
    assert "of about the same depth" in bands.notes[0]
    assert 30 < len(bands.boxes) <= 300
    assert any(box.state is StepState.FAILED for box in bands.boxes)


def test_dependencies_that_follow_from_others_are_left_out_where_there_are_many() -> None:
    dense = diagram_of(picture([list(range(place)) for place in range(40)]))
    assert len(dense.edges) == 39
    assert dense.notes == ("741 dependencies that follow from others are not drawn.",)
    assert len(diagram_of(picture([list(range(place)) for place in range(20)])).edges) == 190


def test_many_edges_are_folded_where_few_are_allowed() -> None:
    shown = picture([[]] * 30 + [list(range(30))] * 30)
    assert len(diagram_of(shown).edges) == 900
    assert len(diagram_of(shown, edges_max=500).edges) == 1


def test_an_edge_is_order_only_if_all_that_it_stands_for_are() -> None:
    shown = picture(fan(400), order_only=set(range(1, 401)))
    assert [edge.order_only for edge in diagram_of(shown).edges] == [True, False]


def test_a_circle_is_found_out() -> None:
    """Control for the claims above."""
    diagram = diagram_of(picture(chain(3)))
    edges = (*diagram.edges, type(diagram.edges[0])(2, 0, order_only=False))
    with pytest.raises(AssertionError, match="circle"):
        in_forward_order(3, edges)


def test_a_box_is_named_by_its_first_task() -> None:
    assert Box(members=(4, 9), state=StepState.FAILED, detached=False).first == 4
