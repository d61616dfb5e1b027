"""`flowing graph`: a picture of a flow that nobody has run, on the terminal or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit._cli import program

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize(
    ("arguments", "begin"),
    [
        (["-o", "graph.svg"], "<svg"),
        (["-o", "graph.SVG"], "<svg"),
        (["-o", "graph.md"], "flowchart "),
        (["-o", "graph"], "flowchart "),
        (["--svg", "-o", "graph.xml"], "<svg"),
        (["--mermaid", "-o", "graph.x"], "flowchart "),
    ],
)
def test_the_suffix_says_what_is_written(
    capsys: pytest.CaptureFixture[str], folder: Path, arguments: list[str], begin: str
) -> None:
    """Unless it is said otherwise."""
    assert graph(capsys, "program:right", *arguments) == (0, "", "")
    assert (folder / arguments[-1]).read_text("utf-8").startswith(begin)


def test_a_suffix_of_something_else_is_refused(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A Mermaid flowchart in a file that is named as a picture could not be opened."""
    status, _, errors = graph(capsys, "program:right", "-o", "graph.png")
    assert (status, errors.count("\n")) == (2, 1)
    assert "say --svg or --mermaid" in errors
    assert not (folder / "graph.png").exists()


def test_what_can_not_be_written_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2."""
    for name in ("nowhere/graph.svg", "package", "", "a\0b"):
        status, output, errors = graph(capsys, "program:right", "-o", name)
        assert (status, output, errors.count("\n")) == (2, "", 1)
        assert "can't write" in errors


def test_only_one_form_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, errors = graph(capsys, "program:right", "--svg", "--mermaid")
    assert (status, errors.count("\n")) == (2, 1)
