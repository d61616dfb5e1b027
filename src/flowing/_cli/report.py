"""`flowing report run.db -o report.html`: a stored run as one HTML file. What is in it is for `flowing.views`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._cli.ending import FINE, FOUND, WrongUseError
from flowing._cli.output import in_one_line, quoted, say, write_file
from flowing.checkpoint.sqlite.look import read_tasks
from flowing.errors import FlowingError
from flowing.views.html import html
from flowing.views.picture_of_store import picture_of_saved

if TYPE_CHECKING:
    import argparse

    from flowing._cli.words import Verbs


def declare(verbs: Verbs) -> None:
    """Say what the verb takes."""
    verb = verbs.add_parser(
        "report",
        help="write a report of a stored run: graph, timeline, every task",
        description="Write a report of a run in a checkpoint as one HTML file, without scripts and without anything "
        "from the network: the graph, a timeline, a table of the tasks, each failure with its traceback. Writes "
        "nothing else, and may be used while a flow runs. Exit status: 0, 1 if something in the checkpoint is damaged, "
        "2 if it can't be read.",
    )
    verb.add_argument("path", metavar="run.db", help="the file that the flow has as its checkpoint")
    verb.add_argument("--run", metavar="ID", help="the run (default: the newest)")
    verb.add_argument("-o", "--output", metavar="FILE", required=True, help="the file to write; one there is replaced")
    verb.set_defaults(do=report)


def report(given: argparse.Namespace) -> int:
    """Write the report."""
    try:
        run = read_tasks(given.path, given.run)
        page = html(picture_of_saved(run, title=given.path))
    except FlowingError as refused:
        raise WrongUseError(in_one_line(refused)) from None
    write_file(given.output, page)
    say([f"wrote {quoted(given.output)}"])
    return FOUND if run.damage else FINE
