"""What is said names the task or the path, and the way out; nothing of it can hurt a terminal."""

from __future__ import annotations

import copy
import pickle

import pytest

from flowing.checkpoint.wording import (
    another_codec,
    crash_loop,
    forked,
    locked,
    locked_here,
    made_for_another_type,
    moved,
    no_such_run,
    run_exists,
    uncertain,
)
from flowing.errors import FlowingError, RestoredError, SerializationError

SAID: list[tuple[FlowingError, tuple[str, ...]]] = [
    (crash_loop("ta\x1bsk", crashes=3), ("'ta\\\\x1bsk'", "3 times", "resume()", "override()")),
    (uncertain("ta\x1bsk", attempt=2), ("'ta\\\\x1bsk'", "attempt 2", "at_most_once", "override()", "resume()")),
    (made_for_another_type("task", shown_type="int"), ("'task'", "int", "change the type back", "'recompute'")),
    (another_codec("r\x1b", path="/x", stored="pickle", present="json"), ("'pickle'", "'json'", "'/x'", "run()")),
    (run_exists("r1", path="/x"), ("'r1'", "'/x'", "resume()", "forget()")),
    (no_such_run("r1", path="/x"), ("'r1'", "'/x'", "flowing show")),
    (locked("/x"), ("another process", "'/x'", "flowing show")),
    (locked("/x", pid=5), ("process 5 on an unknown host", "'/x'")),
    (locked("/x", pid=5, host="h\x1b", since="now"), ("process 5 on h\\x1b since now", "'/x'")),
    (
        locked_here("/x", pid=5, host="h", since="now\x1b"),
        ("process 5 since now\\x1b;", "'/x'", "close()", "`with`", "Out"),
    ),
    (locked_here("/x", pid=5), ("very process 5; close()",)),
    (moved("/x", gone="/x\x1b-wal"), ("'/x\\\\x1b-wal'", "'/x'", "put it back", "close() the flow")),
    (forked("/x", owner=7), ("process 7", "'/x'", "a checkpoint of its own")),
]


@pytest.mark.parametrize(("error", "parts"), SAID, ids=range(len(SAID)))
def test_a_message_names_both_ends_and_the_way_out(error: FlowingError, parts: tuple[str, ...]) -> None:
    """[S8] In one line that can be printed."""
    assert str(error).isprintable()
    assert [part for part in parts if part not in str(error)] == []


@pytest.mark.parametrize(
    "error",
    [
        *[error for error, _ in SAID],
        SerializationError("m", task="t", shown_type="int", where="[1]"),
        RestoredError("ValueError: x", type_name="ValueError", traceback_text="..."),
    ],
    ids=range(len(SAID) + 2),
)
def test_an_error_comes_back_from_pickle_as_it_was(error: FlowingError) -> None:
    """[R9] With all that it knows beside its message."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
