"""The page on agents: what needs no framework, and that no program of it is left out."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.agents.conftest import PAGE, PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
FRAMEWORKS = ("agents", "google.adk", "langchain_core", "langgraph.prebuilt", "mcp", "pydantic_ai", "smolagents")


@pytest.mark.skipif("FLOWING_AGENTS" not in os.environ, reason="only nox promises to have installed them")
@pytest.mark.parametrize("module", FRAMEWORKS)
def test_no_framework_is_left_out(module: str) -> None:
    """The control: without one, its tests are skipped."""
    assert importlib.util.find_spec(module)


def test_the_stub_has_the_signature_of_the_flow(program: Callable[..., dict[str, Any]]) -> None:
    names = program("The same for checkers")
    assert names["forecast"]("Oslo").city == "Oslo"


def test_every_program_of_the_page_is_run_by_a_test() -> None:
    asked = "".join(file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py"))
    unasked = [
        (section, number)
        for section, programs in PROGRAMS.items()
        for number in range(len(programs))
        if section != "setup" and f'program("{section}"{f", {number}" if number else ""}' not in asked
    ]
    assert unasked == []


def test_there_are_programs_to_run() -> None:
    """The control: an expression that finds nothing would pass the tests of all frameworks."""
    found = sum(len(each) for each in PROGRAMS.values())
    assert found == PAGE.read_text(encoding="utf-8").count("```python") > 10
