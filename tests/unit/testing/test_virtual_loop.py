"""An event loop on virtual time."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, TypeVar

import pytest

from flowing.testing.virtual_loop import VirtualLoop, aside

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Iterator

T = TypeVar("T")


class Watch:
    """A clock that others set."""

    now_s = 100.0


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def loop(watch: Watch) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(watch)
    yield loop
    loop.end()
    assert loop.is_closed()


def outcome(loop: VirtualLoop, coroutine: Coroutine[object, object, T]) -> T:
    """Run it as far as it comes."""
    running = loop.create_task(coroutine)
    loop.run_until(running.done)
    return running.result()


def test_timers_fall_due_in_their_order_and_nobody_waits(
    loop: VirtualLoop, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float]] = []

    async def tell(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        told.append((name, loop.time()))

    async def main() -> None:
        await asyncio.gather(tell("late", 5e6), tell("early", 2.0), tell("twice", 2.0))

    monkeypatch.setattr(time, "monotonic", lambda: pytest.fail("asked for the real time"))
    outcome(loop, main())
    assert told == [("early", 102.0), ("twice", 102.0), ("late", 5_000_100.0)]
    assert watch.now_s == 5_000_100.0


def test_a_time_limit_is_virtual(loop: VirtualLoop) -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 1_000_000.0)
        return loop.time()

    assert outcome(loop, main()) == 1_000_100.0


def test_it_stops_when_nothing_can_happen_any_more(loop: VirtualLoop) -> None:
    waiting = loop.create_task(asyncio.Event().wait())
    loop.run_until(waiting.done)
    assert not waiting.done()


def test_it_can_go_on_after_it_has_stopped(loop: VirtualLoop) -> None:
    event = asyncio.Event()
    waiting = loop.create_task(event.wait())
    loop.run_until(waiting.done)
    event.set()
    loop.run_until(waiting.done)
    assert waiting.result() is True


def test_the_clock_may_be_set_back(loop: VirtualLoop, watch: Watch) -> None:
    """Each body runs on a time of its own."""
    outcome(loop, asyncio.sleep(50.0))
    watch.now_s = 100.0
    outcome(loop, asyncio.sleep(1.0))
    assert watch.now_s == 101.0


def test_while_a_thread_works_time_stands_still(loop: VirtualLoop, watch: Watch) -> None:
    """It is waited for, however short the time limit."""
    sleeps = threading.Event()

    def work() -> str:
        return "woken" if sleeps.wait() else "not woken"

    async def main() -> str:
        threading.Timer(0.05, sleeps.set).start()
        return await asyncio.wait_for(asyncio.to_thread(work), 0.001)

    assert outcome(loop, main()) == "woken"
    assert watch.now_s == 100.0


def test_while_a_socket_is_open_time_goes_by_as_outside(loop: VirtualLoop, watch: Watch) -> None:
    """What is ready is served, and what will be is waited for."""
    here, there = socket.socketpair()

    async def main() -> bytes:
        reader, writer = await asyncio.open_connection(sock=here)
        loop.call_later(0.02, there.sendall, b"later\n")
        line = await asyncio.wait_for(reader.readline(), 1000.0)
        writer.close()
        await writer.wait_closed()
        return line

    began_s = time.monotonic()
    assert outcome(loop, main()) == b"later\n"
    assert 0.019 < watch.now_s - 100.0 < time.monotonic() - began_s + 0.001
    outcome(loop, asyncio.sleep(1_000_000.0))  # the socket is closed
    there.close()


@pytest.mark.parametrize("command", ["exec", "shell"])
def test_while_a_process_runs_time_goes_by_as_outside(loop: VirtualLoop, command: str) -> None:
    """Be it that no pipe to it is open."""

    async def main() -> int:
        if command == "exec":
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(7)")
        else:
            process = await asyncio.create_subprocess_shell("exit 7")
        return await asyncio.wait_for(process.wait(), 1000.0)

    assert outcome(loop, main()) == 7
    outcome(loop, asyncio.sleep(1_000_000.0))  # the process is over


def test_in_the_end_all_that_is_left_is_cancelled(watch: Watch) -> None:
    loop = VirtualLoop(watch)
    left = loop.create_task(asyncio.sleep(10.0))
    loop.run_until(lambda: True)
    loop.end()
    assert left.cancelled()
    assert loop.is_closed()


def test_in_the_end_generators_are_closed(watch: Watch) -> None:
    loop, closed = VirtualLoop(watch), list[bool]()

    async def count() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            await asyncio.sleep(1.0)
            closed.append(True)

    counting = count()

    async def main() -> int:
        return await anext(counting)

    assert outcome(loop, main()) == 1
    loop.end()
    assert closed == [True]


def test_one_that_will_not_be_cancelled_does_not_keep_the_loop_open(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    """And asyncio says in the log which it was."""
    loop = VirtualLoop(watch)

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.Event().wait()

    left = loop.create_task(stubborn())
    loop.run_until(left.done)
    loop.end()
    assert loop.is_closed()
    assert not left.done()
    del left, loop
    gc.collect()
    assert "Task was destroyed but it is pending" in caplog.text
    assert "stubborn" in caplog.text


def test_aside_is_here_unless_a_loop_is_running() -> None:
    seen: list[threading.Thread] = []

    async def main() -> None:
        aside(lambda: seen.append(threading.current_thread()))
        with pytest.raises(ZeroDivisionError):
            aside(lambda: 1 / 0)

    aside(lambda: seen.append(threading.current_thread()))
    asyncio.run(main())
    here, there = seen
    assert here is threading.current_thread()
    assert there is not here
    assert not there.is_alive()
