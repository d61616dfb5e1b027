"""What is kept of an error, and where a thread is stuck."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from flowing import Flow, current, task
from flowing.shell import tracebacks
from flowing.shell.tracebacks import clean, stuck_at

if TYPE_CHECKING:
    from types import TracebackType

GUARD_S = 60


def raised() -> ValueError:
    local = "large"
    try:
        raise ValueError(local)  # noqa: TRY301 - it is to get a traceback
    except ValueError as error:
        return error


def frames(traceback: TracebackType | None) -> list[str]:
    names = []
    while traceback is not None:
        names.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    return names


def test_locals_go_and_lines_stay() -> None:
    error = raised()
    assert error.__traceback__ is not None
    line = error.__traceback__.tb_lineno
    clean(error, keep_frames=False)
    assert error.__traceback__.tb_frame.f_locals == {}
    assert error.__traceback__.tb_lineno == line


def test_locals_stay_where_they_are_asked_for() -> None:
    error = raised()
    clean(error, keep_frames=True)
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_frame.f_locals["local"] == "large"


def test_a_frame_that_still_runs_is_left_alone() -> None:
    local = "still here"
    with pytest.raises(ValueError, match="wrong") as caught:
        raise ValueError("wrong")
    clean(caught.value, keep_frames=False)
    assert frames(caught.value.__traceback__) == ["test_a_frame_that_still_runs_is_left_alone"]
    assert local == "still here"


def test_the_traceback_begins_in_the_body() -> None:
    @task(retry_until=lambda value: raised_here())
    def body() -> int:
        return 1

    def raised_here() -> bool:
        raise ValueError

    error = Flow(body).run()[body].error
    assert error is not None
    assert frames(error.__traceback__) == ["<lambda>", "raised_here"]


def test_a_thread_is_stuck_where_its_own_code_is() -> None:
    """Not in the standard library, nor in flowing: there is nothing to be mended."""
    waits, ready, go_on = threading.Event(), threading.Barrier(3), threading.Event()

    @task
    def in_wait() -> None:
        ready.wait(GUARD_S)
        waits.wait(GUARD_S)

    @task
    def in_sleep() -> None:
        ready.wait(GUARD_S)
        current().sleep(GUARD_S)

    flow = Flow(in_wait, in_sleep)
    thread = threading.Thread(target=flow.run, daemon=True)
    thread.start()
    ready.wait(GUARD_S)
    session = flow._runs.session
    assert session is not None
    for attempt in list(session._desk.live.values()):
        where = stuck_at(attempt.thread_id)
        assert where is not None
        assert where.startswith(f"{__file__}:")
        assert where.endswith(f"in {attempt.body.name}")
    waits.set()
    go_on.set()
    flow.cancel()
    thread.join(GUARD_S)


def test_a_thread_without_code_of_its_own_is_stuck_in_its_innermost_line() -> None:
    event = threading.Event()
    thread = threading.Thread(target=event.wait, args=(GUARD_S,), daemon=True)
    thread.start()
    where = stuck_at(thread.ident)
    assert where is not None
    assert "threading.py:" in where
    event.set()
    thread.join(GUARD_S)


def test_a_thread_that_is_not_there_is_stuck_nowhere() -> None:
    assert stuck_at(None) is None


def test_installed_packages_are_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie in a folder of the standard library's, and are not part of it."""
    monkeypatch.setattr(tracebacks, "_STANDARD_LIBRARY", "/lib/python3/")
    assert tracebacks._is_users("/lib/python3/site-packages/pandas/io.py")
    assert not tracebacks._is_users("/lib/python3/threading.py")
    assert not tracebacks._is_users(tracebacks.__file__)
