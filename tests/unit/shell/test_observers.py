"""Listeners: told of everything in order, and unable to hurt anybody."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from flowing import ConfigError, EventsLost, Flow, Observation, Subscription, Task, task
from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    BackoffElapsed,
    BackoffStarted,
    MainSettled,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    RunFinished,
    RunRequested,
)
from flowing.shell.observers import QUEUE_MAX, Observers

if TYPE_CHECKING:
    from collections.abc import Iterator

GUARD_S = 60


@pytest.fixture
def flow() -> Flow:
    @task
    def first() -> int:
        return 1

    @task(depends_on=[first])
    def second(first: int) -> int:
        return first

    return Flow(second)


def numbered(count: int) -> Iterator[BackoffElapsed]:
    return (BackoffElapsed(0, number, 0) for number in range(count))


def test_a_listener_hears_everything_in_order_with_the_names(flow: Flow) -> None:
    heard: list[Observation] = []
    subscription = flow.subscribe(heard.append)
    flow.run()
    assert subscription.drain(GUARD_S)
    assert [(type(each.event), each.task) for each in heard] == [
        (RunRequested, None),
        (AttemptStarted, "first"),
        (AttemptSucceeded, "first"),
        (AttemptStarted, "second"),
        (AttemptSucceeded, "second"),
        (MainSettled, None),
        (RunFinished, None),
    ]


def test_a_listener_hears_of_mends_and_resumes(flow: Flow) -> None:
    heard: list[Observation] = []
    with flow.subscribe(heard.append) as subscription:
        flow.run()
        flow.override(flow.tasks[0], 2)
        flow.invalidate(flow.tasks[1])
        assert subscription.drain(GUARD_S)
        heard.clear()
        flow.override(flow.tasks[0], 2)
        flow.invalidate(flow.tasks[1])
        flow.resume()
        assert subscription.drain(GUARD_S)
    kinds = [type(each.event) for each in heard]
    assert kinds[:4] == [ResultProvided, ResultsInvalidated, ResumeRequested, AttemptStarted]
    assert heard[0].task == "first"


def test_a_closed_subscription_hears_no_more(flow: Flow) -> None:
    heard: list[Observation] = []
    other: list[Observation] = []
    first, second = flow.subscribe(heard.append), flow.subscribe(other.append)
    first.close()
    flow.run()
    assert first.drain(GUARD_S)
    assert second.drain(GUARD_S)
    assert heard == []
    assert other


def test_a_listener_that_blocks_delays_nobody_and_is_told_what_it_lost() -> None:
    """[R19] The oldest events are dropped; the count comes before the next one (D22)."""
    go_on, began = threading.Event(), threading.Event()
    heard: list[Observation] = []

    def listener(observation: Observation) -> None:
        heard.append(observation)
        began.set()
        assert go_on.wait(GUARD_S)

    observers = Observers(["t"])
    subscription = observers.subscribe(listener)
    observers.observe(RunRequested(0.0, 0.0, "run"))
    assert began.wait(GUARD_S)
    for event in numbered(QUEUE_MAX + 5):
        observers.observe(event)
    assert not subscription.drain(0)
    go_on.set()
    assert subscription.drain(GUARD_S)
    events = [each.event for each in heard]
    assert events[1] == EventsLost(5)
    assert events[2:] == list(numbered(QUEUE_MAX + 5))[5:]


def test_a_blocking_listener_does_not_hold_a_run_up() -> None:
    """[R19] The run is over while the listener is still busy with the first event."""
    go_on = threading.Event()
    slow: Task[int] = task(lambda: 1, name="slow")
    flow = Flow(slow)
    subscription = flow.subscribe(lambda seen: go_on.wait(GUARD_S))
    assert flow.run().ok
    assert not subscription.drain(0)
    go_on.set()
    assert subscription.drain(GUARD_S)


def test_failures_and_back_offs_are_told_without_their_values() -> None:
    calls: list[int] = []

    @task(retry=1, retry_backoff_base_ms=1)
    def flaky() -> str:
        calls.append(1)
        if len(calls) == 1:
            message = "secret"
            raise ValueError(message)
        return "secret"

    heard: list[Observation] = []
    flow = Flow(flaky)
    with flow.subscribe(heard.append) as subscription:
        flow.run()
        assert subscription.drain(GUARD_S)
    kinds = [type(each.event) for each in heard]
    assert kinds[2:6] == [AttemptFailed, BackoffStarted, BackoffElapsed, AttemptStarted]
    assert "secret" not in repr(heard)


def test_what_would_hear_nothing_is_no_listener(flow: Flow) -> None:
    """A call of a coroutine function, or of a generator function, runs nothing of it."""

    async def late(heard: Observation) -> None: ...

    def steps(heard: Observation) -> Iterator[Observation]:
        yield heard

    class Late:
        async def __call__(self, heard: Observation) -> None: ...

    for listener in (late, steps, Late(), partial(late)):
        with pytest.raises(ConfigError, match=r"\(heard\), whose call runs nothing .*; give it a plain def"):
            flow.subscribe(listener)
    with pytest.raises(ConfigError, match=r"subscribe\(\) was given an int, which can't be called"):
        flow.subscribe(3)  # type: ignore[arg-type]  # on purpose
    assert flow.run().ok


def test_a_listener_may_look_at_the_flow_and_subscribe_others(flow: Flow) -> None:
    late: list[Observation] = []
    added: list[Subscription] = []

    def listener(observation: Observation) -> None:
        flow.summary()
        if not added:
            added.append(flow.subscribe(late.append))

    subscription = flow.subscribe(listener)
    flow.run()
    assert subscription.drain(GUARD_S)
    flow.run()
    assert added[0].drain(GUARD_S)
    assert type(late[-1].event) is RunFinished


def test_without_a_thread_to_be_had_the_next_event_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R21] Nothing is lost but time."""
    heard: list[Observation] = []
    observers = Observers(["t"])
    subscription = observers.subscribe(heard.append)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        observers.observe(BackoffElapsed(0, 1, 0))
    assert not subscription.drain(0)
    observers.observe(BackoffElapsed(0, 2, 0))
    assert subscription.drain(GUARD_S)
    assert [each.event for each in heard] == [BackoffElapsed(0, 1, 0), BackoffElapsed(0, 2, 0)]


def test_nobody_listens_until_somebody_does() -> None:
    observers = Observers(["t"])
    assert not observers.listening
    subscription = observers.subscribe(print)
    assert observers.listening
    subscription.close()
    assert not observers.listening


def test_subscriptions_made_in_many_threads_all_hear() -> None:
    observers = Observers(["t"])
    together = threading.Barrier(20)
    heard: list[Observation] = []
    subscriptions: list[Subscription] = []

    def subscribe() -> None:
        together.wait(GUARD_S)
        subscriptions.append(observers.subscribe(heard.append))

    threads = [threading.Thread(target=subscribe) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(GUARD_S)
    observers.observe(RunRequested(0.0, 0.0, "run"))
    assert all(each.drain(GUARD_S) for each in subscriptions)
    assert len(heard) == 20
