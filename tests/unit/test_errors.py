"""Every error: one base, a message with the way out, and a round trip through pickle."""

from __future__ import annotations

import copy
import pickle

import pytest

import flowing
from flowing import errors
from flowing.errors import FlowFailed, FlowingError, TaskFailed

EVERY_ERROR = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, FlowingError)]
MADE: list[FlowingError] = [
    errors.CycleError(["a", "b", "a"]),
    errors.ResultUnavailable("a", "SKIPPED", reason="task 'b' failed", root_cause="b"),
    errors.TaskTimeoutError("a", attempt=2, timeout_s=0.5, stuck_at="a.py:3 in a"),
    errors.RetryUntilError("a", attempts=3),
    errors.AttemptCancelled("a"),
    TaskFailed("a", attempts=1, summary="ValueError: x"),
    errors.UnsendableError("message", task="a", what="its function"),
    errors.ProcessDied("message", task="a", exit_code=-9),
    errors.ExecutorBroken("message", task="a", executor="Pool", is_replaced=False),
    errors.ExtraMissing("progress", extra="rich", package="rich"),
    errors.WorkersExhausted(["a at a.py:3 in a"], grace_s=10),
    FlowFailed("1 task of the flow failed", [TaskFailed("a", attempts=1, summary="ValueError: x")]),
]
PLAIN = [
    each for each in EVERY_ERROR if each not in {type(made) for made in MADE}
]  # those that take a message and nothing else


def test_every_error_is_public_and_has_the_one_base() -> None:
    assert {each.__name__ for each in EVERY_ERROR} <= set(flowing.__all__)
    assert set(flowing.__all__) == {name for name in flowing.__all__ if hasattr(flowing, name)}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("error", [*MADE, *(kind("message") for kind in PLAIN)], ids=lambda error: type(error).__name__)
def test_every_error_comes_back_from_pickle_as_it_was(error: FlowingError, protocol: int) -> None:
    """[R9] Also those whose constructor takes more than a message."""
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is type(error)
    assert str(again) == str(error)
    if isinstance(error, FlowFailed) and isinstance(again, FlowFailed):
        assert [str(each) for each in again.exceptions] == [str(each) for each in error.exceptions]
    else:
        assert (again.args, vars(again)) == (error.args, vars(error))
    assert str(copy.copy(error)) == str(error)


def test_notes_come_back_too() -> None:
    error = errors.RetryUntilError("a", attempts=3)
    error.add_note("note")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["note"]


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.ConfigError, ValueError),
        (errors.NotATaskError, TypeError),
        (errors.SignatureError, TypeError),
        (errors.UnknownTaskError, KeyError),
        (errors.ResultUnavailable, LookupError),
        (errors.NoCurrentAttempt, LookupError),
        (errors.TaskTimeoutError, TimeoutError),
        (errors.RetryUntilError, ValueError),
        (errors.FlowFailed, ExceptionGroup),
        (errors.CycleError, errors.GraphError),
    ],
)
def test_errors_are_caught_as_what_they_are(kind: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(kind, builtin)


@pytest.mark.parametrize(
    ("error", "task", "fix"),
    [
        (MADE[0], "a -> b -> a", "remove one of these dependencies"),
        (MADE[1], "'a'", "override() the task, or use value_or()"),
        (MADE[2], "'a'", "raise timeout_s"),
        (MADE[3], "'a'", "raise retry="),
        (MADE[4], "'a'", "let this error end the body"),
        (MADE[-2], "a at a.py:3", "raise max_abandoned; resume()"),
    ],
)
def test_a_message_names_the_task_and_the_way_out(error: FlowingError, task: str, fix: str) -> None:
    assert task in str(error)
    assert fix in str(error)


def test_what_is_one_is_called_one() -> None:
    texts = [
        [str(TaskFailed("a", attempts=count, summary="x")) for count in (1, 2)],
        [str(errors.RetryUntilError("a", attempts=count)) for count in (1, 2)],
        [str(errors.WorkersExhausted(["a"] * count, grace_s=1)) for count in (1, 2)],
    ]
    words = [
        ["after 1 attempt: x", "after 2 attempts: x"],
        ["the result of its one attempt; ", "the result of all 2 attempts; "],
        ["1 timed-out attempt did not", "2 timed-out attempts did not"],
    ]
    for pair, expected in zip(texts, words, strict=True):
        for text, part in zip(pair, expected, strict=True):
            assert part in text


@pytest.mark.parametrize(
    "error",
    [
        errors.CycleError(["\x1b[31m", "\x1b[31m"]),
        errors.ResultUnavailable("\x1b", "FAILED", reason="\x1b", root_cause="\x1b"),
        errors.TaskTimeoutError("\x1b", attempt=1, timeout_s=1, stuck_at="\x1b"),
        errors.RetryUntilError("\x1b", attempts=1),
        errors.AttemptCancelled("\x1b"),
        TaskFailed("\x1b", attempts=1, summary="\x1b\n"),
        errors.WorkersExhausted(["\x1b"], grace_s=1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_names_are_escaped_in_messages(error: FlowingError) -> None:
    """[S8] An error is printed to terminals and logs."""
    assert str(error).isprintable()


def test_an_unknown_task_error_without_a_message_can_be_shown() -> None:
    assert str(errors.UnknownTaskError()) == ""
