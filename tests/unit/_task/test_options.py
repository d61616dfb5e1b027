"""Which values an option may have, and what is said of the others."""

from __future__ import annotations

import enum
import math
import sys
from decimal import Decimal
from typing import Any

import pytest

from flowing._task.options import DEFAULTS
from flowing.errors import ConfigError
from flowing.task import Task, task


class Level(enum.IntEnum):
    TWO = 2


class Name(enum.StrEnum):
    LOAD = "load"


def make(**options: object) -> Task[int]:
    given: dict[str, Any] = {"name": "step", **options}
    return task(lambda: 1, **given)


@pytest.mark.parametrize(
    ("option", "value", "shown"),
    [
        ("retry", -1, "-1"),
        ("retry", True, "True"),
        ("retry", 1.0, "1.0"),
        ("retry", "2", "'2'"),
        ("retry", None, "None"),
        ("retry", math.inf, "inf"),
        pytest.param("retry", -(10**5000), "an int of", id="an int that Python won't print"),
        ("timeout_s", 0, "0"),
        ("timeout_s", 0.0, "0.0"),
        ("timeout_s", -1.5, "-1.5"),
        ("timeout_s", math.nan, "nan"),
        ("timeout_s", math.inf, "inf"),
        ("timeout_s", True, "True"),
        ("timeout_s", "5", "'5'"),
        ("timeout_s", Decimal(5), "<Decimal>"),
        ("retry_backoff_base_ms", -1, "-1"),
        ("retry_backoff_base_ms", math.nan, "nan"),
        ("retry_backoff_base_ms", False, "False"),
        ("retry_backoff_base_ms", None, "None"),
        ("retry_max_backoff_ms", -0.001, "-0.001"),
        ("retry_max_backoff_ms", -math.inf, "-inf"),
        ("retry_max_backoff_ms", True, "True"),
        ("jitter", 1, "1"),
        ("jitter", None, "None"),
        ("detached", "yes", "'yes'"),
        ("persist", 0, "0"),
        ("version", 2, "2"),
        ("at_most_once", None, "None"),
        ("retry_on", BaseException, "BaseException"),
        ("retry_on", KeyboardInterrupt, "KeyboardInterrupt"),
        ("retry_on", int, "int"),
        ("retry_on", "OSError", "'OSError'"),
        ("retry_on", None, "None"),
        ("retry_on", OSError("secret"), "<OSError>"),
        ("retry_on", [OSError], "<list>"),
        ("retry_on", (OSError, int), "int"),
    ],
)
def test_a_value_that_an_option_cannot_take_is_refused(option: str, value: object, shown: str) -> None:
    """[G10] The message has the task, the option, the value and what it must be."""
    with pytest.raises(ConfigError, match=f"task 'step' has {option}={shown}.*; it must be .+") as caught:
        make(**{option: value})
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("retry", 0),
        ("retry", 10**100),
        ("retry", Level.TWO),
        ("timeout_s", None),
        ("timeout_s", sys.float_info.min),
        ("timeout_s", 10**300),
        ("retry_backoff_base_ms", 0),
        ("retry_backoff_base_ms", 0.0),
        ("retry_max_backoff_ms", 1e308),
        ("jitter", True),
        ("persist", False),
        ("version", "2"),
        ("version", None),
        ("at_most_once", True),
        ("retry_on", ()),
        ("retry_on", (OSError, ValueError)),
        ("retry_on", ExceptionGroup),
    ],
)
def test_every_other_value_is_kept(option: str, value: object) -> None:
    """[G10] Small, zero and huge."""
    kept = getattr(make(**{option: value}).options, option)
    assert kept in (value, (value,))


@pytest.mark.parametrize("option", ["timeout_s", "retry_backoff_base_ms", "retry_max_backoff_ms"])
def test_an_int_that_no_float_can_hold_is_just_a_long_time(option: str) -> None:
    """[G10] Arithmetic with it can't overflow."""
    assert getattr(make(**{option: 10**400}).options, option) == sys.float_info.max


@pytest.mark.parametrize("other", [{"retry": 1}, {"persist": False}])
def test_what_may_run_only_once_is_not_tried_again(other: dict[str, object]) -> None:
    """Neither by a retry, nor because its success was not stored."""
    with pytest.raises(ConfigError, match=r"task 'step' has at_most_once=True and (retry=1|persist=False); let go of"):
        make(at_most_once=True, **other)


def test_tasks_without_options_share_one_record() -> None:
    assert make().options is make(retry=0, timeout_s=None).options is DEFAULTS


@pytest.mark.parametrize("option", ["when", "validate", "retry_until"])
@pytest.mark.parametrize(("value", "shown"), [(3, "an int"), ("fetch", "a str"), (False, "a bool")])
def test_a_gate_must_be_a_function(option: str, value: object, shown: str) -> None:
    """[G10] Also where it is false."""
    with pytest.raises(ConfigError, match=f"{option} of task 'step' is {shown}; give it a function, or None"):
        make(**{option: value})


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("x" * 201, "has 201 characters"),
        ("x" * 10**6, "has 1000000 characters"),
        ("a\x00b", "has control"),
        ("a\nb", "has control"),
        ("\x1b[31mred", "has control"),
        ("\x7f", "has control"),
        ("\x85", "is empty|has control"),
        ("a\u202eb", "has control, format"),
        ("a\u200bb", "has control, format"),
        ("\ufeffa", "has control, format"),
        ("a\u2028b", "has control, format"),
        ("\ud800", "has control, format or surrogate"),
        (3, "is 3"),
        (b"load", "is <bytes>"),
    ],
)
def test_a_name_that_could_do_harm_is_refused(name: object, fault: str) -> None:
    """[G11] The message is safe itself, and says where the task is."""
    with pytest.raises(
        ConfigError, match=rf"name of the task at .*test_options.py:\d+.*({fault}).*; give name= a"
    ) as caught:
        make(name=name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "name", ["x", "x" * 200, "../../x", "🚀", "größe", "a b", "'; drop table", "%s{}", "<b>", "C:\\", "NULL", "日本"]
)
def test_every_other_name_is_only_data(name: str) -> None:
    """[G11] Whatever it might mean elsewhere."""
    assert make(name=name).name == name


def test_a_name_is_kept_as_a_plain_string() -> None:
    """[G11] A subclass of `str` could change its mind."""
    assert type(make(name=Name.LOAD).name) is str
    assert make(name=Name.LOAD).name == "load"


def test_a_function_name_is_checked_too() -> None:
    """[G11] It can be set to anything."""

    def function() -> None: ...

    function.__name__ = "a\nb"
    with pytest.raises(ConfigError, match="give name="):
        task(function)
