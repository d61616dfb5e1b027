"""Plans in which code of others takes part: a user's hooks, numpy's arrays, pydantic's models. Imports none of it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from attrs import frozen

from flowing.checkpoint.codec.plan import Misfit, Plan, full_name, reading, wrong_type
from flowing.checkpoint.codec.scalars import from_base64, to_base64

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@frozen(eq=False)
class Hook(Generic[T]):
    """How values of a class are stored that flowing can't store by itself.

    `encode` gives JSON types (dict with str keys, list, str, int, float, bool, None), `decode` gives the value back:
    it must be one of exactly the same class that `encode` writes in the same way. Give another `version` when what
    `encode` writes changes, so that results stored before are not read by the new `decode`.
    """

    kind: type[T]
    encode: Callable[[T], object]
    decode: Callable[[Any], T]
    version: int = 1


def hook_plan(hook: Hook[Any]) -> Plan:
    """Plan for a class with a hook."""
    shown = full_name(hook.kind)

    def encode(value: object) -> object:
        if not isinstance(value, hook.kind):
            raise wrong_type(value, shown)
        return _called(hook.encode, value, f"the hook for {shown}")

    def decode(data: object) -> object:
        return _called(hook.decode, data, f"the hook for {shown}")

    form = f"hook {shown} {hook.version}"
    return Plan(shown, form, frozenset({hook.kind}), encode, decode, nullable=True, foreign=True)


def _called(function: Callable[[Any], object], argument: object, what: str) -> object:
    try:
        return function(argument)
    except Exception as error:
        # Its message may hold values (FAULTS S11), so it stays with the cause.
        raise Misfit(f"{what} raised {type(error).__name__}") from error


# ── pydantic ─────────────────────────────────────────────────────────────────────────────────────


def model_fields(kind: type[Any]) -> dict[str, object] | None:
    """Give the fields of a pydantic model with their annotations; None for any other class."""
    pydantic = sys.modules.get("pydantic")  # a model's class is made by it, so it has been imported
    if pydantic is None or not issubclass(kind, pydantic.BaseModel):
        return None
    kind.model_rebuild()  # one that is not complete yet would be compiled at its first use
    return {name: each.annotation for name, each in kind.model_fields.items()}


def model_plan(kind: type[Any], fields: Mapping[str, str]) -> Plan:
    """Plan for a pydantic model: what pydantic itself writes and reads as JSON."""
    shown = full_name(kind)

    def encode(value: object) -> object:
        if type(value) is not kind:
            raise wrong_type(value, shown)
        return json.loads(cast("str", _called(_model_to_json, value, shown)))

    def decode(data: object) -> object:
        return _called(kind.model_validate_json, json.dumps(data), shown)

    form = ", ".join(f"{name}: {form}" for name, form in fields.items())
    return Plan(shown, f"{shown}{{{form}}}", frozenset({kind}), encode, decode, foreign=True)


def _model_to_json(model: Any) -> object:  # noqa: ANN401 - a pydantic model
    return model.model_dump_json(round_trip=True)


# ── numpy ────────────────────────────────────────────────────────────────────────────────────────

_KINDS: Final = frozenset("biufcmMSU")  # booleans, numbers, times and texts: no objects, no records
_PARTS: Final = 3


def array_plan(kind: type[Any]) -> Plan | None:
    """Plan for numpy's arrays and scalars: type, shape and bytes; None for any other class."""
    numpy = sys.modules.get("numpy")  # the class is numpy's, so it has been imported
    if numpy is None or not (kind is numpy.ndarray or issubclass(kind, numpy.generic)):
        return None
    shown = full_name(kind)
    is_array = kind is numpy.ndarray

    def encode(value: object) -> object:
        if type(value) is not kind:
            raise wrong_type(value, shown)
        array = numpy.asarray(value)
        if array.dtype.kind not in _KINDS or array.dtype.metadata:
            raise Misfit(f"an array of dtype kind {array.dtype.kind!r} (numbers, times and texts can be stored)")
        return [array.dtype.str, list(array.shape), to_base64(array.tobytes())]

    def decode(data: object) -> object:
        dtype, shape, content = _parts(data)
        try:
            array = numpy.frombuffer(from_base64(content), numpy.dtype(dtype)).reshape(shape)
        except (TypeError, ValueError):
            raise Misfit(f"not a {shown}") from None
        made = array.copy() if is_array else array[()]  # a copy can be written to
        if type(made) is not kind:
            raise Misfit(f"not a {shown}")
        return made

    return Plan(shown, shown, frozenset({kind}), encode, decode)


def _parts(data: object) -> tuple[str, list[int], str]:
    """Read the three parts of an array; the text of its type is looked at before numpy sees it."""
    reading(data, list)
    parts = cast("list[object]", data)  # looked at above
    if len(parts) != _PARTS or type(parts[0]) is not str or type(parts[1]) is not list or type(parts[2]) is not str:
        raise Misfit("not the type, shape and bytes of an array")
    dtype, shape = parts[0], cast("list[object]", parts[1])  # looked at above
    size, _, unit = dtype[2:].partition("[")
    known = dtype[:1] in "<>|" and dtype[1:2] in _KINDS and size.isascii() and size.isdigit()
    plain_unit = not unit or (dtype[1] in "mM" and unit[:-1].isalnum() and unit.endswith("]"))
    if not known or not plain_unit or any(type(each) is not int or each < 0 for each in shape):
        raise Misfit("not the type and shape of an array")
    return dtype, cast("list[int]", shape), parts[2]
