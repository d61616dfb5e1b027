"""`flowing demo`: it tells what happens, it happens, and nothing is left behind."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from tests.unit._cli import program

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_story_is_told_and_true(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run has what the first one made."""
    here = folder / "temporary"
    here.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    status, output, errors = program.run(capsys, "demo")
    assert (status, errors) == (0, "")
    first, second = output.split("$ echo")
    assert first.startswith("def weather(folder: Path) -> Flow:\n")
    assert "FAILED     report" in first
    assert "SKIPPED    send" in first
    assert "FileNotFoundError" in first
    paris = next(line for line in first.splitlines() if line.startswith("SUCCEEDED  paris"))
    assert paris.split()[-1] == "2", "it was retried"
    assert paris in second, "read, not run: also its duration is the one of then"
    assert second.endswith("$ cat sent.txt\nOslo 4, Paris 11\n")
    assert list(here.iterdir()) == []
