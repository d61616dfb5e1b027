"""What can be typed: the verbs, and the help for all of them. Does nothing of it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from flowing._cli import check, demo, forget, graph, report, run, show
from flowing._cli.words import Parser, Verbs

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_VERBS: Final = (run, check, graph, report, show, forget, demo)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; `do` in the answer takes the answer and gives the exit status.

    Raises:
        SystemExit: help was asked for, or it can't be understood, which is said on stderr in one line.
    """
    parser = Parser(
        prog="flowing",
        description="Run flows, look at them, and look at what they stored.",
        epilog="`flowing verb --help` says more about each. Exit status: 0 all went well, 1 a task failed or something "
        "is wrong with what was looked at, 2 wrong use, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"flowing {_version()}")
    verbs: Verbs = parser.add_subparsers(required=True, metavar="verb", title="verbs", parser_class=Parser)
    for each in _VERBS:
        each.declare(verbs)
    return parser.parse_args(arguments)


def _version() -> str:
    try:
        return version("flowing-dag")
    except PackageNotFoundError:  # the sources, as they lie in a folder
        return "(not installed)"
