"""The colours of a state, on light and on dark ground. A colour never says anything alone: symbol and word say it too.

Every ink has a contrast of 4.5 : 1 with the ground that it stands on, every line 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11);
a test computes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._record import record
from flowing.results import StepState

if TYPE_CHECKING:
    from collections.abc import Mapping


@record
class Tone:
    """What a box in some state is painted with."""

    fill: str
    line: str
    ink: str


@record(kw_only=True)
class Palette:
    """All colours of a picture: `soft` ink for what matters less, `line` for edges, `accent` for the critical path."""

    ground: str
    raised: str
    ink: str
    soft: str
    line: str
    rule: str
    accent: str
    tones: Mapping[StepState, Tone]


LIGHT: Final = Palette(
    ground="#ffffff",
    raised="#f6f8fa",
    ink="#1f2328",
    soft="#59636e",
    line="#7a838d",
    rule="#d1d9e0",
    accent="#9a3412",
    tones={
        StepState.PENDING: Tone("#f3f4f6", "#6b7280", "#374151"),
        StepState.RUNNING: Tone("#dbeafe", "#2563eb", "#1e3a8a"),
        StepState.SUCCEEDED: Tone("#dcfce7", "#15803d", "#14532d"),
        StepState.FAILED: Tone("#fee2e2", "#b91c1c", "#7f1d1d"),
        StepState.SKIPPED: Tone("#fef3c7", "#b45309", "#78350f"),
        StepState.CANCELLED: Tone("#ede9fe", "#6d28d9", "#4c1d95"),
    },
)

DARK: Final = Palette(
    ground="#0d1117",
    raised="#161b22",
    ink="#e6edf3",
    soft="#9aa4af",
    line="#8b949e",
    rule="#30363d",
    accent="#fb923c",
    tones={
        StepState.PENDING: Tone("#1c2128", "#8b949e", "#d0d7de"),
        StepState.RUNNING: Tone("#0c2d57", "#58a6ff", "#cfe3ff"),
        StepState.SUCCEEDED: Tone("#0f2f1c", "#3fb950", "#b5f0c3"),
        StepState.FAILED: Tone("#3d1214", "#f85149", "#ffd2cf"),
        StepState.SKIPPED: Tone("#33270a", "#d29922", "#f5dfa3"),
        StepState.CANCELLED: Tone("#251a47", "#a78bfa", "#ddd1ff"),
    },
)


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]  # noqa: PLR2004 - of sRGB
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
