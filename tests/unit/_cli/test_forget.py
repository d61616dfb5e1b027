"""`flowing forget`: removes a run, says what it was, and is refused while somebody holds the file."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from flowing.checkpoint.sqlite.look import read_runs
from tests.unit._cli import program
from tests.unit._cli.test_show import SECRET, filled

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def forget(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return program.run(capsys, "forget", *arguments)


def test_a_run_is_gone_and_it_is_said_what_it_was(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[S11] With every byte of its values."""
    path = folder / "run.db"
    filled(path).close()
    filled(path, "second").close()
    status, output, errors = forget(capsys, "run.db", "--run", "first")
    assert (status, errors) == (0, "")
    assert output == ("forgot run 'first' of 1970-01-01 00:01:40 UTC: 9 tasks, 3 results\n1 run left in 'run.db'\n")
    assert [each.run_id for each in read_runs(path)] == ["second"]
    assert SECRET in path.read_bytes(), "control: those of the other run"
    assert forget(capsys, "run.db", "--run", "second")[1].endswith("0 runs left in 'run.db'\n")
    assert SECRET not in path.read_bytes()


def test_a_run_that_somebody_holds_is_kept(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[P12] It is said who holds it."""
    with closing(filled(folder / "run.db")):
        status, output, errors = forget(capsys, "run.db", "--run", "first")
        assert (status, output, errors.count("\n")) == (2, "", 1)
        assert "is held by another flow of this very process" in errors
        assert len(read_runs(folder / "run.db")) == 1


def test_what_is_not_there_can_not_be_forgotten(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[S7] The name is only data."""
    filled(folder / "run.db").close()
    for arguments in (["run.db", "--run", "' OR 1=1 --"], ["none.db", "--run", "first"], ["run.db"]):
        status, output, errors = forget(capsys, *arguments)
        assert (status, output, errors.count("\n")) == (2, "", 1)
    assert len(read_runs(folder / "run.db")) == 1
    assert not (folder / "none.db").exists()


def test_a_run_that_is_too_damaged_to_be_described_can_be_forgotten(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """[P8] That is when one wants to."""
    path = folder / "run.db"
    filled(path).close()
    content = path.read_bytes()
    assert content.count(b'["load","mended"') == 1
    path.write_bytes(content.replace(b'["load","mended"', b'["load","mendex"'))
    assert forget(capsys, "run.db", "--run", "first") == (0, "forgot run 'first'\n0 runs left in 'run.db'\n", "")
