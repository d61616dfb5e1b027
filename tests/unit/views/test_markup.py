"""Text can't become an element or an attribute, whatever is in it."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from flowing._text import one_line
from flowing.views.markup import Markup, element, joined, lines, number, text


class Reader(HTMLParser):
    """Keeps what a browser would see."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.content = ""
        self.feed(source)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @override
    def handle_data(self, data: str) -> None:
        self.content += data


@given(st.text(st.characters()), st.text(st.characters()))
def test_text_stays_text_in_html_and_in_xml(content: str, attribute: str) -> None:
    """[S9] In content and in attributes."""
    made = element("p", text(content), aria_label=attribute)
    read = Reader(made)
    assert read.tags == [("p", {"aria-label": one_line(attribute, length_max=len(attribute))})]
    assert read.content == one_line(content)
    assert ET.fromstring(made).text in {one_line(content), None}


def test_an_element_that_got_in_is_seen_by_the_reader() -> None:
    """Control."""
    assert len(Reader(element("p", Markup("<b>x</b>"))).tags) == 2


def test_lines_stay_lines() -> None:
    assert lines("a <\nb\x1b[0m") == "a &lt;\nb\\x1b[0m"


def test_an_element_is_written_as_html_and_as_xml() -> None:
    assert element("rect", x=1.0, width=2.25, class_="a", fill=None) == '<rect x="1" width="2.2" class="a"/>'
    assert element("code") == "<code></code>"
    assert element("g", element("path", d="M0 0"), stroke_width=2) == '<g stroke-width="2"><path d="M0 0"/></g>'
    assert element("svg", viewBox="0 0 1 1") == '<svg viewBox="0 0 1 1"></svg>'


def test_a_long_text_is_cut_and_a_long_attribute_is_not() -> None:
    assert "…" in text("x" * 10_000)
    assert len(element("path", d="M0 0" * 1_000)) > 4_000


def test_parts_are_put_after_each_other() -> None:
    assert joined([text("a"), text("b")], by="\n") == "a\nb"
    with pytest.raises(AssertionError):
        joined([], by="<br>")


def test_a_length_is_written_to_a_tenth() -> None:
    assert [number(each) for each in (1, 1.0, 1.25, 1.26, -0.5)] == ["1", "1", "1.2", "1.3", "-0.5"]
