"""Every event has its words, and none of them a value."""

from __future__ import annotations

from typing import get_args

import pytest

from flowing.core import AttemptEvent, RunEvent, RunRestored
from flowing.core.status import Provided
from flowing.results import StepState
from flowing.shell.diary import run_words_of, words_of

FIELDS: dict[str, object] = {
    "task": 0,
    "attempt": 1,
    "epoch": 0,
    "at_s": 1.0,
    "until_s": 2.0,
    "wall_s": 0.0,
    "run_id": "r\n",
    "value": "canary",
    "kept": b"canary",
    "error": ValueError("\x1b"),
    "retryable": True,
    "jitter": 0.0,
    "rerun_detached": False,
    "wait": 0,
    "commit": 0,
    "rows": ((0, Provided("canary")),),
    "tasks": (0,),
}


def made(kind: type) -> object:
    return kind(**{field.name: FIELDS[field.name] for field in getattr(kind, "__attrs_attrs__", ())})


@pytest.mark.parametrize("kind", get_args(AttemptEvent))
def test_an_event_of_an_attempt_has_words(kind: type) -> None:
    """[S8] [S11] No control character, and no value."""
    said = words_of(made(kind))  # type: ignore[arg-type]  # it is one of them
    assert said.text.isprintable()
    assert "canary" not in said.text
    assert said.state is None or StepState(said.state)


@pytest.mark.parametrize("kind", get_args(RunEvent))
def test_an_event_of_the_run_has_words(kind: type) -> None:
    """[S8] [S11] No control character, and no value."""
    said = run_words_of(made(kind), "task\x1b")  # type: ignore[arg-type]  # it is one of them
    assert said.isprintable()
    assert "canary" not in said


def test_a_run_that_was_read_says_how_much_of_it() -> None:
    assert run_words_of(RunRestored("r", 0, 0.0, 0.0, ((0, Provided(1)),)), None) == "run r was read: 1 rows"
