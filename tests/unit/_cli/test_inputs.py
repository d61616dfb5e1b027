"""`--set`: which text becomes which value, and what is refused in one line."""

from __future__ import annotations

import enum
from datetime import date
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Literal

import pytest

from flowing import Flow, param, task
from flowing._cli.ending import WrongUseError
from flowing._cli.inputs import inputs_of

if TYPE_CHECKING:
    from flowing.task import Task


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def flow_with(kind: object) -> Flow:
    value: Task[object] = param("value", kind)

    @task(depends_on=[value])
    def use(value: object) -> object:
        return value

    return Flow(use)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "Paris", "Paris"),
        (str, "3", "3"),
        (str, "", ""),
        (str, "a=b", "a=b"),
        (int, "3", 3),
        (float, "2.5", 2.5),
        (float, "2", 2),
        (bool, "true", True),
        (list[int], "[1, 2]", [1, 2]),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (date, "2024-01-02", date(2024, 1, 2)),
        (date | None, "null", None),
        (str | None, "Paris", "Paris"),
        (int | str, "3", 3),
        (int | str, "three", "three"),
        (Path, "a/b", Path("a/b")),
        (Colour, "RED", Colour.RED),
        (Literal["a", "b"], "b", "b"),
    ],
)
def test_text_is_read_by_the_type_of_the_parameter(kind: object, text: str, value: object) -> None:
    """And a run takes it."""
    flow = flow_with(kind)
    inputs = inputs_of(flow, [f"value={text}"], begins=True)
    assert inputs == {"value": value}
    assert type(inputs["value"]) is type(value)
    assert flow.run(**inputs)["use"].value == value


@pytest.mark.parametrize(
    ("kind", "setting", "line"),
    [
        (int, "value=x", "--set 'value'='x' is no int; write it as JSON"),
        (int, "value=true", "is no int"),
        (bool, "value=True", "is no bool"),
        (list[int], "value=1", "is no list[int]"),
        (Colour, "value=GREEN", "it is one of RED, BLUE"),
        (str, "value", "gives no value; write --set name=value"),
        (str, "other=1", "the flow has no such parameter; its parameters are value"),
        (str, "rerun_detached=1", "the flow has no such parameter"),
        (str, "=1", "the flow has no such parameter"),
        (int, "value=" + "9" * 5_000, "is no int"),
        (int, "value=\ud800", "is no int"),
        (Thread, "value=1", "can't give parameter 'value' a value"),
    ],
)
def test_what_is_refused_is_one_line(kind: object, setting: str, line: str) -> None:
    with pytest.raises(WrongUseError) as refused:
        inputs_of(flow_with(kind), [setting], begins=True)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_parameter_is_given_once_and_one_without_a_default_must_be() -> None:
    """A run that goes on has its inputs."""
    flow = flow_with(int)
    with pytest.raises(WrongUseError, match="twice"):
        inputs_of(flow, ["value=1", "value=2"], begins=True)
    with pytest.raises(WrongUseError, match="give it one with --set value="):
        inputs_of(flow, [], begins=True)
    assert inputs_of(flow, [], begins=False) == {}
