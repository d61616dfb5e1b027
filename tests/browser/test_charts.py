"""Flowcharts read and drawn by Mermaid itself: every chart is one, and every label says what the task is named."""

from __future__ import annotations

import os
import re
import tarfile
from typing import TYPE_CHECKING

import pytest

from flowing._text import one_line
from flowing.views.mermaid import mermaid
from tests.unit.views.drawn import NAMES, chain, gallery, mixed, picture

if TYPE_CHECKING:
    from tests.browser.chromium import Browser, Site

PICTURES = gallery()
TRICKY = (
    *NAMES,
    "end",
    "subgraph",
    "a --> b",
    'x"] --> y["z',
    "style a:#b;",
    "classDef q:#r;",
    "%% comment",
    "1. list",
    "- list",
    "# heading",
    "**bold** _slanted_ `code`",
    "$$x^2$$",
    "graph TD",
    "---",
    "@{ shape: circle }",
    "fa:fa-car",
    'click t0 "javascript:alert(1)"',
    "&amp; &lt;b&gt; &#35;",
    "\N{RIGHT-TO-LEFT OVERRIDE}abc",
    "::: name",
    "{{a}}((b))[/c/]>d]",
    "\\n\\\\",
)
DRAW = """
const [chart] = arguments;
await mermaid.parse(chart);
const {svg} = await mermaid.render("chart", chart);
document.getElementById("chart-here").innerHTML = svg;
return [...document.querySelectorAll("g.node .nodeLabel")].map(each => each.innerText);
"""


@pytest.fixture(scope="module")
def reader(chromium: Browser, pages: Site) -> Browser:
    """Give the browser, with Mermaid in it, in its strict mode."""
    package = os.environ.get("FLOWING_MERMAID")
    if not package:
        pytest.skip("needs Mermaid, in FLOWING_MERMAID: nox --session browser, with npm on PATH")
    with tarfile.open(package) as archive:
        script = archive.extractfile("package/dist/mermaid.min.js")
        assert script is not None
        pages.pages["/mermaid.js"] = script.read()
    pages.pages["/charts.html"] = (
        b'<!DOCTYPE html><script src="/mermaid.js"></script>'
        b"<script>mermaid.initialize({startOnLoad: false, securityLevel: 'strict'})</script><div id=chart-here></div>"
    )
    chromium.open(f"{pages.address}/charts.html")
    return chromium


@pytest.mark.parametrize("name", PICTURES)
def test_every_chart_is_drawn(name: str, reader: Browser) -> None:
    chart = mermaid(PICTURES[name])
    assert len(reader.run(DRAW, chart)) == len(re.findall(r"^ +t\d+[\[(]", chart, re.MULTILINE)) > 0


def test_every_name_is_shown_as_it_is(reader: Browser) -> None:
    """[S9] Whatever it would mean in Mermaid, Markdown or HTML."""
    labels = reader.run(DRAW, mermaid(picture(chain(len(TRICKY)), name=TRICKY.__getitem__, state=mixed)))
    assert [label.split("\n")[0].replace("\N{WORD JOINER}", "") for label in labels] == [
        one_line(name) for name in TRICKY
    ]
    assert reader.run("return document.querySelectorAll('#chart-here script, #chart-here b').length") == 0


def test_what_is_no_chart_is_refused(reader: Browser) -> None:
    """Control."""
    broken = mermaid(PICTURES["chain"]).replace('["task_0', '["task"_0')
    assert reader.run("return mermaid.parse(arguments[0]).then(() => 'fine', () => 'refused')", broken) == "refused"
