"""Modules and files are imported as Python would; what they raise is said in one line, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._cli.targets import find_flow
from tests.unit._cli import program

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return program.run(capsys, "check", *arguments)


def test_an_error_is_placed_in_the_last_line_of_the_users(capsys: pytest.CaptureFixture[str]) -> None:
    """Not where the import machinery, or flowing, is."""
    _, _, errors = run(capsys, "failing:flow")
    assert errors.startswith("flowing: importing 'failing' raised JSONDecodeError")


def test_the_traceback_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Escaped, and above the line that says the same in short."""
    _, _, short = run(capsys, "program:fail")
    _, _, long = run(capsys, "--debug", "program:fail")
    assert "Traceback" not in short
    assert long.startswith("Traceback (most recent call last):\n")
    assert 'raise OSError("no\\nsuch thing")' in long
    assert long.endswith(short)


def test_a_file_is_found_with_what_lies_beside_it(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """As `python aside/script.py` would find it; and it is imported once."""
    (folder / "aside" / "program.py").write_text((folder / "program.py").read_text("utf-8"), encoding="utf-8")
    assert run(capsys, "aside/script.py:flow")[0] == 0
    assert find_flow("aside/script.py:flow") is find_flow(f"{folder}/aside/script.py:flow")


def test_a_file_that_failed_is_imported_anew(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """It left nothing half made behind."""
    assert run(capsys, "failing.py:flow")[0] == 2
    (folder / "failing.py").write_text("from program import right as flow\n", encoding="utf-8")
    assert run(capsys, "failing.py:flow")[0] == 0


def test_a_declaration_that_a_file_has_wrong_is_said_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """[G6] As for a module."""
    status, output, _ = run(capsys, "mistaken.py:flow")
    assert (status, output.partition(" task")[0]) == (1, "mistaken.py:3: error:")
