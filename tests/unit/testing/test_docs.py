"""Every Python block of docs/testing.md is true: it runs, and the tests in it pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from flowing.testing import faults

if TYPE_CHECKING:
    from flowing.testing import Simulator

TEXT = (Path(__file__).parents[3] / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_what_it_shows_is_true(flowing_simulator: Simulator) -> None:
    names: dict[str, object] = {"__name__": "testing"}
    for block in BLOCKS:
        exec(compile(block, "docs/testing.md", "exec"), names)
    tests = [name for name in names if name.startswith("test_")]
    assert len(tests) == TEXT.count("def test_") - TEXT.count("def test_again") > 6
    for name in tests:
        test = names[name]
        assert callable(test)
        test(*[flowing_simulator] * (name == "test_with_the_fixture"))


def test_it_names_every_fault() -> None:
    methods = [name for name in vars(faults.Faults) if callable(getattr(faults.Faults, name)) and name[0] != "_"]
    assert len(methods) == 7
    for name in methods:
        assert f"`.{name}(" in TEXT, name
