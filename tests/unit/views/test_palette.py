"""Contrast: text 4.5 : 1 on what it stands on, lines 3 : 1, on light and on dark ground."""

from __future__ import annotations

import pytest

from flowing.results import StepState
from flowing.views.palette import DARK, LIGHT, Palette, contrast


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#777777", "#ffffff") < 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_all_text_can_be_read(palette: Palette) -> None:
    assert set(palette.tones) == set(StepState)
    for ground in (palette.ground, palette.raised):
        for ink in (palette.ink, palette.soft, palette.accent):
            assert contrast(ink, ground) >= 4.5
    for state, tone in palette.tones.items():
        assert contrast(tone.ink, tone.fill) >= 4.5, state
        assert contrast(tone.line, palette.ground) >= 4.5, state  # the words in the table are of this colour


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_all_lines_can_be_seen(palette: Palette) -> None:
    assert contrast(palette.line, palette.ground) >= 3
    for state, tone in palette.tones.items():
        assert contrast(tone.line, tone.fill) >= 3, state
