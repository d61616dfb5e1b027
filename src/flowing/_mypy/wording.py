"""What the plugin says: both ends, and the way out. Decides nothing."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from flowing._text import one_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from flowing._mypy.facts import Body, Declaration, Dependency, Parameter


def _task(declared: Declaration) -> str:
    return "this task" if declared.name is None else f'task "{one_line(declared.name)}"'


def _owner(declared: Declaration, body: Body) -> str:
    return _task(declared) if body.option is None else f"{body.option} of {_task(declared)}"


def mismatch(declared: Declaration, body: Body, dependency: Dependency, types: tuple[str, str]) -> str:
    """Say that a dependency's value does not fit the parameter of its name."""
    made, taken = types
    return (
        f'Task "{_name(dependency)}" makes {made}, but {_owner(declared, body)} takes it as {taken}; '
        f"change the parameter's type, or depend on a task that makes {taken}"
    )


def unfilled(declared: Declaration, body: Body, parameter: Parameter, untaken: Collection[str]) -> str:
    """Say that nothing fills a required parameter."""
    name = parameter.name
    if body.option is not None:
        what = f'No dependency of {_task(declared)} supplies parameter "{name}" of its {body.option}'
    else:
        what = f'No dependency of {_task(declared)} supplies its parameter "{name}"'
    if any(each.name == name for each in declared.after.read):
        return f'{what}; task "{name}" is only in after=[...], which takes no value: move it to depends_on=[...]'
    similar = get_close_matches(name, untaken, n=1)
    meant = f'rename it to "{similar[0]}", ' if similar else ""
    return (
        f"{what}; {meant}add the task that makes it to depends_on=[...], write {name}=Depends(task), "
        f"or give it a default"
    )


def untaken(declared: Declaration, dependency: Dependency) -> str:
    """Say that no parameter takes a dependency's value."""
    name = _name(dependency)
    rename = f'name a parameter "{name}", ' if name.isidentifier() else ""
    return (
        f'No parameter of {_task(declared)} takes the value of its dependency "{name}"; {rename}'
        f"write x=Depends(...), or move it to after=[...] if only the order matters"
    )


def by_position_only(declared: Declaration, body: Body, parameter: Parameter) -> str:
    """Say that a parameter can't be filled because it has no name for callers."""
    return (
        f'No dependency of {_task(declared)} can supply parameter "{parameter.name}" of '
        f"{_function(body)}, which is positional-only; remove the / from the parameters, "
        f"or write {parameter.name}=Depends(task)"
    )


def two_sources(declared: Declaration, body: Body, parameter: Parameter, other: Dependency) -> str:
    """Say that a parameter is filled by name and by `Depends`."""
    return (
        f'Parameter "{parameter.name}" of {_owner(declared, body)} has two sources, the dependency of its name and '
        f"Depends({_name(other)}); take one of them away"
    )


def same_name(declared: Declaration, dependency: Dependency) -> str:
    """Say that two dependencies have one name."""
    return (
        f'Two dependencies of {_task(declared)} are named "{_name(dependency)}"; '
        f"give one of them another name with name= or with_options(name=...)"
    )


def unread_list(declared: Declaration, why: str) -> str:
    """Say that a list of dependencies was not checked."""
    return (
        f"The wiring of {_task(declared)} is not checked in full: {why}; write depends_on=[...] with tasks that were "
        f"made by @task, or by task() or with_options() with a literal name"
    )


def unread_function(declared: Declaration, body: Body) -> str:
    """Say that a function was not checked."""
    return (
        f"The wiring of {_owner(declared, body)} is not checked: the type of its function does not tell its "
        f"parameters; write a def, or annotate what its decorator returns"
    )


def _function(body: Body) -> str:
    return "its function" if body.option is None else f"its {body.option}"


def _name(dependency: Dependency) -> str:
    return "?" if dependency.name is None else one_line(dependency.name)
