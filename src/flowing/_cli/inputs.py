"""`--set name=value`: text from a command line as values of the types that the parameters of a flow have."""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING

from flowing._cli.ending import WrongUseError
from flowing._cli.output import in_one_line, quoted
from flowing._text import one_line
from flowing.checkpoint.codec.json_codec import JsonCodec
from flowing.errors import FlowingError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint.codec.protocol import TaskCodec
    from flowing.flow import Flow
    from flowing.task import Param


def inputs_of(flow: Flow, settings: Sequence[str], *, begins: bool) -> dict[str, object]:
    """Give the inputs of a run; one that `begins` needs all that have no default.

    Raises:
        WrongUseError: one can't be understood, names no parameter, is not of its type, or is missing.
    """
    inputs: dict[str, object] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise WrongUseError(f"--set {quoted(setting)} gives no value; write --set name=value")
        if name not in flow.inputs:
            known = ", ".join(flow.inputs)
            have = f"its parameters are {known}" if known else "it has none"
            raise WrongUseError(f"--set {quoted(name)}: the flow has no such parameter; {have}")
        if name in inputs:
            raise WrongUseError(f"--set gives {quoted(name)} twice; leave one out")
        inputs[name] = _value(flow.inputs[name], text)
    missing = [name for name, param in flow.inputs.items() if param.required and name not in inputs]
    if missing and begins:
        raise WrongUseError(f"parameter {quoted(missing[0])} has no value; give it one with --set {missing[0]}=...")
    return inputs


def _value(param: Param[object], text: str) -> object:
    """Read text as it is, if the type is `str`, else as JSON, else as a JSON string: dates, enums, unquoted words."""
    if param.type is str:
        return text
    try:
        codec = JsonCodec().prepare("", param.type)
    except FlowingError as refused:
        message = f"--set can't give parameter {quoted(param.name)} a value: {in_one_line(refused)}"
        raise WrongUseError(message) from None
    for written in (text, json.dumps(text)):
        value = _decoded(codec, written)
        if value is not codec and _fits(param, value):
            return value
    names = list(param.type.__members__) if isinstance(param.type, enum.EnumType) else []
    way_out = (
        f"it is one of {', '.join(map(one_line, names))}"
        if names
        else "write it as JSON: numbers, true and false as they are, lists as [1, 2], objects as {...}"
    )
    raise WrongUseError(f"--set {quoted(param.name)}={quoted(text)} is no {codec.shown_type}; {way_out}")


def _decoded(codec: TaskCodec, written: str) -> object:
    """Read JSON as the type; gives the codec itself, which no JSON is read as, where it is not of the type."""
    try:
        return codec.decode(written.encode("utf-8", "surrogatepass"))
    except FlowingError:
        return codec


def _fits(param: Param[object], value: object) -> bool:
    try:
        param.check(value)
    except InputError:
        return False
    return True
