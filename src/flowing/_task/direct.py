"""A task called as a function, outside any flow, where its function would get less than it needs. Knows no flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._task.functions import parameters_of, show_call
from flowing._task.wiring import FromTask
from flowing._text import one_line
from flowing.errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowing._task.declared import Task


def call_with_care(step: Task[object], args: tuple[object, ...], kwargs: Mapping[str, object]) -> object:
    """Call the function of a task that is bound, or that has parameters with a `Depends`."""
    body = step.body
    if step.direct == "bound":
        if args or kwargs or body.sources():
            raise _bound_call(step)
        return body.function(*body.positional, **dict(body.keywords))
    parameters = parameters_of(body.function)
    assert parameters is not None, "a task is 'checked' only for a Depends among its parameters"
    by_position = parameters.positional_only + parameters.positional
    given = {*by_position[: len(args)], *kwargs}
    for name, default in parameters.defaults.items():
        if isinstance(default, FromTask) and name not in given:
            raise SignatureError(
                f"task {one_line(step.name)!r} was called as a function without {name!r}, which a flow would fill from "
                f"task {one_line(default.task.name)!r}; give {name}=..., or run the task in a Flow"
            )
    return body.function(*args, **kwargs)


def _bound_call(step: Task[object]) -> SignatureError:
    sources = step.body.sources()
    fault = f"but takes the value of {one_line(sources[0].name)!r} from a flow" if sources else "with arguments"
    return SignatureError(
        f"task {one_line(step.name)!r} has its arguments bound and was called as a function, {fault}; "
        f"call {show_call(step.wired.function)} itself, or run the task in a Flow"
    )
