"""A stub's signature against what the flow says, when the function is defined. Compares, and runs nothing."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin

from attrs import evolve

from flowing._task.fitting import show_annotation
from flowing._text import describe_error, one_line
from flowing.errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing._function.signature import Said


def is_async(stub: Callable[..., object]) -> bool:
    """Tell whether a stub is an `async def`."""
    return inspect.iscoroutinefunction(stub)


def fit_to_stub(stub: Callable[..., object], said: Said) -> Said:
    """Give what the flow's function says, in the order and with the place of the stub.

    Raises:
        SignatureError: the two differ in a name, a type, a default or the return type; names both ends.
    """
    here = _signature(stub)
    flows = said.signature.parameters
    for name, parameter in here.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise _wrong(said, f"has {str(parameter).partition(':')[0]!r}", "takes parameters by name alone")
        if name not in flows:
            raise _wrong(
                said, f"has a parameter {name!r}", f"has none of that name: {', '.join(flows) or 'none at all'}"
            )
        _compare(said, parameter, flows[name])
    missing = [name for name in flows if name not in here.parameters]
    if missing:
        raise _wrong(
            said, f"has no parameter {missing[0]!r}", f"has {missing[0]}: {_shown(flows[missing[0]].annotation)}"
        )
    if not _same(here.return_annotation, said.signature.return_annotation):
        raise _wrong(
            said, f"returns {_shown(here.return_annotation)}", f"returns {_shown(said.signature.return_annotation)}"
        )
    ordered = [flows[name].replace(kind=each.kind) for name, each in here.parameters.items()]
    return evolve(said, module=stub.__module__, signature=said.signature.replace(parameters=ordered))


def _signature(stub: Callable[..., object]) -> inspect.Signature:
    try:
        return inspect.signature(stub, eval_str=True)
    except Exception as error:
        message = (
            f"the annotations of {one_line(stub.__name__)}() can't be evaluated ({describe_error(error)}); make their "
            f"names importable at run time, not under TYPE_CHECKING alone"
        )
        raise SignatureError(message) from error


def _compare(said: Said, stub: inspect.Parameter, flow: inspect.Parameter) -> None:
    if not _same(stub.annotation, flow.annotation):
        raise _wrong(said, f"takes {stub.name!r} as {_shown(stub.annotation)}", f"takes {_shown(flow.annotation)}")
    if (stub.default is stub.empty) != (flow.default is flow.empty):
        one, other = ("no default", "one") if stub.default is stub.empty else ("a default", "none")
        raise _wrong(said, f"has {one} for {stub.name!r}", f"has {other}")
    if stub.default is not stub.empty and stub.default is not ... and stub.default != flow.default:
        raise _wrong(said, f"has another default for {stub.name!r}", "has its own; write ... in the stub to take that")


def _same(one: object, other: object) -> bool:
    """Tell whether two annotations say the same; one that is missing, or says `object` or `Any`, says nothing."""
    one, other = _bare(one), _bare(other)
    return one == other or any(each is nothing for each in (one, other) for nothing in _SAYS_NOTHING)


_SAYS_NOTHING: Final[tuple[object, ...]] = (inspect.Signature.empty, Any, object)


def _bare(annotation: Any) -> object:  # noqa: ANN401 - any annotation
    """Take off what `Annotated` adds; None is the type of None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    return type(None) if annotation is None else annotation


def _shown(annotation: object) -> str:
    return "no annotation" if annotation is inspect.Signature.empty else show_annotation(_bare(annotation))


def _wrong(said: Said, stub: str, flow: str) -> SignatureError:
    return SignatureError(f"the stub {said.name}() {stub}, but the flow {flow}; change one of the two")
