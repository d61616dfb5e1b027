"""What is packed for another process, unpacked in this one."""

from __future__ import annotations

import pickle
import threading
from typing import TYPE_CHECKING, Any

import pytest

from flowing import CurrentAttempt, NoCurrentAttempt, RestoredError, Task, UnsendableError, current
from flowing._bodies import Body, BoundCall
from flowing.core.status import Past, Running
from flowing.shell.attempt import Attempt, Course
from flowing.shell.parcels import About, Call, about, carry_out, packed_call, unpacked
from tests.unit.shell import bodies

if TYPE_CHECKING:
    from collections.abc import Callable

NOTE = About("a task", "run", attempt=3, past=Past(1, 2), left_s=None, by_value=False)


def there_and_back(function: Callable[..., object], *positional: object, **keywords: object) -> object:
    return unpacked(carry_out(packed_call(Call(function, positional, keywords), NOTE)), NOTE.task)


def test_a_call_is_carried_out_with_its_arguments() -> None:
    assert there_and_back(bodies.add, 1, 2, 3, scale=2) == 12
    assert there_and_back(sorted, [2, 1], reverse=True) == [2, 1]


def test_the_function_of_a_decorated_task_goes_by_the_tasks_name() -> None:
    """Its own name leads to the task, so pickle alone refuses it."""
    function = bodies.where.__wrapped__
    with pytest.raises(pickle.PicklingError):
        pickle.dumps(function)
    assert there_and_back(lambda_free, function) is function


def lambda_free(value: object) -> object:
    return value


def test_a_note_says_what_the_attempt_knows_and_how_much_time_is_left() -> None:
    """The clocks of two machines have nothing in common."""
    body = Body("a task", BoundCall(int), timeout_s=5.0)
    attempt = Attempt(0, Running(3, Past(1, 2), 100.0), 0, body, (), Course("run", lambda: 102.0))
    assert about(attempt, by_value=True) == About("a task", "run", 3, Past(1, 2), 3.0, True)
    late = Attempt(0, Running(3, Past(1, 2), 100.0), 0, body, (), Course("run", lambda: 200.0))
    left_s = about(late, by_value=True).left_s
    assert left_s is not None
    assert 0 < left_s < 1e-6


def test_there_the_current_attempt_has_what_crosses() -> None:
    """And it is nobody's after the call."""
    here = Attempt(0, Running(3, Past(1, 2), 0.0), 0, Body("a task", BoundCall(int)), (), Course("run", float))
    seen = there_and_back(what_is_current)
    assert seen == ("a task", 3, CurrentAttempt(here).idempotency_key)
    with pytest.raises(NoCurrentAttempt):
        current()


def what_is_current() -> tuple[str, int, str]:
    now = current()
    assert now.deadline is None
    return now.name, now.attempt, now.idempotency_key


def test_what_can_not_be_packed_is_named_and_never_shown() -> None:
    secret = threading.Lock()
    for call, part in (
        (Call(lambda: None, (), {}), "its function, a function,"),
        (Call(id, (1, secret), {}), "argument 2, a lock,"),
        (Call(id, (), {"key": [secret]}), "argument 'key', a list,"),
    ):
        with pytest.raises(UnsendableError, match=f"task 'a task' can't be sent to another process: {part} can't be"):
            packed_call(call, NOTE)


def test_what_can_not_be_unpacked_there_is_an_error_that_comes_back() -> None:
    parcel = packed_call(Call(bodies.add, (1,), {}), NOTE)
    gone = parcel.replace(b"bodies", b"bodice")
    with pytest.raises(UnsendableError, match=r"'a task' can't be unpacked in the process .*put it into a module"):
        unpacked(carry_out(gone), NOTE.task)


@pytest.mark.parametrize(
    ("body", "words"),
    [(bodies.gives_a_lock, "a lock can't be pickled"), (bodies.gives_what_can_not_be_unpacked, "can't be unpacked")],
)
def test_a_result_that_does_not_come_through_is_an_error(body: Task[Any], words: str) -> None:
    with pytest.raises(UnsendableError, match=f"task 'a task'.*{words}.*return plain data"):
        there_and_back(body.__wrapped__)


def test_an_error_comes_back_as_itself_or_in_words() -> None:
    with pytest.raises(ValueError, match="bad") as caught:
        there_and_back(bodies.raises.__wrapped__)
    notes = caught.value.__notes__
    assert notes[0] == "in another process:"
    assert notes[-1].endswith("in raises")
    with pytest.raises(RestoredError, match="AwkwardError: 7: secret") as plain:
        there_and_back(bodies.raises_awkwardly.__wrapped__)
    assert "in raises_awkwardly" in plain.value.traceback_text
    with pytest.raises(KeyboardInterrupt):
        there_and_back(bodies.interrupted.__wrapped__)


def test_a_record_of_what_is_sent_is_the_same_when_it_arrives() -> None:
    back: Any = pickle.loads(pickle.dumps(NOTE))
    assert back == NOTE
