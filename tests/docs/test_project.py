"""The files beside the documentation: one version everywhere, a change log of a known shape, every verb described."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_to_cite_is_the_one_of_the_package() -> None:
    found = dict(re.findall(r"^([a-z-]+): (.+)$", text_of("CITATION.cff"), re.MULTILINE))
    assert (found["version"], found["license"]) == (PROJECT["version"], PROJECT["license"])
    assert {"cff-version", "message", "title", "type"} <= found.keys()


def test_the_change_log_keeps_its_form() -> None:
    """That of Keep a Changelog 1.1.0: newest first, each change under one of six words."""
    lines = text_of("CHANGELOG.md").splitlines()
    versions = [line for line in lines if line.startswith("## ")]
    assert versions[0] == "## [Unreleased]"
    assert all(re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each) for each in versions[1:])
    kinds = [line for line in lines if line.startswith("### ")]
    assert set(kinds) <= {f"### {kind}" for kind in ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")}
    assert kinds


def test_every_verb_of_nox_is_described_or_is_named_by_its_docstring() -> None:
    """CONTRIBUTING names those that a change needs; each says in one line what it does."""
    noxfile = text_of("noxfile.py")
    verbs = re.findall(r"^def ([a-z]\w*)\(session: nox\.Session.*\n    \"\"\"(\w.+)$", noxfile, re.MULTILINE)
    assert len(verbs) == len(re.findall(r"^@nox\.session", noxfile, re.MULTILINE)) > 5
    named = set(re.findall(r"`(\w+)`", text_of("CONTRIBUTING.md").split("## How the house")[0]))
    assert {"lint", "types", "layers", "tests", "docs"} <= named & {name for name, _ in verbs}


def test_the_first_screen_of_the_readme_has_the_two_commands() -> None:
    first = text_of("README.md").splitlines()[:20]
    commands = [line for line in first if line.startswith("python3 -m venv ")]
    assert len(commands) == 2
    assert commands[1].endswith("pytest")


def test_every_public_name_is_in_the_reference() -> None:
    """A page lists names under headings, and its last section has the others: what that leaves out must be above."""
    for page in sorted((ROOT / "docs" / "reference").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        module = re.search(r"^\.\. automodule:: (\S+)\n   :members:\n   :exclude-members: (.+)$", text, re.MULTILINE)
        if module is None:
            assert page.name == "events.md"
            continue
        public = set(importlib.import_module(module[1]).__all__)
        listed = re.findall(r"^\.\. auto(?:class|function|data):: (\S+)$", text, re.MULTILINE)
        left_out = set(module[2].split(", "))
        elsewhere = left_out - set(listed)
        assert set(listed) <= public & left_out, page.name
        assert len(listed) == len(set(listed)) > 3
        assert elsewhere <= ({"JsonCodec", "MemoryStore", "PickleCodec", "SqliteStore"} if "store" in text else set())
