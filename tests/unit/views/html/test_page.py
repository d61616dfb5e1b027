"""The report: one file that needs nothing, in which nothing of a task's becomes markup."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowing import Flow, task
from flowing.results import StepState
from flowing.views.html import html
from flowing.views.picture import DrawnTask, Picture
from tests.unit.views.drawn import gallery
from tests.unit.views.html.reading import Page

if TYPE_CHECKING:
    from pathlib import Path

PICTURES = gallery()


@pytest.mark.parametrize("name", PICTURES)
def test_it_needs_nothing_else_and_runs_nothing(name: str) -> None:
    source = html(PICTURES[name])
    page = Page(source)
    assert source.startswith("<!DOCTYPE html>\n<html lang=")
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "base", "form", "a", "image", "use"}
    for tag, attributes in page.elements:
        assert not [each for each in attributes if each.startswith("on") or each in {"src", "id", "xlink:href"}]
        assert "href" not in attributes or (tag, attributes["href"]) == ("link", "data:,")
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", source)
    (policy,) = [each["content"] for _, each in page.elements if each.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy).startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert len(source) < 4_000_000


@given(name=st.text(st.characters(), min_size=1, max_size=60), why=st.text(st.characters(), max_size=60))
@settings(max_examples=40)
def test_no_text_of_a_task_becomes_markup(name: str, why: str) -> None:
    """[S8] [S9] The same elements as for plain text, and no control or format character."""

    def page(name: str, why: str, traceback: str) -> str:
        return html(
            Picture(
                tasks=(
                    DrawnTask(name=name, state=StepState.FAILED, why=why, traceback=traceback, attempts=1),
                    DrawnTask(name="b", state=StepState.SKIPPED, why=why, started_s=0.0, value=name),
                ),
                title=name,
                notes=(why,),
            )
        )

    source = page(name, why, f"{why}\n{name}")
    plain = page("a", "x", "x\na")
    shapes = {"textLength", "lengthAdjust"}
    assert [tag for tag, _ in Page(source).elements] == [tag for tag, _ in Page(plain).elements]
    for (_, one), (_, other) in zip(Page(source).elements, Page(plain).elements, strict=True):
        assert set(one) - {each.lower() for each in shapes} == set(other)
    assert not {unicodedata.category(each) for each in source.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_what_got_in_is_found_out() -> None:
    """Control."""
    tampered = html(PICTURES["one"]).replace("task_0</code>", "<img src=x onerror=alert(1)></code>")
    with pytest.raises(AssertionError):
        Page(tampered)


def test_a_flow_writes_its_report(tmp_path: Path) -> None:
    @task
    def load() -> int:
        return 1

    flow = Flow(load)
    flow.run()
    flow.to_html(tmp_path / "report.html", title="nightly")
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    assert page.said("h1") == ["nightly"]
    assert page.said("h2") == ["Graph", "Timeline", "Tasks"]
    with pytest.raises(OSError, match="missing"):
        flow.to_html(tmp_path / "missing" / "report.html")


def test_before_a_run_there_is_no_timeline() -> None:
    assert Page(html(PICTURES["lonely"])).said("h2") == ["Graph", "Tasks"]


def test_what_is_not_known_of_earlier_attempts_is_said() -> None:
    shown = Picture(tasks=(DrawnTask(name="a", state=StepState.SUCCEEDED, attempts=3, started_s=5.0, duration_s=1.0),))
    assert "events of the run tell the rest" in html(shown)
    assert "events of the run tell the rest" not in html(PICTURES["chain"])
