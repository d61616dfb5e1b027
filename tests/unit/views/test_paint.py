"""What all drawings share: a ground of their own, dark colours in one style, no ids."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from flowing.results import StepState
from flowing.views.markup import text
from flowing.views.paint import STYLE, drawing, symbol, words
from flowing.views.palette import DARK


def test_a_drawing_stands_on_a_ground_of_its_own() -> None:
    root = ET.fromstring(drawing(words(text("<a>"), x=1, y=2), width=50, height=40, label='say "it"'))
    assert root.attrib["aria-label"] == 'say "it"'
    assert root.attrib["viewBox"] == "0 0 50 40"
    style, ground, line = list(root)
    assert style.tag.endswith("style")
    assert ground.attrib["class"] == "fl-ground fl-frame"
    assert line.text == "<a>"


def test_every_colour_has_its_dark_one() -> None:
    for state, tone in DARK.tones.items():
        assert f".fl-box-{state}{{fill:{tone.fill};stroke:{tone.line}}}" in STYLE
        assert f".fl-ink-{state}{{fill:{tone.ink}}}" in STYLE


def test_symbols_differ() -> None:
    assert len({symbol(state, x=0, y=0).split(' d="')[1].split('"')[0] for state in StepState}) == len(StepState)
