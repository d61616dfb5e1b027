"""`flowing check module:flow`: compares annotations, and runs no task. What fits what is for `flowing._check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._check.check import CheckedWiring, Finding
from flowing._check.check import check as check_wiring
from flowing._cli.ending import FINE, FOUND
from flowing._cli.imports import place, where_raised
from flowing._cli.output import MESSAGE_MAX, say
from flowing._cli.targets import TARGET_HELP, find_flow
from flowing._text import counted, one_line
from flowing.errors import FlowingError

if TYPE_CHECKING:
    import argparse

    from flowing._cli.words import Verbs


def declare(verbs: Verbs) -> None:
    """Say what the verb takes."""
    verb = verbs.add_parser(
        "check",
        help="compare the annotations of every task with those of the tasks that take its value",
        description="Compare the annotations of every task with those of the tasks that take its value. The module is "
        "imported, and no task of it is run. Exit status: 0 if all fit, 1 if some do not, 2 if the flow can't be had.",
    )
    verb.add_argument("targets", nargs="+", metavar="module:flow", help=TARGET_HELP)
    verb.add_argument("--unchecked", action="store_true", help="list what can't be decided, too")
    verb.add_argument("--debug", action="store_true", help="show the traceback of an error in the module")
    verb.set_defaults(do=check)


def check(given: argparse.Namespace) -> int:
    """Print one line a finding and one of totals."""
    wirings = [_wiring_of(target) for target in given.targets]
    findings = list(dict.fromkeys(each for wiring in wirings for each in wiring.findings))
    unchecked = list(dict.fromkeys(each for wiring in wirings for each in wiring.unchecked))
    lines = [f"{place(each.file, each.line)}: error: {each.message}" for each in findings]
    if given.unchecked:
        lines += [f"{place(each.file, each.line)}: note: {each.message}" for each in unchecked]
    edges = sum(wiring.edges for wiring in wirings)
    more = "" if given.unchecked or not unchecked else " (--unchecked lists them)"
    errors, values = counted(len(findings), "error"), counted(edges, "value")
    say([*lines, f"{errors}; {values} passed between tasks, {len(unchecked)} unchecked{more}"])
    return FOUND if findings else FINE


def _wiring_of(target: str) -> CheckedWiring:
    """Check one flow; a declaration that is refused is a finding, too."""
    try:
        return check_wiring(find_flow(target))
    except FlowingError as refused:
        file, line = where_raised(refused)
        message = one_line(str(refused), length_max=MESSAGE_MAX)
        return CheckedWiring((Finding(file, line, "", "", "", message),), (), 0)
