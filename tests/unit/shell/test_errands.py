"""One coroutine, sent to a loop that the test drives by hand."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

import pytest

from flowing import AttemptCancelled, WorkerCrashed
from flowing._bodies import Body, BoundCall
from flowing.core.status import FRESH, Running
from flowing.shell.attempt import Attempt, Course
from flowing.shell.errands import Errand

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


async def waits() -> None:
    await asyncio.Event().wait()


def errand_of(coroutine: object) -> Errand:
    attempt = Attempt(0, Running(1, FRESH, 0.0), 0, Body("a task", BoundCall(int)), (), Course("run", float))
    return Errand(attempt, coroutine, contextvars.copy_context())  # type: ignore[arg-type]  # a coroutine


def turn(loop: asyncio.AbstractEventLoop) -> None:
    """Let the loop do all that is due."""
    loop.run_until_complete(asyncio.sleep(0.001))


def test_an_interrupt_ends_it_wherever_it_is(loop: asyncio.AbstractEventLoop) -> None:
    """Before it is sent, before its first step, and in the middle: no way is left in which nobody hears of the end."""
    for turns in range(3):
        errand = errand_of(waits())
        if turns == 0:
            errand.interrupt()
        errand.send(loop)
        if turns == 2:
            turn(loop)
        errand.interrupt()
        turn(loop)
        with pytest.raises(AttemptCancelled):
            errand.outcome()
        errand.discard()


def test_where_there_is_no_loop_it_is_over(loop: asyncio.AbstractEventLoop) -> None:
    errand = errand_of(waits())
    errand.send(None)
    with pytest.raises(asyncio.CancelledError):
        errand.outcome()
    errand.discard()
    loop.close()
    errand = errand_of(waits())
    with pytest.raises(WorkerCrashed, match="the event loop on which task 'a task' was to run is closed"):
        errand.send(loop)
    errand.interrupt()
    assert errand.is_over_by(0)
    errand.discard()


def test_one_that_is_left_behind_goes_on_and_is_never_begun_later(
    loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    begun: list[int] = []

    async def body() -> None:
        begun.append(1)

    errand = errand_of(body())
    errand.send(loop)
    assert not errand.is_over_by(0)
    errand.leave_behind()
    assert "task 'a task' was cancelled, did not end, and is left behind in" in caplog.text
    assert "in body" in caplog.text
    turn(loop)
    errand.discard()
    assert begun == []


def test_a_task_factory_that_fails_is_the_failure_of_the_task(loop: asyncio.AbstractEventLoop) -> None:
    def refuse(*_: object, **__: object) -> asyncio.Task[Any]:
        raise RuntimeError("of the user's own")

    coroutine = waits()
    errand = errand_of(coroutine)
    errand.send(loop)
    loop.set_task_factory(refuse)
    loop.call_soon(loop.stop)
    loop.run_forever()
    with pytest.raises(RuntimeError, match="of the user's own"):
        errand.outcome()
    errand.discard()


def test_it_says_where_it_waits(loop: asyncio.AbstractEventLoop) -> None:
    async def outer() -> None:
        await waits()

    errand = errand_of(outer())
    assert (errand.stuck_at() or "").endswith("in outer")
    errand.send(loop)
    turn(loop)
    assert (errand.stuck_at() or "").endswith("in waits")
    errand.interrupt()
    turn(loop)
    assert errand.stuck_at() is None
