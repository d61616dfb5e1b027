"""Every Python block of the README runs, and prints what the README says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
OUTPUTS = re.findall(r"```text\n(.*?)```", README, re.DOTALL)


def without_times(text: str) -> str:
    return re.sub(r" +[\d.]+ m?s", " TIME", text)


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing behind of what a block writes."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_runs(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})


def test_the_first_program_prints_what_the_readme_shows(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(BLOCKS[0], "README.md", "exec"), {"__name__": "readme"})
    assert without_times(capsys.readouterr().out) == without_times(OUTPUTS[0])


def test_there_are_blocks_to_run() -> None:
    """The control: an expression that finds nothing would pass the tests above."""
    assert len(BLOCKS) == README.count("```python") > 2
    assert len(OUTPUTS) == README.count("```text") > 0
