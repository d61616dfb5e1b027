"""From the words to the exit status: what holds for every verb."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from flowing._cli.main import main
from tests.unit._cli.program import run

if TYPE_CHECKING:
    from pathlib import Path


def test_ctrl_c_is_said_and_no_mistake(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[X1] The exit status that shells give it."""
    (folder / "program.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    assert run(capsys, "check", "program:flow") == (130, "", "flowing: interrupted\n")


def test_streams_that_are_not_there_are_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R20] As under `>&- 2>&-`."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["check", "program:wrong"]) == 1
    assert main(["check", "program:nothing"]) == 2


def test_a_stream_that_was_closed_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R20] It has no descriptor either."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    assert main(["check", "program:wrong"]) == 1


@pytest.mark.parametrize("arguments", [["check", "program:wrong"], ["--help"]])
def test_a_reader_that_went_away_is_no_reason_to_fail(arguments: list[str]) -> None:
    """[R20] As under `| true`: the same exit status, and nothing on stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        ended = subprocess.run(
            [sys.executable, "-m", "flowing", *arguments], stdout=pipe, stderr=subprocess.PIPE, check=False
        )
    assert (ended.returncode, ended.stderr) == (int(arguments != ["--help"]), b"")
