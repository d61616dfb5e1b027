"""What all drawings share: shapes of the states, fonts, and colours that follow the reader's light or dark. No layout.

Colours are attributes for light ground; one `<style>` turns them dark. So a drawing whose style is stripped, or shown
by a program that knows none, is still right. There are no ids: two drawings can stand on one page.
"""

from __future__ import annotations

from typing import Final

from flowing.results import StepState
from flowing.views.markup import Markup, element, number
from flowing.views.palette import DARK, LIGHT

SANS: Final = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
MONO: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

# In a field of 12 by 12, as lines: told apart without any colour.
_SYMBOLS: Final = {
    StepState.SUCCEEDED: "M1.8 6.6 4.8 9.6 10.4 2.8",
    StepState.FAILED: "M2.4 2.4 9.6 9.6M9.6 2.4 2.4 9.6",
    StepState.SKIPPED: "M1.6 2.4 5.2 6 1.6 9.6M6.4 2.4 10 6 6.4 9.6",
    StepState.CANCELLED: "M2.4 2.4H9.6V9.6H2.4Z",
    StepState.RUNNING: "M3 1.8 10 6 3 10.2Z",
    StepState.PENDING: "M6 2A4 4 0 1 0 6 10A4 4 0 1 0 6 2Z",
}


def symbol(state: StepState, *, x: float, y: float) -> Markup:
    """Draw a state's symbol with its upper left corner there."""
    return element(
        "path",
        class_=f"fl-line-{state}",
        d=_SYMBOLS[state],
        transform=f"translate({number(x)} {number(y)})",
        fill="none",
        stroke=LIGHT.tones[state].line,
        stroke_width=1.8,
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def _dark() -> str:
    rules = [
        f".fl-ground{{fill:{DARK.ground}}}",
        f".fl-frame{{stroke:{DARK.rule}}}",
        f".fl-halo{{stroke:{DARK.ground}}}",
        f".fl-raised{{fill:{DARK.raised}}}",
        f".fl-ink{{fill:{DARK.ink}}}",
        f".fl-soft{{fill:{DARK.soft}}}",
        f".fl-edge{{stroke:{DARK.line}}}",
        f".fl-tip{{fill:{DARK.line}}}",
        f".fl-rule{{stroke:{DARK.rule}}}",
        f".fl-accent{{stroke:{DARK.accent}}}",
        f".fl-accent-ink{{fill:{DARK.accent}}}",
    ]
    for state, tone in DARK.tones.items():
        rules += [
            f".fl-box-{state}{{fill:{tone.fill};stroke:{tone.line}}}",
            f".fl-bar-{state}{{fill:{tone.line};stroke:{tone.line}}}",
            f".fl-line-{state}{{stroke:{tone.line}}}",
            f".fl-ink-{state}{{fill:{tone.ink}}}",
        ]
    return "".join(rules)


# Text of our own: nothing in it comes from outside.
STYLE: Final = Markup(f"<style>@media (prefers-color-scheme:dark){{{_dark()}}}</style>")


def drawing(*content: Markup, width: float, height: float, label: str) -> Markup:
    """Put shapes on a ground of their own, that is legible wherever it stands."""
    ground = element(
        "rect",
        class_="fl-ground fl-frame",
        x=0.5,
        y=0.5,
        width=width - 1,
        height=height - 1,
        rx=8,
        fill=LIGHT.ground,
        stroke=LIGHT.rule,
    )
    return element(
        "svg",
        STYLE,
        ground,
        *content,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_label=label,
        width=width,
        height=height,
        viewBox=f"0 0 {number(width)} {number(height)}",
        font_family=SANS,
        font_size=12,
    )


def words(
    said: Markup, *, x: float, y: float, class_: str = "fl-soft", fill: str = LIGHT.soft, **more: str | float | None
) -> Markup:
    """Write a line of text in a drawing."""
    return element("text", said, class_=class_, x=x, y=y, fill=fill, **more)
