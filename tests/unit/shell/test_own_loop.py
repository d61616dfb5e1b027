"""The event loop of a run that has no other."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from flowing import Flow, task
from flowing.shell.own_loop import OwnLoop
from tests.unit.shell.waiting import until

if TYPE_CHECKING:
    import pytest

GUARD_S = 60


def test_it_ends_when_it_is_told_to_and_says_so() -> None:
    closed = threading.Event()
    own = OwnLoop(on_closed=closed.set)
    own.stop()
    own.join(until_s=time.monotonic() + GUARD_S)
    assert own.loop.is_closed()
    assert closed.is_set()
    own.stop()  # twice is once


def test_what_ends_it_while_it_ends_does_not_leave_it_open(caplog: pytest.LogCaptureFixture) -> None:
    """D12: asyncio lets what is no Exception out of the loop; it is run again until nothing is left."""
    began = threading.Event()

    async def exits() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise SystemExit(3)

    own = OwnLoop(on_closed=lambda: None)
    left = [asyncio.run_coroutine_threadsafe(exits(), own.loop) for _ in range(2)]
    assert began.wait(GUARD_S)
    own.stop()
    own.join(until_s=time.monotonic() + GUARD_S)
    assert own.loop.is_closed()
    assert "SystemExit: 3 hit the event loop" in caplog.text
    assert len(left) == 2


def test_what_a_body_left_there_can_keep_it_and_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """It goes on in its thread until that is done, and keeps nobody waiting."""
    let_go = threading.Event()
    began = threading.Event()

    async def stays() -> None:
        began.set()
        while not let_go.is_set():
            try:
                await asyncio.sleep(0.001)
            except asyncio.CancelledError:
                continue

    own = OwnLoop(on_closed=lambda: None)
    left = asyncio.run_coroutine_threadsafe(stays(), own.loop)
    assert began.wait(GUARD_S)
    own.stop()
    own.join(until_s=time.monotonic())
    assert "a task that a body began can't be cancelled" in caplog.text
    let_go.set()
    own.join(until_s=time.monotonic() + GUARD_S)
    assert own.loop.is_closed()
    assert left.done()


def test_an_error_that_a_task_of_a_body_raises_does_not_end_the_private_loop(caplog: pytest.LogCaptureFixture) -> None:
    """D12: asyncio lets what is no Exception out of the loop, and stops it."""

    async def exits() -> None:
        raise SystemExit(3)

    @task
    async def body() -> int:
        exiting = asyncio.create_task(exits())
        await until(exiting.done)
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
        exiting.exception()
        return 1

    assert Flow(body).run()[body].value == 1
    assert "SystemExit: 3 hit the event loop of a run, which goes on" in caplog.text
