"""From the words of a command line to its exit status. Each verb has a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._cli.ending import INTERRUPTED, WRONG_USE, WrongUseError
from flowing._cli.output import complain, prepare
from flowing._cli.parser import parse

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and give the exit status: 0, 1 for findings, 2 for wrong use, 130 for Ctrl-C."""
    prepare()
    given = parse(arguments)
    try:
        status: int = given.do(given)
    except WrongUseError as mistake:
        debug: bool = getattr(given, "debug", False)
        complain([*(mistake.details.split("\n") if debug and mistake.details else []), f"flowing: {mistake}"])
        return WRONG_USE
    except KeyboardInterrupt:
        complain(["flowing: interrupted"])
        return INTERRUPTED
    return status
