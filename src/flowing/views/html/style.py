"""How the report looks, on light and on dark ground. Text of our own: nothing in it comes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing.views.markup import Markup
from flowing.views.paint import MONO, SANS
from flowing.views.palette import DARK, LIGHT

if TYPE_CHECKING:
    from flowing.views.palette import Palette


def _colours(palette: Palette) -> str:
    plain = {
        "ground": palette.ground,
        "raised": palette.raised,
        "ink": palette.ink,
        "soft": palette.soft,
        "rule": palette.rule,
        "accent": palette.accent,
    }
    tones = [
        f"--{state}-fill:{tone.fill};--{state}-line:{tone.line};--{state}-ink:{tone.ink}"
        for state, tone in palette.tones.items()
    ]
    return ";".join([*[f"--{name}:{colour}" for name, colour in plain.items()], *tones])


def _states() -> str:
    return "".join(
        [
            f".chip.{state}{{background:var(--{state}-fill);color:var(--{state}-ink);border-color:var(--{state}-line)}}"
            f"td.{state}{{color:var(--{state}-line)}}"
            for state in LIGHT.tones
        ]
    )


_RULES: Final = """
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0;background:var(--ground);color:var(--ink);line-height:1.45}
main{max-width:1400px;margin:0 auto;padding:24px 28px 64px}
h1{font-size:24px;margin:0 0 12px;overflow-wrap:anywhere}
h2{font-size:16px;margin:36px 0 10px}
code,pre{font-size:12.5px}
.chips{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 16px}
.chip{display:inline-flex;align-items:center;gap:6px;padding:3px 10px;border:1px solid var(--rule);border-radius:14px;\
background:var(--raised);font-size:13px;font-variant-numeric:tabular-nums}
.mark{flex:none;vertical-align:-1px;margin-right:6px}
.chip .mark{margin:0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0;font-size:14px}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:13px;margin:8px 0}
.drawing{overflow:auto;max-height:85vh;border-radius:8px}
.drawing>svg{display:block}
.scrolled{overflow-x:auto;border:1px solid var(--rule);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:13px}
th,td{text-align:left;padding:6px 12px;border-bottom:1px solid var(--rule);vertical-align:top}
tbody tr:last-child td{border-bottom:0}
th{background:var(--raised);color:var(--soft);font-weight:600;white-space:nowrap}
td{overflow-wrap:anywhere;min-width:64px}
td.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.state{white-space:nowrap;font-weight:600;font-size:12px}
small{color:var(--soft);margin-left:8px;font-size:12px}
small.accent{color:var(--accent)}
details{border:1px solid var(--rule);border-radius:8px;margin:0 0 8px;background:var(--raised)}
summary{padding:9px 12px;cursor:pointer;font-size:13.5px;overflow-wrap:anywhere}
summary .why{display:block;color:var(--soft);margin:2px 0 0 18px;font-size:13px}
details pre{margin:0;padding:12px 16px;overflow:auto;border-top:1px solid var(--rule);line-height:1.5;max-height:70vh}
details .inner{padding:4px 12px}
details ul{margin:0;padding:4px 12px 12px 40px;columns:20em;font-size:13px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media print{.drawing,.scrolled,details pre{overflow:visible;max-height:none}}
"""

STYLE: Final = Markup(
    f"<style>:root{{{_colours(LIGHT)}}}@media (prefers-color-scheme:dark){{:root{{{_colours(DARK)}}}}}"
    f"body{{font-family:{SANS}}}code,pre{{font-family:{MONO}}}{_RULES}{_states()}</style>"
)
