"""What reaches the terminal: lines that are safe on it, whatever is at its other end. Decides nothing.

A reader that went away (`| head`) or a stream that was never there (`>&-`) changes neither what is done nor the exit
status.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final, TextIO

from flowing._cli.ending import WrongUseError
from flowing._text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MESSAGE_MAX: Final = 2_000


def prepare() -> None:
    """Have both streams show any name: what the terminal can't show is escaped, and no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(lines: Iterable[str]) -> None:
    """Print lines, each of which is safe already."""
    _write(sys.stdout, lines)


def complain(lines: Iterable[str]) -> None:
    """Print lines beside the output."""
    _write(sys.stderr, lines)


def write_file(path: str, text: str) -> None:
    """Write a file; `WrongUseError` says why it can't be done."""
    try:
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - the path as it was typed
            file.write(text)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise WrongUseError(f"can't write {quoted(path)}: {one_line(why)}; see to the path given to -o") from None


def _write(stream: TextIO | None, lines: Iterable[str]) -> None:
    if stream is None:
        return
    try:
        stream.writelines(f"{line}\n" for line in lines)
        stream.flush()
    except (OSError, ValueError):  # nobody reads it any more, or it was closed
        _give_up(stream)


def _give_up(stream: TextIO) -> None:
    """Send the rest nowhere, so that the interpreter has nothing to complain of when it flushes at its end."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Lay out cells in columns; those of `right` are aligned to the right."""
    cells = [tuple(head), *[tuple(row) for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def in_one_line(message: object) -> str:
    """Put a message of several lines, as some errors have, into one safe line."""
    return one_line(" ".join(str(message).split("\n")), length_max=MESSAGE_MAX)


def quoted(text: str) -> str:
    """Show what was typed, or a name."""
    return repr(one_line(text, length_max=200))


def moment(seconds: float) -> str:
    """Write a Unix time in UTC; "-" for one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return "-"
