"""Writes what core.md shows of the core's legal pairs: `python docs/legal.py`. Decides nothing: it reads the tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowing.core.transition import PHASE_RULES, STATUS_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flowing.core.transition import Rule

PAGE: Final = Path(__file__).parent / "core.md"


def main() -> None:
    """Write it into the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), parts()), encoding="utf-8")


def filled(page: str, made: Mapping[str, str]) -> str:
    """Put each part between its marks. Raises ValueError if a part has no place, or a place no part."""
    for name, text in made.items():
        pattern = rf"(<!-- made by legal\.py: {name} -->\n).*?(<!-- end -->)"
        places = re.findall(pattern, page, flags=re.DOTALL)
        if len(places) != 1:
            raise ValueError(f"{PAGE.name} has {len(places)} places for {name}")
        escaped = text.replace("\\", r"\\")
        page = re.sub(pattern, rf"\g<1>{escaped}\g<2>", page, flags=re.DOTALL)
    if page.count("made by legal.py: ") != len(made):
        raise ValueError(f"{PAGE.name} has places that nothing is made for")
    return page


def parts(status_rules: Sequence[Rule] = STATUS_RULES, phase_rules: Sequence[Rule] = PHASE_RULES) -> Mapping[str, str]:
    """Give each part as Markdown."""
    return {
        "the diagram of a task": diagram(status_rules),
        "the diagram of a run": diagram(phase_rules),
        "the pairs of a task": table("status", status_rules, with_phases=True),
        "the pairs of a run": table("phase", phase_rules, with_phases=False),
    }


def diagram(rules: Iterable[Rule]) -> str:
    """Draw an arrow for each two that a rule leads between, and name its events; what leads nowhere is left out."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        for into in rule.into:
            if into is not rule.on:
                arrows.setdefault((rule.on.__name__, into.__name__), []).append(rule.event.__name__)
    lines = [f"    {one} --> {other}: {', '.join(events)}" for (one, other), events in arrows.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", ""])


def table(of: str, rules: Iterable[Rule], *, with_phases: bool) -> str:
    """List the pairs."""
    head = [of, "event", "what can follow", *(["in the phases"] if with_phases else [])]
    rows = [
        [_names([rule.on]), _names([rule.event]), _names(rule.into), *([_names(rule.phases)] if with_phases else [])]
        for rule in rules
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *rows])


def _names(types: Iterable[type[object]]) -> str:
    return ", ".join(f"`{each.__name__}`" for each in types)


if __name__ == "__main__":
    main()
