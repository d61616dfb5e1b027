"""What a body can learn about the attempt that runs it."""

from __future__ import annotations

import contextvars
import math
import threading

import pytest

from flowing import AttemptCancelled, CurrentAttempt, Flow, FlowingError, NoCurrentAttempt, current, task
from flowing._bodies import Body, BoundCall
from flowing.core import Running
from flowing.core.status import FRESH
from flowing.shell.attempt import Attempt, Course

GUARD_S = 60


def test_a_body_learns_its_name_attempt_and_deadline() -> None:
    seen: list[tuple[str, int, float | None, bool]] = []

    @task(retry=1, retry_backoff_base_ms=0, timeout_s=GUARD_S, name="a name")
    def body() -> None:
        now = current()
        seen.append((now.name, now.attempt, now.deadline, now.cancelled))
        assert now.deadline is not None
        assert 0 < now.deadline - now.now() <= GUARD_S
        if now.attempt == 1:
            raise ValueError

    @task
    def without_deadline() -> float | None:
        return current().deadline

    results = Flow(body, without_deadline).run()
    assert [(name, attempt, cancelled) for name, attempt, _, cancelled in seen] == [
        ("a name", 1, False),
        ("a name", 2, False),
    ]
    assert seen[0][2] != seen[1][2]
    assert results[without_deadline].value is None


def test_gates_learn_it_too() -> None:
    @task(when=lambda: current().name == "body")
    def body() -> str:
        return current().name

    assert Flow(body).run()[body].value == "body"


def test_an_idempotency_key_is_stable_over_attempts_and_resumes_and_changes_with_an_invalidation() -> None:
    """D2: the remote side answers a repeated call with the first result, and a new one anew."""
    keys: list[str] = []
    broken = True

    @task(retry=1, retry_backoff_base_ms=0)
    def effect() -> None:
        keys.append(current().idempotency_key)
        if broken:
            raise ValueError

    @task
    def other() -> str:
        return current().idempotency_key

    flow = Flow(effect, other, fail_fast=False)
    flow.run()
    flow.resume()
    broken = False
    flow.resume()
    assert len(keys) == 5
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert flow.value(other) != keys[0]
    flow.invalidate(effect)
    flow.resume()
    flow.invalidate(effect)
    flow.resume()
    flow.run()
    assert len(set(keys)) == 4


def test_without_a_running_task_there_is_no_attempt() -> None:
    with pytest.raises(NoCurrentAttempt, match=r"contextvars.copy_context\(\)") as caught:
        current()
    assert isinstance(caught.value, FlowingError | LookupError)


def test_a_thread_of_the_body_learns_it_in_a_copied_context() -> None:
    @task
    def body() -> tuple[str, bool]:
        names: list[str] = []
        bare: list[bool] = []

        def lost() -> None:
            with pytest.raises(NoCurrentAttempt):
                current()
            bare.append(True)

        context = contextvars.copy_context()
        for target in (lambda: names.append(context.run(lambda: current().name)), lost):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join(GUARD_S)
        return names[0], bare[0]

    assert Flow(body).run()[body].value == ("body", True)


def test_after_the_run_the_attempt_is_nobodys() -> None:
    kept: list[CurrentAttempt] = []
    step = task(lambda: kept.append(current()), name="step")
    Flow(step).run()
    assert kept[0].name == "step"
    with pytest.raises(NoCurrentAttempt):
        current()


def make() -> Attempt:
    return Attempt(0, Running(1, FRESH, 0.0), 0, Body("t", BoundCall(lambda: None)), (), Course("run", lambda: 5.0))


def test_sleep_ends_with_the_time_or_with_the_cancel() -> None:
    attempt = make()
    attempt.sleep(0.001)
    attempt.sleep(0)
    attempt.cancel()
    with pytest.raises(AttemptCancelled, match="'t' was cancelled"):
        attempt.sleep(GUARD_S)


@pytest.mark.parametrize("seconds", [GUARD_S, 1e10, math.inf])
def test_a_cancel_wakes_a_sleep_of_any_length(seconds: float) -> None:
    attempt = make()
    timer = threading.Timer(0.02, attempt.cancel)
    timer.start()
    with pytest.raises(AttemptCancelled):
        attempt.sleep(seconds)
    timer.join()
