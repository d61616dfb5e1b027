"""Real threads: what simulation can't show. Few claims, much at once, and nothing that a slow machine could fail."""

from __future__ import annotations

import gc
import itertools
import os
import random
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from flowing import Depends, Flow, bind, current, task
from tests.property.deep import deep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flowing import Task

ROOT: Final = Path(__file__).parents[2]
ENOUGH_S: Final = 120.0  # no test waits that long unless something is lost
THREAD_SUITE: Final = (
    "tests/unit/shell",
    "tests/unit/faults",
    "tests/unit/test_flow.py",
    "tests/property/test_threads.py",
)


@pytest.fixture
def eager() -> Iterator[None]:
    """Let threads change places as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def adding(failures: int) -> Callable[..., int]:
    """Make a body that fails so often and then adds up what it is given."""
    tries = itertools.count()

    def add(*values: int) -> int:
        if next(tries) < failures:
            raise ConnectionError
        return 1 + sum(values)

    return add


def layered(seed: int) -> tuple[Flow, dict[str, int]]:
    """Make a flow in layers, some of whose tasks fail at first, and say what must come of it."""
    chosen = random.Random(seed)
    values: dict[str, int] = {}
    steps: list[Task[int]] = []
    for number in range(chosen.randint(5, 40)):
        needed = chosen.sample(steps[-8:], min(len(steps), chosen.randint(0, 3)))
        values[str(number)] = 1 + sum(values[each.name] for each in needed)
        failures = chosen.choice([0, 0, 1, 2])
        step = bind(adding(failures), *map(Depends, needed))
        steps.append(step.with_options(name=str(number), retry=failures, retry_backoff_base_ms=0))
    return Flow(*steps, max_workers=chosen.randint(1, 8)), values


@pytest.mark.usefixtures("eager")
def test_nothing_is_lost_when_threads_change_places_all_the_time() -> None:
    """[T10] Every value is the one that its inputs make, and every attempt was made once."""
    for seed in range(150):
        flow, values = layered(seed)
        results = flow.run()
        assert {name: result.value for name, result in results.items()} == values, seed
        assert all(1 <= result.attempts <= 3 for result in results.values())


def test_a_thousand_flows_at_once_know_nothing_of_each_other() -> None:
    """[G14] Each runs in a thread of its own, and none goes on before all have begun."""
    count = 1_000
    begun, all_have_begun = itertools.count(1), threading.Event()
    names: dict[int, tuple[str, str]] = {}
    found: dict[int, int] = {}

    def first(number: int) -> int:
        if next(begun) == count:
            all_have_begun.set()
        assert all_have_begun.wait(ENOUGH_S)
        names[number] = current().name, current().idempotency_key
        return number

    def run(number: int) -> None:
        begin = bind(first, number).with_options(name=f"first {number}")
        last = bind(lambda value: value * 2, Depends(begin)).with_options(name="last")
        found[number] = Flow(last, max_workers=1).run()[last].value

    before = threading.stack_size(256 * 1024)
    try:
        threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
        for thread in threads:
            thread.start()
    finally:
        threading.stack_size(before)
    for thread in threads:
        thread.join(ENOUGH_S)
    assert found == {number: number * 2 for number in range(count)}
    assert [names[number][0] for number in range(count)] == [f"first {number}" for number in range(count)]
    assert len({key for _, key in names.values()}) == count


@pytest.mark.parametrize(("keeps", "failures", "limit_mb"), [(False, 1_000, (0, 50)), (True, 20, (190, 1_000))])
def test_failures_keep_lines_and_no_locals(keeps: bool, failures: int, limit_mb: tuple[int, int]) -> None:
    """[R18] A thousand with 10 MB each stay under 50 MB; control: with keep_frames, twenty of them do not."""

    def fail() -> None:
        local = bytearray(10_000_000)
        raise ValueError(len(local))

    flow = Flow(*[task(fail, name=str(n)) for n in range(failures)], fail_fast=False, keep_frames=keeps, max_workers=2)
    tracemalloc.start()
    try:
        flow.run()
        gc.collect()
        least, most = limit_mb
        assert least <= tracemalloc.get_traced_memory()[0] / 1e6 < most
    finally:
        tracemalloc.stop()


@deep
def test_the_thread_suite_holds_when_threads_change_places_all_the_time() -> None:
    """[T10] [X11] The tests that start threads, as they are, at a switch interval of a microsecond."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.property.eager", *THREAD_SUITE]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "ci"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@deep
def test_ten_minutes_of_failures_retries_and_time_outs_leave_nothing_behind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Resident memory grows by less than 0.1 byte a task; blocks, threads and descriptors do not. Prints the figures.

    Blocks are what Python's objects live in, so that a leak shows there; what `malloc` makes of it, in the memory.
    """

    def wait() -> None:
        current().sleep(0.05)

    def fail() -> None:
        raise ConnectionError

    def round_of_tasks() -> int:
        tasks = [task(lambda: None, name=str(number)) for number in range(900)]
        tasks += [task(fail, name=f"fails {n}", retry=1, retry_backoff_base_ms=1) for n in range(90)]
        tasks += [task(wait, name=f"waits {n}", timeout_s=0.01, retry=1, retry_backoff_base_ms=1) for n in range(10)]
        return len(Flow(*tasks, fail_fast=False, max_workers=8).run())

    def used() -> tuple[int, int, int, int]:
        gc.collect()
        blocks, pages = sys.getallocatedblocks(), int(Path("/proc/self/statm").read_text("ascii").split()[1])
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        return pages * os.sysconf("SC_PAGE_SIZE"), blocks, threading.active_count(), descriptors

    def work(seconds: float) -> int:
        until_s, done = time.monotonic() + seconds, 0
        while time.monotonic() < until_s:
            done += round_of_tasks()
        return done

    work(120)  # until everything that is made once has been made
    before = used()
    done = work(600)
    after = used()
    with capsys.disabled():
        sys.stdout.write(f"\n{done} tasks; bytes, blocks, threads, descriptors before and after: {before}, {after}\n")
    assert after[0] - before[0] < 0.1 * done
    assert after[1] - before[1] < 1_000  # of tens of thousands: some caches fill up
    assert after[2:] == before[2:]
