"""`flowing run module:flow`: runs it, says how it went, and gives the exit status. What a run is, is for the flow."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from flowing._cli.ending import FINE, FOUND, WrongUseError
from flowing._cli.inputs import inputs_of
from flowing._cli.log import printed_log
from flowing._cli.output import complain, in_one_line, say
from flowing._cli.targets import TARGET_HELP, flow_of
from flowing.errors import (
    CheckpointLocked,
    CheckpointVersionError,
    ConfigError,
    ExtraMissing,
    FlowChangedError,
    FlowingError,
    InputError,
    SerializationError,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator

    from flowing._cli.words import Verbs
    from flowing.flow import Flow
    from flowing.results import Results

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
    verb.add_argument("--quiet", action="store_true", help="print failures and warnings only")
    verb.add_argument("--debug", action="store_true", help="show the traceback of each failure, too")
    verb.set_defaults(do=run)


def run(given: argparse.Namespace) -> int:
    """Run the flow, and print how it went."""
    flow = flow_of(given.target)
    inputs = inputs_of(flow, given.inputs, begins=not given.resume)
    with _refusing():
        flow = flow.with_checkpoint(given.checkpoint) if given.checkpoint is not None else flow
    progress = not given.quiet and _is_looked_at()
    table = not given.quiet and not (progress and len(flow.tasks) > _TABLE_MAX)
    with flow, printed_log(quiet=given.quiet):
        try:
            with _refusing(), _progress(flow) if progress else nullcontext():
                results = flow.resume(rerun_detached=False, **inputs) if given.resume else flow.run(**inputs)
        except FlowingError as error:  # the run ended before its time: what it had made is kept
            _print(flow, table=table, debug=given.debug)
            complain([f"flowing: {in_one_line(error)}"])
            return FOUND
        except KeyboardInterrupt:
            _print(flow, table=table, debug=given.debug)
            raise
        _print(flow, table=table, debug=given.debug)
    return FINE if results.ok else FOUND


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


def _print(flow: Flow, *, table: bool, debug: bool) -> None:
    if table:
        say(flow.summary().split("\n"))
    if debug:
        complain(_tracebacks(flow.results))


def _tracebacks(results: Results) -> list[str]:
    failed = (*results.failures(detached=False), *results.failures(detached=True))
    return [line for each in failed for line in (each.traceback or "").split("\n")]
