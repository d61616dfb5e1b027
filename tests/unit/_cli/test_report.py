"""`flowing report`: one file, made of a stored run, whoever holds that."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from tests.unit._cli import program
from tests.unit._cli.test_show import SECRET, filled

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return program.run(capsys, "report", *arguments)


def test_a_report_is_written_of_a_run_that_somebody_holds(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[S9] Without a value [S11], and with nothing hostile in it."""
    with closing(filled(folder / "run.db")):
        assert report(capsys, "run.db", "-o", "report.html") == (0, "wrote 'report.html'\n", "")
    page = (folder / "report.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "OSError: gone" in page
    assert not any(hostile in page for hostile in ("\x1b", "\u202e", "<script", SECRET.decode()))


def test_one_run_of_many_can_be_asked_for(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    filled(folder / "run.db").close()
    filled(folder / "run.db", "second").close()
    assert report(capsys, "run.db", "--run", "first", "-o", "first.html")[0] == 0
    assert report(capsys, "run.db", "-o", "second.html")[0] == 0
    assert (folder / "first.html").read_text("utf-8") != (folder / "second.html").read_text("utf-8")


def test_what_can_not_be_read_or_written_is_one_line(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Exit status 2."""
    filled(folder / "run.db").close()
    for arguments in (
        ["none.db", "-o", "report.html"],
        ["run.db", "--run", "none", "-o", "report.html"],
        ["run.db", "-o", "nowhere/report.html"],
        ["run.db"],
    ):
        status, output, errors = report(capsys, *arguments)
        assert (status, output, errors.count("\n")) == (2, "", 1)
    assert not (folder / "report.html").exists()


def test_of_a_damaged_run_a_report_is_written_too(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[P8] Exit status 1."""
    path = folder / "run.db"
    filled(path).close()
    content = path.read_bytes()
    place = content.index(b"OSError: gone")
    path.write_bytes(content[:place] + b"X" + content[place + 1 :])
    assert report(capsys, "run.db", "-o", "report.html")[0] == 1
    assert (folder / "report.html").exists()
