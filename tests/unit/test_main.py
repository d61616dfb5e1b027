"""The command line starts, as a module and as an installed command; what it does is tested in `_cli`."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "from flowing import Flow, task\n\n@task\ndef fetch() -> int:\n    return 1\n\nflow = Flow(fetch)\n"


@pytest.mark.parametrize(
    "arguments", [["-m", "flowing"], ["-c", "import sys, flowing.__main__ as m; sys.exit(m.main())"]]
)
@pytest.mark.parametrize(("target", "status"), [("program:flow", 0), ("program:other", 2)])
def test_it_runs_as_a_program(tmp_path: Path, arguments: list[str], target: str, status: int) -> None:
    """As `python -m flowing`, and as the installed command does, which has no current directory on its path."""
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    words = [sys.executable, *arguments, "check", target]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert ended.stdout == ("" if status else "0 errors; 0 values passed between tasks, 0 unchecked\n")
