"""`flowing graph module:flow`: draws a flow that nobody has run. How it is drawn is for `flowing.views`."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from flowing._cli.ending import FINE, WrongUseError
from flowing._cli.output import quoted, say, write_file
from flowing._cli.targets import TARGET_HELP, flow_of

if TYPE_CHECKING:
    import argparse

    from flowing._cli.words import Verbs


def declare(verbs: Verbs) -> None:
    """Say what the verb takes."""
    verb = verbs.add_parser(
        "graph",
        help="draw the graph of a flow",
        description="Draw the graph of a flow as a Mermaid flowchart (which GitHub, GitLab and many editors show) or "
        "as an SVG. The module is imported, and no task of it is run. Exit status: 0, 2 if the flow can't be had.",
    )
    verb.add_argument("target", metavar="module:flow", help=TARGET_HELP)
    form = verb.add_mutually_exclusive_group()
    form.add_argument("--mermaid", action="store_true", help="as a Mermaid flowchart (the default, but for FILE.svg)")
    form.add_argument("--svg", action="store_true", help="as an SVG")
    verb.add_argument("-o", "--output", metavar="FILE", help="write into this file, not to the terminal")
    verb.add_argument("--debug", action="store_true", help="show the traceback of an error in the module")
    verb.set_defaults(do=graph)


def graph(given: argparse.Namespace) -> int:
    """Print the picture, or write it into a file."""
    is_svg = given.svg or (not given.mermaid and _is_svg(given.output or ""))
    flow = flow_of(given.target)
    text = flow.to_svg() if is_svg else flow.to_mermaid()
    if given.output is None:
        say([text.rstrip("\n")])
    else:
        write_file(given.output, text)
    return FINE


def _is_svg(file: str) -> bool:
    """Tell by its suffix what is to be in a file.

    Raises:
        WrongUseError: it is one of another kind of picture or page.
    """
    suffix = PurePath(file).suffix.lower()
    if suffix not in (".svg", *_TEXT):
        message = (
            f"{quoted(file)}: a graph is written as .svg or as Mermaid (.mmd); say --svg or --mermaid if it is one"
        )
        raise WrongUseError(message)
    return suffix == ".svg"


_TEXT: Final = ("", ".mmd", ".mermaid", ".md", ".txt")
