"""Every fault in docs/faults.md has a test that names it, or a capability that it waits for."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

TESTS = Path(__file__).parents[1]
LIST = TESTS.parent / "docs" / "faults.md"

# How many rows each part has. A row is never dropped: what became moot says so in its place.
PARTS = {"G": 16, "R": 23, "T": 12, "P": 23, "X": 12, "S": 14}
CAPABILITIES = {"release"}

Tags: TypeAlias = dict[str, set[str]]  # from `path::test` to the rows that its docstring names


def tags_of(source: str, path: str) -> Tags:
    """Find the tests of a file, and the rows that each says it covers."""
    return {
        f"{path}::{node.name}": set(re.findall(r"\[([A-Z][0-9]+)\]", ast.get_docstring(node) or ""))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@cache
def all_tags() -> Tags:
    tags: Tags = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        tags |= tags_of(file.read_text("utf-8"), file.relative_to(TESTS).as_posix())
    return tags


def rows_of(text: str) -> list[tuple[str, str]]:
    """List each row's id and what covers it."""
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if re.match(r"\| [A-Z][0-9]+ \|", line)]
    return [(cells[0].strip(), cells[-1].strip()) for cells in rows]


def complaints(text: str, tags: Tags) -> list[str]:
    """Say everything that is wrong with a list of faults."""
    rows = rows_of(text)
    expected = [f"{part}{number}" for part, count in PARTS.items() for number in range(1, count + 1)]
    found = [row for row, _ in rows]
    wrong = [f"{row} is missing" for row in expected if row not in found]
    wrong += [f"{row} is not expected here" for row in found if row not in expected or found.count(row) > 1]
    for row, covered_by in rows:
        tests = re.findall(r"`([^`]+)`", covered_by)
        waits = re.findall(r"waits: (\w+)", covered_by)
        if not tests and not waits:
            wrong.append(f"{row} has no test and waits for nothing")
        wrong += [f"{row} waits for {each}, which is no capability" for each in waits if each not in CAPABILITIES]
        wrong += [f"{row} names {each}, which does not exist" for each in tests if each not in tags]
        wrong += [f"{each} does not say that it covers {row}" for each in tests if row not in tags.get(each, {row})]
    for test, named in tags.items():
        wrong += [f"{test} covers {row}, which is not in the list" for row in sorted(named - set(found))]
    waiting = {row for row, covered_by in rows if "`" not in covered_by}
    for test, named in tags.items():
        wrong += [f"{row} waits, but {test} covers it" for row in sorted(named & waiting)]
    return wrong


def test_every_fault_is_covered_or_waits_for_something() -> None:
    assert complaints(LIST.read_text("utf-8"), all_tags()) == []


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("| R5 |", "| r5 |", "R5 is missing"),
        ("| R5 |", "| R4 |", "R4 is not expected here"),
        ("| P1 |", "| P99 |", "P99 is not expected here"),
        (
            "`unit/faults/test_process.py::test_import_starts_nothing`",
            "later",
            "X12 has no test and waits for nothing",
        ),
        (
            "`unit/faults/test_process.py::test_import_starts_nothing`",
            "waits: never",
            "X12 waits for never, which is no capability",
        ),
        ("::test_import_starts_nothing", "::test_gone", "which does not exist"),
        (
            "`unit/faults/test_process.py::test_import_starts_nothing`",
            "`unit/faults/test_process.py::test_a_flow_runs_in_any_thread`",
            "test_a_flow_runs_in_any_thread does not say that it covers X12",
        ),
        (
            "`unit/faults/test_process.py::test_import_starts_nothing`",
            "waits: release",
            "X12 waits, but unit/faults/test_process.py::test_import_starts_nothing covers it",
        ),
    ],
)
def test_a_list_with_a_hole_is_found_out(before: str, after: str, complaint: str) -> None:
    """Control: each of these would be a silent drop."""
    text = LIST.read_text("utf-8")
    assert text.count(before) == 1
    assert [each for each in complaints(text.replace(before, after), all_tags()) if complaint in each]


def test_a_test_that_names_no_fault_of_the_list_is_found_out() -> None:
    """Control."""
    tags = tags_of('def test_it() -> None:\n    """[Q7] and [G1] of it."""\n', "unit/test_it.py")
    assert tags == {"unit/test_it.py::test_it": {"Q7", "G1"}}
    assert "unit/test_it.py::test_it covers Q7, which is not in the list" in complaints("", tags)
