"""What reaches the terminal is laid out, safe, and of a known form."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from flowing._cli.ending import WrongUseError
from flowing._cli.output import in_one_line, moment, prepare, quoted, table, write_file

if TYPE_CHECKING:
    from pathlib import Path


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """And no line ends in blanks."""
    lines = table(("A", "NUMBER"), [("x", "1"), ("longer", "")], right=frozenset({1}))
    assert lines == ["A       NUMBER", "x            1", "longer"]


def test_a_message_becomes_one_safe_line() -> None:
    """[S8] However long it is."""
    assert in_one_line(ValueError("a\n  b\x1b")) == "a   b\\x1b"
    assert len(in_one_line("x" * 10_000)) < 2_100
    assert quoted("a'b\n") == '"a\'b\\\\n"'


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "1970-01-01 00:00:00"), (1e300, "-"), (float("nan"), "-"), (-1e18, "-"), (float("inf"), "-")],
)
def test_a_moment_is_in_utc_or_nowhere(seconds: float, shown: str) -> None:
    """A file may say anything."""
    assert moment(seconds) == shown


def test_what_the_terminal_can_not_show_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under LC_ALL=C."""
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", screen)
    prepare()
    screen.write("größe")
    screen.seek(0)
    assert screen.read() == "gr\\xf6\\xdfe"


def test_a_file_is_written_or_it_is_said_why_not(tmp_path: Path) -> None:
    write_file(str(tmp_path / "a.txt"), "größe")
    assert (tmp_path / "a.txt").read_bytes() == "größe".encode()
    with pytest.raises(WrongUseError, match="No such file or directory; see to the path given to -o"):
        write_file(str(tmp_path / "no" / "a.txt"), "")
    with pytest.raises(WrongUseError, match="null"):
        write_file("a\0b", "")
