"""The graph as a Mermaid flowchart, for Markdown. What could mean something in its grammar is written as a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._text import one_line
from flowing.results import StepState
from flowing.views.diagram import diagram_of
from flowing.views.palette import LIGHT
from flowing.views.tooltip import said_of

if TYPE_CHECKING:
    from flowing.views.diagram import Box, Diagram
    from flowing.views.picture import Picture

EDGES_MAX: Final = 500  # Mermaid refuses more, unless the page says otherwise: maxEdges
_LABEL_MAX: Final = 110  # so that 300 labels stay far below Mermaid's maxTextSize of 50,000 characters
_NAME_MAX: Final = 48
_PARTED: Final = frozenset("$:\\")
_JOINER: Final = f"#{0x2060};"
_PLAIN: Final = frozenset(" _.,-+")


def mermaid(picture: Picture) -> str:
    """Write the flowchart: a node `t0`, `t1`, … a box, order-only edges dotted, a class a state. O(tasks + edges).

    It stays below the limits of Mermaid, and of GitHub: 500 edges, 50,000 characters.
    """
    diagram = diagram_of(picture, edges_max=EDGES_MAX)
    main = [_node(picture, place, box) for place, box in enumerate(diagram.boxes) if not box.detached]
    detached = [_node(picture, place, box) for place, box in enumerate(diagram.boxes) if box.detached]
    if detached:
        detached = ['  subgraph detached ["detached"]', *[f"  {each}" for each in detached], "  end"]
    links = [f"  t{each.source} {'-.->' if each.order_only else '-->'} t{each.target}" for each in diagram.edges]
    notes = [f"%% {one_line(note)}" for note in diagram.notes]
    return "\n".join(["flowchart LR", *notes, *main, *detached, *links, *_classes(diagram)])


def _node(picture: Picture, place: int, box: Box) -> str:
    label = _escaped(_cut(picture.tasks[box.first].name))
    said = _escaped(said_of(picture, box))
    opening, closing = ("([", "])") if box.detached else ("[", "]")
    return f'  t{place}{opening}"{label}{"<br/>" if said else ""}{said}"{closing}'


def _cut(name: str) -> str:
    """Cut a name, also one that gets much longer by being escaped."""
    safe = one_line(name, length_max=400)
    kept = safe if len(safe) <= _NAME_MAX else f"{safe[: _NAME_MAX * 2 // 3]}…{safe[-_NAME_MAX // 3 :]}"
    while len(_escaped(kept)) > _LABEL_MAX:
        kept = f"{kept[: len(kept) * 3 // 4]}…"
    return kept


def _escaped(said: str) -> str:
    """Write all but letters, digits and a few others as `#number;`: entities of Mermaid, inert in its grammar.

    Some pairs would mean a formula, an icon or a new line all the same: an invisible joiner parts them.
    """
    return "".join(
        [
            each if each.isalnum() or each in _PLAIN else f"#{ord(each)};{_JOINER if each in _PARTED else ''}"
            for each in said
        ]
    )


_STROKES: Final = {StepState.FAILED: "stroke-width:3px", StepState.SKIPPED: "stroke-dasharray:4 3"}


def _classes(diagram: Diagram) -> list[str]:
    lines: list[str] = []
    for state in StepState:
        members = [f"t{place}" for place, box in enumerate(diagram.boxes) if box.state is state]
        if members:
            tone = LIGHT.tones[state]
            style = [f"fill:{tone.fill}", f"stroke:{tone.line}", f"color:{tone.ink}"]
            if state in _STROKES:
                style.append(_STROKES[state])
            lines += [f"  classDef {state} {','.join(style)}", f"  class {','.join(members)} {state}"]
    return lines
