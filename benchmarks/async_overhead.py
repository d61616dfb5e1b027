"""What an `async def` task costs, and awaiting a flow; and how long a caller's loop is ever held up. Nothing fails."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import threading
import time
from typing import TYPE_CHECKING

from flowing import Flow, bind

if TYPE_CHECKING:
    from collections.abc import Callable

TASKS = 300
SLEEPS_S = 0.05
TICK_S = 0.01


async def late() -> None:
    """Do nothing."""


def plain() -> None:
    """Do nothing."""


def many(body: Callable[[], object]) -> Flow:
    """Make a flow of independent tasks that do nothing."""
    return Flow(*(bind(body).with_options(name=str(number)) for number in range(TASKS)))


def in_a_loop(flow: Flow) -> None:
    """Await the flow, on a loop of its own."""
    asyncio.run(flow.run_async())


def by_hand(_: Flow) -> None:
    """Run as many coroutines as asyncio tasks, without flowing."""

    async def main() -> None:
        for _ in range(TASKS):
            await asyncio.create_task(late())

    asyncio.run(main())


def seconds(run: Callable[[Flow], object], flow: Flow) -> float:
    """Time one run."""
    began_s = time.perf_counter()
    run(flow)
    return time.perf_counter() - began_s


def largest_gap_s() -> float:
    """Tick on the loop that awaits a flow of sleeping plain tasks, and give the largest gap between two ticks."""
    slept = threading.Event()

    def wait() -> None:
        slept.wait(SLEEPS_S)

    flow = Flow(*(bind(wait).with_options(name=str(number)) for number in range(100)), max_workers=20)

    async def main() -> float:
        running = asyncio.create_task(flow.run_async())
        gap_s, last_s = 0.0, time.perf_counter()
        while not running.done():
            await asyncio.sleep(TICK_S)
            now_s = time.perf_counter()
            gap_s, last_s = max(gap_s, now_s - last_s), now_s
        assert (await running).ok
        return gap_s

    return asyncio.run(main())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds: int = parser.parse_args().rounds
    cases: dict[str, tuple[Callable[[Flow], object], Flow]] = {
        "plain tasks, run()": (Flow.run, many(plain)),
        "async tasks, run()": (Flow.run, many(late)),
        "plain tasks, run_async()": (in_a_loop, many(plain)),
        "async tasks, run_async()": (in_a_loop, many(late)),
        "asyncio tasks by hand": (by_hand, many(late)),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (run, flow) in cases.items():
            times[name].append(seconds(run, flow))
    print(f"{TASKS} tasks that do nothing, median of {rounds} interleaved rounds")
    for name, found in times.items():
        print(f"{name:28}{statistics.median(found) / TASKS * 1e6:8.1f} us a task")
    gaps_s = [largest_gap_s() for _ in range(rounds)]
    print(
        f"largest gap between ticks of {TICK_S * 1e3:.0f} ms: {statistics.median(gaps_s) * 1e3:.1f} ms, "
        f"worst of {rounds} runs {max(gaps_s) * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    main()
