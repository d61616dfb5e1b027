"""`flowing check`: what it prints, and its exit status."""

from __future__ import annotations

import io
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from flowing._cli.main import main
from tests.unit._cli import program

if TYPE_CHECKING:
    from pathlib import Path

WRONG = (
    'program.py:11: error: Task "fetch" makes "int", but task "process" takes it as "str"; change the '
    'parameter\'s type, or depend on a task that makes "str"\n'
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return program.run(capsys, "check", *arguments)


def test_a_finding_is_one_line_with_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    """[G7] Exit status 1."""
    last = "1 error; 1 value passed between tasks, 0 unchecked\n"
    assert run(capsys, "program:wrong") == (1, WRONG + last, "")


def test_what_is_unchecked_is_counted_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """[G7] Exit status 0."""
    last = "0 errors; 2 values passed between tasks, 1 unchecked (--unchecked lists them)\n"
    assert run(capsys, "program:right") == (0, last, "")


def test_what_is_unchecked_is_listed_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """[G7] As a note, which is no error either."""
    note = (
        'program.py:17: note: What task "fetch" makes is not compared with what task "total" takes as parameter '
        '"unknown": the annotation "Nowhere" can\'t be evaluated (NameError: name \'Nowhere\' is not defined)\n'
    )
    last = "0 errors; 2 values passed between tasks, 1 unchecked\n"
    assert run(capsys, "--unchecked", "program:right") == (0, note + last, "")


@pytest.mark.parametrize("target", ["program:make", "package.inside:right", "package:inside.right"])
def test_a_flow_is_found(capsys: pytest.CaptureFixture[str], target: str) -> None:
    """Made by a function, in a module of a package, or at the end of a dotted path."""
    if target == "package:inside.right":
        run(capsys, "package.inside:right")
    assert run(capsys, target)[0] == 0


def test_several_flows_are_checked_and_a_finding_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    """[G7] They often share tasks."""
    status, output, _ = run(capsys, "program:right", "program:wrong", "program:Flows.wrong")
    assert (status, output.count(WRONG)) == (1, 1)


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("mistaken:flow", "mistaken.py:3: error: task 'needy' needs a value for 'x'"),
        ("program:refused", "program.py:50: error: task 'total' needs a value for 'fetched'"),
    ],
)
def test_a_declaration_that_is_refused_is_a_finding(capsys: pytest.CaptureFixture[str], target: str, line: str) -> None:
    """[G6] With the line of the user's that made it."""
    status, output, errors = run(capsys, target)
    assert (status, errors) == (1, "")
    assert output.startswith(line)
    assert output.count("\n") == 2


def test_a_name_that_the_terminal_cannot_show_is_escaped(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "program.py").write_text(dedent(program.PROGRAM).replace("process", "größe"), encoding="utf-8")
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["check", "program:wrong"]) == 1
    terminal.seek(0)
    assert 'task "gr\\xf6\\xdfe" takes' in terminal.read()
