"""The README's wrong wirings: each command under such a program prints what the README says, word for word."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
# A Python block that begins with the name of its file, and the next block, of commands and what they print.
SHOWN = re.findall(r"```python\n# (\w+\.py)\n(.*?)```.*?```console\n(\$ .*?)```", README, re.DOTALL)
COMMANDS = [
    (name, f"# {name}\n{program}", *part.split("\n", 1))
    for name, program, console in SHOWN
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]
]


@pytest.mark.parametrize(("name", "program", "command", "output"), COMMANDS, ids=[each[2] for each in COMMANDS])
def test_a_command_prints_what_the_readme_shows(
    name: str, program: str, command: str, output: str, tmp_path: Path
) -> None:
    """[G7] The programs are wrong on purpose, so every command must find something."""
    (tmp_path / name).write_text(program, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = flowing.mypy_plugin\n", encoding="utf-8")
    words = shlex.split(command, comments=True)
    words = [sys.executable, *(words[1:] if words[0] == "python" else ["-m", *words])]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == output


def test_there_are_commands_to_run() -> None:
    """The control: a README without them would pass the test above."""
    assert {shlex.split(command)[0] for _, _, command, _ in COMMANDS} == {"mypy", "python"}
