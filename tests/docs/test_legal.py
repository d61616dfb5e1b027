"""What docs/core.md shows of the core is what the core says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from flowing.core.transition import PHASE_RULES, STATUS_RULES

FILE = Path(__file__).parents[2] / "docs" / "legal.py"


@pytest.fixture(name="legal", scope="module")
def _legal() -> Any:  # noqa: ANN401 - a module that is imported by its path
    spec = importlib.util.spec_from_file_location("legal", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(legal: Any) -> None:  # noqa: ANN401
    """If not: `python docs/legal.py`."""
    page = legal.PAGE.read_text(encoding="utf-8")
    assert legal.filled(page, legal.parts()) == page


def test_a_rule_that_changed_would_be_noticed(legal: Any) -> None:  # noqa: ANN401
    """Control: of each table, and of each diagram but for rules that lead nowhere."""
    page = legal.PAGE.read_text(encoding="utf-8")
    for index in range(len(STATUS_RULES)):
        fewer = [*STATUS_RULES[:index], *STATUS_RULES[index + 1 :]]
        made = legal.parts(status_rules=fewer)
        assert legal.filled(page, made) != page
        assert made["the diagram of a task"] not in page
    for index in range(len(PHASE_RULES)):
        fewer = [*PHASE_RULES[:index], *PHASE_RULES[index + 1 :]]
        assert legal.filled(page, legal.parts(phase_rules=fewer)) != page


def test_a_part_without_a_place_and_a_place_without_a_part_are_refused(legal: Any) -> None:  # noqa: ANN401
    page = legal.PAGE.read_text(encoding="utf-8")
    made = dict(legal.parts())
    with pytest.raises(ValueError, match="0 places"):
        legal.filled(page.replace("the diagram of a run", "something"), made)
    del made["the diagram of a run"]
    with pytest.raises(ValueError, match="nothing is made for"):
        legal.filled(page, made)
