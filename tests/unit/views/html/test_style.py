"""The style: both grounds are in it, and every state has its colours."""

from __future__ import annotations

from flowing.results import StepState
from flowing.views.html.style import STYLE
from flowing.views.palette import DARK, LIGHT


def test_light_and_dark_are_there_for_every_state() -> None:
    light, dark = STYLE.split("@media (prefers-color-scheme:dark)")
    assert f"--ground:{LIGHT.ground}" in light
    assert f"--ground:{DARK.ground}" in dark
    for state in StepState:
        assert f"--{state}-ink:{LIGHT.tones[state].ink}" in light
        assert f"--{state}-ink:{DARK.tones[state].ink}" in dark
        assert f".chip.{state}{{" in STYLE
