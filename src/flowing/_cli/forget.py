"""`flowing forget run.db --run ID`: removes a run from a checkpoint that nobody holds, and says what that was."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from flowing._cli.ending import FINE, WrongUseError
from flowing._cli.output import in_one_line, moment, quoted, say
from flowing._text import counted
from flowing.checkpoint.records import OverrideSaved, ResultSaved
from flowing.checkpoint.sqlite.look import forget as forget_run
from flowing.checkpoint.sqlite.look import read_runs, read_tasks
from flowing.errors import CheckpointCorrupt, FlowingError

if TYPE_CHECKING:
    import argparse

    from flowing._cli.words import Verbs


def declare(verbs: Verbs) -> None:
    """Say what the verb takes."""
    verb = verbs.add_parser(
        "forget",
        help="remove a run from a checkpoint, and overwrite what it held",
        description="Remove a run from a checkpoint that nobody holds, and overwrite in the file what it held. The "
        "file does not get smaller: its room is used again. Exit status: 0, 2 if it can't be done.",
    )
    verb.add_argument("path", metavar="run.db", help="the file that the flow has as its checkpoint")
    verb.add_argument("--run", metavar="ID", required=True, help="which run; `flowing show run.db` lists them")
    verb.set_defaults(do=forget)


def forget(given: argparse.Namespace) -> int:
    """Remove the run, and print what is gone."""
    try:
        held = _description(given.path, given.run)
        forget_run(given.path, given.run)
    except FlowingError as refused:
        raise WrongUseError(in_one_line(refused)) from None
    say([f"forgot run {quoted(given.run)}{held}", *_left(given.path)])
    return FINE


def _description(path: str, run_id: str) -> str:
    """Say what the run holds; nothing if it is too damaged to tell, which is no reason to keep it."""
    try:
        run = read_tasks(path, run_id)
    except CheckpointCorrupt:
        return ""
    results = sum(isinstance(each, ResultSaved | OverrideSaved) for each in run.saved.values())
    return f" of {moment(run.began_s)} UTC: {counted(len(run.declaration.names), 'task')}, {counted(results, 'result')}"


def _left(path: str) -> list[str]:
    """Say what is still there, as far as it can be read."""
    with suppress(FlowingError):
        return [f"{counted(len(read_runs(path)), 'run')} left in {quoted(path)}"]
    return []
