"""The wiring rules of the type checkers, at run time: every value that a flow passes on, against what takes it (G7).

Runs no task, and looks at no value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._check.functions import parameter_at, parameter_named, result_of
from flowing._check.places import Places
from flowing._check.show import show
from flowing._check.subtype import fits
from flowing._check.verdict import Undecided, Verdict
from flowing._record import record
from flowing._text import one_line
from flowing.flow import flow_given
from flowing.task import Call, FromTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowing._check.forms import Form
    from flowing.flow import Flow
    from flowing.task import Task


@record
class Finding:
    """One value that does not fit where it goes, or, if not `checked`, of which that can't be decided at run time.

    `file` and `line` say where the parameter is written.
    """

    file: str
    line: int
    task: str
    dependency: str
    parameter: str
    message: str
    checked: bool = True


@record
class CheckedWiring:
    """What `flowing.check` found. `edges` is the number of values that are passed on, whatever was found of them."""

    findings: tuple[Finding, ...]
    unchecked: tuple[Finding, ...]
    edges: int

    @property
    def ok(self) -> bool:
        """Whether nothing was found. What is unchecked may still be wrong."""
        return not self.findings


def check(flow: Flow) -> CheckedWiring:
    """Compare what each task makes with what the tasks, gates and `retry_until` that get it say they take.

    Reads the annotations that are there when it is called, as mypy would. What can't be decided at run time is listed
    as unchecked: names that exist for checkers alone, functions without annotations or with decorators, protocols.
    O(tasks + edges); calls nothing of yours.

    Raises:
        ConfigError: it is no flow.
    """
    places = Places()
    compared = [(edge, _compare(edge)) for step in flow_given(flow, "check()").tasks for edge in _edges(step)]
    findings = [_misfit(edge, places) for edge, verdict in compared if verdict is False]
    unchecked = [_unchecked(edge, verdict, places) for edge, verdict in compared if isinstance(verdict, Undecided)]
    return CheckedWiring(tuple(findings), tuple(unchecked), len(compared))


@record(eq=False)
class _Edge:
    """One value on its way: from the function that makes it to the parameter that takes it."""

    maker: Task[object]
    taker: Task[object]
    option: str | None  # which of the taker's functions, if not the body
    function: object
    parameter: str
    made: Form
    taken: Form


def _edges(taker: Task[object]) -> Iterator[_Edge]:
    for option, call in ((None, taker.body), ("when", taker.when), ("validate", taker.validate)):
        if call is not None:
            yield from _edges_of_call(taker, option, call)
    predicate = taker.retry_until
    if predicate is not None:
        name, form = parameter_at(predicate, 0)
        yield _Edge(taker, taker, "retry_until", predicate, name, result_of(taker.body.function), form)


def _edges_of_call(taker: Task[object], option: str | None, call: Call) -> Iterator[_Edge]:
    for position, value in enumerate(call.positional):
        if isinstance(value, FromTask):
            name, form = parameter_at(call.function, position)
            made = result_of(value.task.body.function)
            yield _Edge(value.task, taker, option, call.function, name, made, form)
    for name, value in call.keywords:
        if isinstance(value, FromTask):
            made = result_of(value.task.body.function)
            yield _Edge(value.task, taker, option, call.function, name, made, parameter_named(call.function, name))


def _compare(edge: _Edge) -> Verdict:
    return fits(edge.made, edge.taken)


# ── the wording, as the mypy plugin's: both ends, and the way out ────────────────────────────────


def _misfit(edge: _Edge, places: Places) -> Finding:
    made, taken = show(edge.made), show(edge.taken)
    if made == taken:
        made, taken = show(edge.made, full=True), show(edge.taken, full=True)
    same_name = edge.parameter == edge.maker.name
    parameter = "the parameter's type" if same_name else f'the type of parameter "{edge.parameter}"'
    message = (
        f'Task "{edge.maker.name}" makes "{made}", but {_taking_end(edge)} takes it as "{taken}"; '
        f'change {parameter}, or depend on a task that makes "{taken}"'
    )
    return _finding(edge, message, places, checked=True)


def _unchecked(edge: _Edge, verdict: Undecided, places: Places) -> Finding:
    message = (
        f'What task "{edge.maker.name}" makes is not compared with what {_taking_end(edge)} takes as parameter '
        f'"{edge.parameter}": {verdict.why}'
    )
    return _finding(edge, message, places, checked=False)


def _taking_end(edge: _Edge) -> str:
    task = f'task "{edge.taker.name}"'
    return task if edge.option is None else f"{edge.option} of {task}"


def _finding(edge: _Edge, message: str, places: Places, *, checked: bool) -> Finding:
    file, line = places.parameter(edge.function, edge.parameter)
    return Finding(
        file,
        line,
        edge.taker.name,
        edge.maker.name,
        edge.parameter,
        one_line(message, length_max=2_000),
        checked,
    )
