"""The skill that comes with the package: every program in it runs, and it says what is so."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
from pathlib import Path

import pytest

import flowing

# Beside the package, so that a run on the built wheel tells whether it is in there.
SKILL = Path(flowing.__file__).parent / ".agents" / "skills" / "flowing" / "SKILL.md"
TEXT = SKILL.read_text(encoding="utf-8")
_, FRONT, BODY = TEXT.split("---\n", 2)
PROGRAMS = re.findall(r"```python\n(.*?)```", BODY, re.DOTALL)
LINES_MAX = 500


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_a_program_runs(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each for itself: an agent takes the one that it needs."""
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "SKILL.md", "exec"), {"__name__": "skill"})


def test_there_are_programs_to_run() -> None:
    """The control: an expression that finds nothing would pass the test above."""
    assert len(PROGRAMS) == TEXT.count("```python") >= 8


def test_the_front_matter_is_complete() -> None:
    keys = re.findall(r"^(\w+):", FRONT, re.MULTILINE)
    assert keys == ["name", "description", "license", "metadata"]
    assert SKILL.parent.name == "flowing"
    assert "name: flowing\n" in FRONT


def test_its_version_is_that_of_the_package() -> None:
    (version,) = re.findall(r'^  version: "(.+)"$', FRONT, re.MULTILINE)
    assert version == importlib.metadata.version("flowing-dag")


def test_it_is_short_enough_to_be_read() -> None:
    assert len(TEXT.splitlines()) < LINES_MAX


@pytest.mark.parametrize(
    "heading",
    [
        *("When to use it", "When not to", "Quick start", "Core API", "Resume", "Detached tasks"),
        *("Durable checkpoint", "Check the wiring"),
    ],
)
def test_it_has_what_an_agent_needs(heading: str) -> None:
    assert f"\n## {heading}\n" in BODY


def test_what_it_names_exists() -> None:
    """Options, methods and errors in the table and in prose are those of the package."""
    table = BODY.split("## Core API")[1].split("```python")[0]
    options = set(inspect.signature(flowing.task).parameters)
    named = set(re.findall(r"`(retry\w*|jitter|timeout_s|when|validate|detached|after|persist|version)\b", table))
    assert named <= options
    assert named
    methods = set(re.findall(r"flow\.(\w+)\(", TEXT))
    assert methods
    assert [each for each in sorted(methods) if not hasattr(flowing.Flow, each)] == []
    errors = set(re.findall(r"`(\w+(?:Error|Failed|Locked|Unavailable))`", TEXT))
    assert errors <= set(flowing.__all__)
