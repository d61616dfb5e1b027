"""`flowing run module:flow`: runs it, says how it went, and gives the exit status. What a run is, is for the flow."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from flowing._cli import interrupts, reasons
from flowing._cli.ending import FINE, FOUND, INTERRUPTED, WrongUseError
from flowing._cli.inputs import inputs_of
from flowing._cli.inside import has_checkpoint, noted
from flowing._cli.log import printed_log
from flowing._cli.output import MESSAGE_MAX, complain, in_one_line, quoted, say
from flowing._cli.targets import TARGET_HELP, flow_of
from flowing._text import describe_error
from flowing.errors import (
    CheckpointLocked,
    CheckpointVersionError,
    ConfigError,
    ExtraMissing,
    FlowChangedError,
    FlowingError,
    InputError,
    SerializationError,
    TaskTimeoutError,
)
from flowing.views.summary import WHY_MAX

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Mapping, Sequence

    from flowing._cli.words import Verbs
    from flowing.flow import Flow
    from flowing.results import Results
    from flowing.task import Task

_TABLE_MAX: Final = 40  # tasks, beneath a progress that ends with counts and failures
# What is raised before anything starts, because what was asked for can't be done.
_REFUSALS: Final = (
    CheckpointLocked,
    CheckpointVersionError,
    ConfigError,
    ExtraMissing,
    FlowChangedError,
    InputError,
    SerializationError,
)


def declare(verbs: Verbs) -> None:
    """Say what the verb takes."""
    verb = verbs.add_parser(
        "run",
        help="run a flow",
        description="Run a flow, and print a table of its tasks. Exit status: 0 if every task succeeded (detached ones "
        "don't count), 1 if not, 2 if the flow can't be had or refuses to begin, 130 after Ctrl-C, which lets running "
        "tasks finish; a second one ends at once.",
    )
    verb.add_argument("target", metavar="module:flow", help=TARGET_HELP)
    verb.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        dest="inputs",
        help="give a parameter of the flow a value: text, or JSON where the parameter's type is not text; may be "
        "repeated",
    )
    verb.add_argument(
        "--checkpoint",
        metavar="run.db",
        help="keep the results in this file, for --resume to go on where a run ended (default: what the flow says)",
    )
    verb.add_argument(
        "--resume",
        action="store_true",
        help="go on with the newest run in the checkpoint, and begin one if there is none",
    )
    verb.add_argument(
        "--invalidate",
        metavar="TASK",
        action="append",
        default=[],
        help="with --resume: run this task again, and what was computed from it; may be repeated",
    )
    verb.add_argument("--quiet", action="store_true", help="print failures and warnings only")
    verb.add_argument("--debug", action="store_true", help="show the traceback of each failure, too")
    verb.set_defaults(do=run)


def run(given: argparse.Namespace) -> int:
    """Run the flow, and print how it went."""
    flow = flow_of(given.target)
    inputs = inputs_of(flow, given.inputs, begins=not given.resume)
    with _refusing():
        flow = flow.with_checkpoint(given.checkpoint) if given.checkpoint is not None else flow
    _check_that_it_can_resume(flow, given)
    progress = not given.quiet and _is_looked_at()
    table = not given.quiet and not (progress and len(flow.tasks) > _TABLE_MAX)
    with flow, printed_log(quiet=given.quiet), noted(flow) as begun:
        try:
            with _refusing(), _progress(flow) if progress else nullcontext(), interrupts.told(flow):
                results = _results(flow, given, inputs)
        except FlowingError as error:  # the run ended before its time: what it had made is kept
            _print(flow, given, table=table)
            complain([f"flowing: {in_one_line(error)}"])
            return FOUND
        except KeyboardInterrupt:
            _print(flow, given, table=table)
            way_on = "--resume goes on with it" if has_checkpoint(flow) else "--checkpoint would have kept what it made"
            complain([f"flowing: interrupted; {way_on}"])
            return INTERRUPTED
        _print(flow, given, table=table)
    if given.resume and not begun.anything and not given.quiet:
        say(["nothing was run: this run was finished before; without --resume another one begins"])
    return FINE if results.ok else FOUND


def _check_that_it_can_resume(flow: Flow, given: argparse.Namespace) -> None:
    if given.resume and not has_checkpoint(flow):
        message = (
            "--resume has nothing to go on with: the flow has no checkpoint; name the file with --checkpoint run.db"
        )
        raise WrongUseError(message)
    if given.invalidate and not given.resume:
        raise WrongUseError("--invalidate is of a run that is gone on with; say --resume, too")


def _results(flow: Flow, given: argparse.Namespace, inputs: Mapping[str, object]) -> Results:
    if not given.resume:
        return flow.run(**inputs)
    if given.invalidate:
        flow.invalidate(*_tasks(flow, given.invalidate))
    return flow.resume(rerun_detached=False, **inputs)


def _tasks(flow: Flow, names: Sequence[str]) -> list[Task[object]]:
    tasks = {each.name: each for each in flow.tasks}
    unknown = [name for name in names if name not in tasks]
    if unknown:
        raise WrongUseError(f"--invalidate {quoted(unknown[0])}: the flow has no task of that name")
    return [tasks[name] for name in names]


@contextmanager
def _refusing() -> Generator[None]:
    try:
        yield
    except _REFUSALS as refused:
        raise WrongUseError(in_one_line(refused)) from None


def _is_looked_at() -> bool:
    """Tell whether progress can be shown: there is a terminal, and what it is drawn with."""
    return sys.stderr is not None and sys.stderr.isatty() and find_spec("rich") is not None


def _progress(flow: Flow) -> AbstractContextManager[object]:
    from flowing import progress  # noqa: PLC0415 - loads rich

    shown: AbstractContextManager[object] = progress(flow)
    return shown


def _print(flow: Flow, given: argparse.Namespace, *, table: bool) -> None:
    results = flow.results
    failed = (*results.failures(detached=False), *results.failures(detached=True))
    if table:
        say(flow.summary().split("\n"))
    if not given.quiet:
        say(reasons.whole([(each.name, _whole_reason(each.error)) for each in failed], cut_at=WHY_MAX))
    if given.debug:
        complain([line for each in failed for line in (each.traceback or "").split("\n")])


def _whole_reason(error: BaseException | None) -> str:
    """Give what the table may have cut; of a time-out it has what matters."""
    return "" if error is None or type(error) is TaskTimeoutError else describe_error(error, length_max=MESSAGE_MAX)
