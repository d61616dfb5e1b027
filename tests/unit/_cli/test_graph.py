"""`flowing graph`: a picture of a flow that nobody has run, on the terminal or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit._cli import program

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def graph(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return program.run(capsys, "graph", *arguments)


def test_a_graph_is_printed_as_mermaid_or_as_svg(capsys: pytest.CaptureFixture[str]) -> None:
    status, output, errors = graph(capsys, "program:right")
    assert (status, errors) == (0, "")
    assert output.startswith("flowchart ")
    assert graph(capsys, "program:right", "--mermaid") == (0, output, "")
    assert graph(capsys, "program:right", "--svg")[1].startswith("<svg")


def test_a_graph_is_written_into_a_file(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    _, printed, _ = graph(capsys, "program.py:right")
    assert graph(capsys, "program.py:right", "-o", "graph.mmd") == (0, "", "")
    assert (folder / "graph.mmd").read_text("utf-8").rstrip("\n") == printed.rstrip("\n")


def test_what_can_not_be_written_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2."""
    for name in ("nowhere/graph.svg", "package", "", "a\0b"):
        status, output, errors = graph(capsys, "program:right", "-o", name)
        assert (status, output, errors.count("\n")) == (2, "", 1)
        assert "can't write" in errors


def test_only_one_form_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, errors = graph(capsys, "program:right", "--svg", "--mermaid")
    assert (status, errors.count("\n")) == (2, 1)
