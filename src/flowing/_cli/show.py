"""`flowing show run.db`: the runs of a checkpoint, and the tasks of one of them. Reads, whoever holds the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._cli import reasons
from flowing._cli.ending import FINE, FOUND, WrongUseError
from flowing._cli.output import in_one_line, moment, quoted, say, table
from flowing._cli.rows import row_of
from flowing._text import counted, one_line
from flowing.checkpoint.records import FailureSaved
from flowing.checkpoint.sqlite.look import read_running, read_runs, read_tasks
from flowing.errors import FlowingError
from flowing.results import StepState
from flowing.views.summary import duration

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from flowing._cli.words import Verbs
    from flowing.checkpoint.records import RunSummary, SavedRun

_NAME_MAX: Final = 40
_WHY_MAX: Final = 200
_RUNS_SHOWN: Final = 20
_TRACEBACK_LINES_MAX: Final = 400


def declare(verbs: Verbs) -> None:
    """Say what the verb takes."""
    verb = verbs.add_parser(
        "show",
        help="list the runs in a checkpoint, and the tasks of one of them",
        description="List the runs in a checkpoint, and the tasks of the newest of them, or of the one that is named: "
        "state, duration, attempts and errors. Writes nothing, and may be used while a flow runs. Values are not "
        "shown. Exit status: 0, 1 if something in the file is damaged, 2 if it can't be read.",
    )
    verb.add_argument("path", metavar="run.db", help="the file that the flow has as its checkpoint")
    verb.add_argument("--run", metavar="ID", help="show the tasks of this run (default: the newest)")
    verb.add_argument("--debug", action="store_true", help="show the traceback of each failed task, too")
    verb.set_defaults(do=show)


def show(given: argparse.Namespace) -> int:
    """Print the runs, and the tasks of one."""
    try:
        runs = read_runs(given.path)
        if not runs:
            say([f"there is no run in {quoted(given.path)}"])
            return FINE
        run = read_tasks(given.path, given.run)
        lines = [
            *_runs(runs),
            "",
            *_tasks(run, read_running(given.path, given.run)),
            *(_tracebacks(run) if given.debug else ()),
        ]
    except FlowingError as refused:
        raise WrongUseError(in_one_line(refused)) from None
    say([*lines, *[f"damaged: {in_one_line(each)}" for each in run.damage]])
    return FOUND if run.damage else FINE


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────


def _runs(runs: tuple[RunSummary, ...]) -> list[str]:
    rows = [
        (
            one_line(each.run_id, length_max=_NAME_MAX),
            moment(each.began_s),
            "finished" if each.finished else "unfinished",
            one_line(each.codec, length_max=_NAME_MAX),
        )
        for each in runs[-_RUNS_SHOWN:]
    ]
    older = len(runs) - len(rows)
    head = [f"({counted(older, 'older run')} not shown; --run shows one of them)"] if older else []
    return [*head, *table(("RUN", "BEGAN (UTC)", "STATE", "CODEC"), rows)]


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────


def _tasks(run: SavedRun, running: Mapping[str, int]) -> list[str]:
    rows = [(each.name, row_of(run, each, running)) for each in run.declaration.definitions]
    cells = [
        (
            row.state,
            one_line(name, length_max=_NAME_MAX),
            duration(row.seconds),
            str(row.attempts),
            one_line(row.why, length_max=_WHY_MAX),
        )
        for name, row in rows
    ]
    head = ("STATE", "TASK", "DURATION", "ATTEMPTS", "WHY")
    states = [row.state for _, row in rows]
    counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states) if state != "-"]
    lines = [
        f"run {quoted(run.run_id)}:",
        *table(head, cells, right=frozenset({2, 3})),
        f"{counted(len(rows), 'task')}: {', '.join(counts) or 'nothing saved'}",
    ]
    if running:
        lines.append("RUNNING: or it was when the process died, if no process holds the file any more.")
    failed = [(name, row.why) for name, row in rows if row.state == StepState.FAILED]
    return [*lines, *reasons.whole(failed, cut_at=_WHY_MAX)]


def _tracebacks(run: SavedRun) -> list[str]:
    """Write the stored tracebacks, each line of which may hold anything."""
    lines: list[str] = []
    for name in run.declaration.names:
        saved = run.saved.get(name)
        if isinstance(saved, FailureSaved):
            lines += ["", f"task {quoted(name)}:"]
            lines += [one_line(each) for each in saved.error.traceback_text.split("\n")[:_TRACEBACK_LINES_MAX]]
    return lines
