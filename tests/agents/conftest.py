"""What the tests of all frameworks share: the programs of docs/agents.md, run as they are written there.

The frameworks are no dependencies: without one, its tests are skipped. `nox --session agents` installs them all.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"
SECTIONS = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
PROGRAMS = {
    heading: re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for heading, text in zip(["setup", *SECTIONS[1::2]], SECTIONS[0::2], strict=True)
}


@pytest.fixture
def program() -> Callable[..., dict[str, Any]]:
    """Run the program of a section, after the first one of the page, with these names; give its names."""

    def run(section: str, number: int = 0, **given: object) -> dict[str, Any]:
        names: dict[str, Any] = {"__name__": "agents_page", **given}
        for code in (PROGRAMS["setup"][0], PROGRAMS[section][number]):
            exec(compile(code, str(PAGE), "exec"), names)
        return names

    return run
