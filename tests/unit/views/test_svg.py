"""The drawing of the graph: XML that needs nothing, in which every state can be told apart without colour."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing import Flow, task
from flowing.results import StepState
from flowing.views.picture import DrawnTask, Picture
from flowing.views.svg import svg
from tests.unit.views.drawn import chain, gallery, named, picture

PICTURES = gallery()
SVG = "{http://www.w3.org/2000/svg}"


@cache
def drawing_of(name: str) -> str:
    return svg(PICTURES[name])


def parsed(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)


def shown_text(drawing: str) -> list[str]:
    return [each.text or "" for each in parsed(drawing).iter() if each.tag in {f"{SVG}text", f"{SVG}title"}]


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_one_accessible_element_without_ids_scripts_or_references(name: str) -> None:
    drawing = drawing_of(name)
    root = parsed(drawing)
    assert root.get("role") == "img"
    assert root.get("aria-label", "").startswith("flow: ")
    for each in root.iter():
        assert each.tag.removeprefix(SVG) in {"svg", "style", "g", "title", "rect", "path", "text"}
        assert not {"id", "href", "onload", "onclick"} & set(each.attrib)
    assert "url(" not in drawing
    assert "http" not in drawing.replace('xmlns="http://www.w3.org/2000/svg"', "")


@pytest.mark.parametrize("name", PICTURES)
def test_all_is_inside_the_picture(name: str) -> None:
    root = parsed(drawing_of(name))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for each in root.iter(f"{SVG}rect"):
        assert float(each.get("x", 0)) >= 0
        assert float(each.get("x", 0)) + float(each.get("width", 0)) <= width
        assert float(each.get("y", 0)) + float(each.get("height", 0)) <= height


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_the_same_every_time(name: str) -> None:
    assert svg(PICTURES[name]) == drawing_of(name)


def test_each_state_has_a_symbol_and_a_word_of_its_own() -> None:
    states = list(StepState)
    root = parsed(svg(picture([[]] * len(states), state=states.__getitem__)))
    symbols: dict[str, str] = {}
    for group in root.iter(f"{SVG}g"):
        words = [each.text or "" for each in group.iter(f"{SVG}text")]
        (symbol,) = [each.get("d", "") for each in group.iter(f"{SVG}path")]
        symbols[words[1].split(" · ")[0]] = symbol
    assert set(symbols) == set(states)
    assert len(set(symbols.values())) == len(states)


def test_before_a_run_there_are_names_alone() -> None:
    root = parsed(svg(picture(chain(3), state=lambda place: StepState.PENDING)))
    assert [each.text for each in root.iter(f"{SVG}text")] == ["task_0", "task_1", "task_2"]


def test_order_without_a_value_is_dashed_and_said() -> None:
    dashed = svg(picture(chain(2), order_only={1}))
    assert 'class="fl-edge"' in dashed
    assert 'stroke-dasharray="5 4"' in dashed
    assert "Dashed: order without a value." in dashed
    plain = svg(picture(chain(2)))
    assert 'stroke-dasharray="5 4"' not in plain
    assert "Dashed" not in plain


def test_detached_tasks_stand_behind_a_line() -> None:
    drawing = svg(PICTURES["detached"])
    assert "detached: after the main graph" in drawing
    assert "detached" not in svg(picture(chain(3)))
    assert drawing.count('rx="22"') == 3


def test_a_tooltip_says_what_has_no_room() -> None:
    shown = Picture(
        tasks=(
            DrawnTask(name="load", state=StepState.SUCCEEDED, attempts=1, duration_s=2.5, value="list, 3 items"),
            DrawnTask(
                name="x" * 100,
                state=StepState.FAILED,
                attempts=3,
                duration_s=0.5,
                why="OSError: disk full",
                dependencies=(0,),
            ),
        )
    )
    assert [each.splitlines() for each in shown_text(svg(shown)) if "\n" in each] == [
        ["load", "SUCCEEDED · 2.50 s · 1 attempt", "value: list, 3 items"],
        ["x" * 100, "FAILED · 500.0 ms · 3 attempts", "OSError: disk full", "depends on: load"],
    ]


def test_a_folded_box_counts_and_names_its_tasks() -> None:
    texts = shown_text(svg(PICTURES["many chains"]))
    assert "\N{MULTIPLICATION SIGN} 1,000 SUCCEEDED" in texts
    assert any(each.startswith("1,000 tasks: 1,000 SUCCEEDED\ntask_0, task_1,") for each in texts)
    assert any("and 992 more" in each for each in texts)


def test_an_empty_picture_says_so() -> None:
    assert "no tasks" in svg(Picture(tasks=()))


def test_ends_of_long_names_are_kept() -> None:
    texts = shown_text(svg(picture([[]], name=lambda place: "load_the_invoices_of_all_customers_since_1999_2024")))
    (name,) = [each for each in texts if "…" in each]
    assert name.startswith("load_the_inv")
    assert name.endswith("_2024")


@given(name=st.text(st.characters(), min_size=1, max_size=60), why=st.text(st.characters()))
def test_no_text_of_a_task_becomes_markup(name: str, why: str) -> None:
    """[S8] [S9] No control or format character, and no element that is not ours."""
    shown = Picture(tasks=(DrawnTask(name=name, state=StepState.FAILED, why=why), DrawnTask(name="b")), title=name)
    drawing = svg(shown)
    tags = re.findall(r"<([a-z]+)", drawing)
    plain = Picture(tasks=(DrawnTask(name="a", state=StepState.FAILED, why="x"), DrawnTask(name="b")))
    assert tags == re.findall(r"<([a-z]+)", svg(plain))
    parsed(drawing)
    assert not {unicodedata.category(each) for each in drawing.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_markup_from_a_task_is_found_out() -> None:
    """Control: what the claim above looks for, in a drawing that was tampered with."""
    drawing = svg(picture([[]], name=named)).replace("fetch_customers", "<script>")
    assert "script" in re.findall(r"<([a-z]+)", drawing)


def test_a_flow_draws_itself() -> None:
    @task
    def load() -> int:
        return 1

    @task(depends_on=[load], after=[load])
    def store(load: int) -> None:
        raise ValueError("secret")

    last = task(lambda: None, name="last", after=[store])
    flow = Flow(last)
    assert [each for each in shown_text(flow.to_svg()) if each.isalpha()] == ["load", "load", "store", "last"]
    flow.run()
    texts = shown_text(flow.to_svg())
    assert "load" in texts
    assert any("ValueError: secret" in each for each in texts)
    assert any(each.startswith(("last\nCANCELLED", "last\nSKIPPED")) for each in texts)
    assert "Dashed" in flow.to_svg()
