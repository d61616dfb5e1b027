"""The rules of wiring (D11), as `flowing._task.wiring` has them at run time. Declarations in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import Decorator

from flowing._mypy import wording
from flowing._mypy.facts import Default, Dependencies, Dependency, Finding, Kind, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy.nodes import Context
    from mypy.types import Type

    from flowing._mypy.facts import Body, Declaration, Function, Judge, Parameter


def findings(declared: Declaration, judge: Judge) -> Iterator[Finding]:
    """Judge a whole declaration, what is wrong first and then what could not be checked."""
    depends_on = declared.depends_on or Dependencies()
    yield from _same_names(declared, depends_on.read)
    body = declared.body.function
    if body is not None:
        yield from _wire(declared, declared.body, depends_on, judge)
        yield from _untaken(declared, body, judge)
    for gate in declared.gates.values():
        if gate.function is not None:
            yield from _wire(declared, gate, _valued(depends_on, declared.body), judge)
    yield from _unchecked(declared, depends_on)


def misses_a_value(declared: Declaration) -> bool:
    """Tell whether the function of a task without `depends_on` needs something; else nothing is reported of it."""
    function = declared.body.function
    return function is not None and any(each.default is Default.REQUIRED for each in function.parameters)


def _wire(declared: Declaration, body: Body, dependencies: Dependencies, judge: Judge) -> Iterator[Finding]:
    assert body.function is not None
    by_name = _by_name(dependencies.read)
    names = {each.name for each in body.function.parameters}
    for parameter in body.function.parameters:
        dependency = by_name.get(parameter.name)
        if parameter.by_position_only:
            if parameter.default is Default.REQUIRED:
                yield _wrong(wording.by_position_only(declared, body, parameter), parameter.place)
        elif dependency is not None:
            yield from _filled(declared, body, parameter, dependency, judge)
        elif parameter.default is Default.REQUIRED and dependencies.complete:
            similar = [name for name in by_name if name not in names]
            yield _wrong(wording.unfilled(declared, body, parameter, similar), parameter.place)
    if body.function.more is not None:
        for name, dependency in by_name.items():
            if name not in names and not _may_be_taken(dependency, body.function, judge):
                yield from _typed(declared, body, dependency, body.function.more, judge)


def _filled(
    declared: Declaration, body: Body, parameter: Parameter, dependency: Dependency, judge: Judge
) -> Iterator[Finding]:
    other = parameter.default
    if not isinstance(other, Dependency):
        yield from _typed(declared, body, dependency, parameter.type, judge)
    elif other.name is not None and other.name != dependency.name:
        yield _wrong(wording.two_sources(declared, body, parameter, other), dependency.place)


def _typed(declared: Declaration, body: Body, dependency: Dependency, taken: Type, judge: Judge) -> Iterator[Finding]:
    assert body.function is not None
    if not judge.fits(dependency.value, taken, body.function.signature):
        message = wording.mismatch(declared, body, dependency, judge.show(dependency.value, taken))
        yield _wrong(message, dependency.place if body.option is None else body.place)


def _untaken(declared: Declaration, body: Function, judge: Judge) -> Iterator[Finding]:
    if declared.depends_on is None or body.more is not None:
        return
    functions = [body]
    for gate in declared.gates.values():
        if gate.function is None:
            return  # it may take anything
        functions.append(gate.function)
    for name, dependency in _by_name(declared.depends_on.read).items():
        if not any(_takes(each, name) or _may_be_taken(dependency, each, judge) for each in functions):
            yield _wrong(wording.untaken(declared, dependency), dependency.place)


def _takes(function: Function, name: str) -> bool:
    return function.more is not None or any(each.name == name for each in function.parameters)


def _may_be_taken(dependency: Dependency, function: Function, judge: Judge) -> bool:
    """Tell whether a parameter of another name has, or may have, a `Depends` of this dependency as its default."""
    for each in function.parameters:
        if isinstance(each.default, Dependency):
            same_node = each.default.node is not None and each.default.node is dependency.node
            if same_node or each.default.name is None or each.default.name == dependency.name:
                return True
        elif each.default is Default.HIDDEN and judge.fits(dependency.value, each.type, function.signature):
            return True
    return False


def _same_names(declared: Declaration, dependencies: Sequence[Dependency]) -> Iterator[Finding]:
    first: dict[str, Dependency] = {}
    for each in dependencies:
        if each.name is not None:
            other = first.setdefault(each.name, each)
            nodes = (other.node, each.node)
            if nodes[0] is not nodes[1] and all(isinstance(node, Decorator) for node in nodes):
                yield _wrong(wording.same_name(declared, each), each.place)


def _valued(depends_on: Dependencies, body: Body) -> Dependencies:
    """Give what a gate may take by name: whatever the body takes, by name or by `Depends`."""
    defaults = () if body.function is None else [each.default for each in body.function.parameters]
    by_depends = tuple(each for each in defaults if isinstance(each, Dependency))
    hidden = body.function is None or Default.HIDDEN in defaults
    unread = (*depends_on.unread, Unread(body.place, None)) if hidden else depends_on.unread
    return Dependencies((*depends_on.read, *by_depends), unread)


def _unchecked(declared: Declaration, depends_on: Dependencies) -> Iterator[Finding]:
    for each in depends_on.unread:
        if each.why is not None:
            yield Finding(Kind.UNCHECKED, wording.unread_list(declared, each.why), each.place)
    bodies = [*declared.gates.values()] if declared.depends_on is None else [declared.body, *declared.gates.values()]
    for body in bodies:
        if body.function is None:
            yield Finding(Kind.UNCHECKED, wording.unread_function(declared, body), body.place)


def _by_name(dependencies: Sequence[Dependency]) -> Mapping[str, Dependency]:
    by_name: dict[str, Dependency] = {}
    for each in dependencies:
        if each.name is not None:
            by_name.setdefault(each.name, each)
    return by_name


def _wrong(message: str, place: Context) -> Finding:
    return Finding(Kind.WRONG, message, place)
