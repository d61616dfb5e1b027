"""What can be typed: help for a person, one line for a mistake."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from flowing._cli import parser
from tests.unit._cli.program import run

if TYPE_CHECKING:
    from collections.abc import Callable

VERBS = ("run", "check", "graph", "report", "show", "forget", "demo")


def test_the_help_names_every_verb_and_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    status, output, _ = run(capsys, "--help")
    assert status == 0
    assert all(f"\n    {verb} " in output for verb in VERBS)
    assert all(said in " ".join(output.split()) for said in ("0 all went well", "2 wrong use", "130 interrupted"))


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_says_what_it_does_and_how_it_ends(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    status, output, errors = run(capsys, verb, "--help")
    assert (status, errors) == (0, "")
    assert output.startswith(f"usage: flowing {verb} ")
    assert "Exit status: 0" in " ".join(output.split())


@pytest.mark.parametrize("arguments", [[], ["chekc"], ["--nothing"], ["chekc\x1b[31m"], ["show"], ["run", "a:b", "c"]])
def test_what_can_not_be_understood_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """[S8] With where to read on."""
    status, output, errors = run(capsys, *arguments)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert "--help)" in errors
    assert "\x1b" not in errors


def test_the_version_is_the_one_that_is_installed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capsys, "--version") == (0, f"flowing {version('flowing-dag')}\n", "")
    asked: Callable[[str], str] = lambda _: version("no-such-package")  # noqa: E731 - the sources in a folder
    monkeypatch.setattr(parser, "version", asked)
    assert run(capsys, "--version") == (0, "flowing (not installed)\n", "")
