"""A flow as its user meets it: run, resume, override, invalidate, cancel, and what each leaves behind."""

from __future__ import annotations

import contextvars
import functools
import inspect
import math
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import flowing
from flowing import (
    ConfigError,
    Depends,
    DuplicateTaskError,
    Flow,
    FlowFailed,
    FlowRunningError,
    NotATaskError,
    ResultUnavailable,
    RetryUntilError,
    StepState,
    Task,
    TaskFailed,
    UnknownTaskError,
    bind,
    current,
    task,
)
from flowing.core.events import BackoffStarted, CancelRequested

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED = StepState
GUARD_S = 60  # how long a test waits for another thread before it gives up


class Runs:
    """Counts how often each task ran, and breaks those that it is told to break."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.broken: set[str] = set()

    def say(self, name: str) -> bool:
        """Count it, and say yes."""
        self(name)
        return True

    def __call__(self, name: str) -> None:
        self.order.append(name)
        if name in self.broken:
            message = f"{name} is broken"
            raise ValueError(message)


@pytest.fixture
def runs() -> Runs:
    return Runs()


def states(flow: Flow) -> dict[str, StepState]:
    return {name: result.state for name, result in flow.results.items()}


def in_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Call in a thread of its own, and keep what it raised."""
    raised: list[BaseException] = []

    def body() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - the test looks at whatever it was
            raised.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    return thread, raised


def diamond(runs: Runs, **options: Any) -> tuple[Flow, dict[str, Task[int]]]:  # noqa: ANN401 - wrong ones too
    """Make a flow top -> left, right -> bottom."""

    @task
    def top() -> int:
        runs("top")
        return 1

    @task(depends_on=[top])
    def left(top: int) -> int:
        runs("left")
        return top + 1

    @task(depends_on=[top])
    def right(top: int) -> int:
        runs("right")
        return top + 2

    @task(depends_on=[left, right])
    def bottom(left: int, right: int) -> int:
        runs("bottom")
        return left * right

    return Flow(bottom, **options), {each.name: each for each in (top, left, right, bottom)}


# ── the seed API ─────────────────────────────────────────────────────────────────────────────────


def test_the_seed_program_runs_as_it_was_written(runs: Runs) -> None:
    @task
    def fetch_data() -> dict[str, list[int]]:
        return {"items": [1, 2, 3]}

    @task(
        depends_on=[fetch_data],
        retry=2,
        retry_backoff_base_ms=1,
        retry_max_backoff_ms=30_000,
        timeout_s=GUARD_S,
        name="sum of items",
    )
    def process(fetch_data: dict[str, list[int]]) -> int:
        runs("process")
        if len(runs.order) < 3:
            raise ConnectionError
        return sum(fetch_data["items"])

    @task(depends_on=[process], detached=True)
    def tell(**values: int) -> None:
        raise OSError(values)

    flow = Flow(process, max_workers=5, fail_fast=True)
    results = flow.run()
    assert flow.value(process) == 6
    assert results[process].attempts == 3
    assert [(each.name, each.state) for each in flow.detached_failures] == [("tell", FAILED)]
    assert results.ok
    flow.override(process, 7)
    flow.resume()
    assert flow.value(process) == 7
    assert flow.results["sum of items"].value == 7
    assert "sum of items" in flow.summary()


def test_tasks_made_in_a_loop_run_in_order() -> None:
    steps: list[Task[int]] = [task(lambda: 0, name="step 0")]
    for number in range(1, 50):
        steps.append(task(lambda **values: sum(values.values()) + 1, name=f"step {number}", depends_on=[steps[-1]]))
    assert Flow(steps[-1]).run()[steps[-1]].value == 49


def test_one_function_serves_many_tasks_with_bind() -> None:
    def add(left: int, right: int) -> int:
        return left + right

    three = bind(add, 1, right=2).with_options(name="three")
    seven = bind(add, Depends(three), 4).with_options(name="seven")
    assert Flow(seven).run()[seven].value == 7


def test_an_argument_keeps_its_default_and_after_gives_no_value(runs: Runs) -> None:
    @task
    def first() -> str:
        runs("first")
        return "value"

    @task(after=[first])
    def second(first: str = "default") -> str:
        runs("second")
        return first

    flow = Flow(second)
    flow.run()
    assert (runs.order, flow.value(second)) == (["first", "second"], "default")


def test_tasks_lists_the_start_order_with_detached_ones_last(runs: Runs) -> None:
    flow, tasks = diamond(runs)

    @task(after=[tasks["top"]], detached=True)
    def tell() -> None: ...

    flow = Flow(tasks["bottom"])
    assert [each.name for each in flow.tasks] == ["top", "left", "right", "bottom", "tell"]


def test_defaults_are_those_of_the_seed(runs: Runs) -> None:
    flow, _ = diamond(runs)
    limits = flow._compiled.graph.limits
    assert (limits.workers, limits.abandoned, limits.fail_fast) == (5, 5, True)
    assert (flow._runs.settings.grace_s, flow._runs.settings.keep_frames) == (10, False)


def test_max_abandoned_is_max_workers_unless_told_otherwise(runs: Runs) -> None:
    assert diamond(runs, max_workers=3)[0]._compiled.graph.limits.abandoned == 3
    assert diamond(runs, max_workers=3, max_abandoned=0)[0]._compiled.graph.limits.abandoned == 0


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("max_workers", 0, "a whole number, 1 or more"),
        ("max_workers", True, "a whole number, 1 or more"),
        ("max_workers", 2.0, "a whole number, 1 or more"),
        ("max_abandoned", -1, "a whole number, 0 or more"),
        ("grace_s", float("nan"), "a finite number of seconds"),
        ("grace_s", float("inf"), "a finite number of seconds"),
        ("grace_s", -1, "a finite number of seconds"),
        ("grace_s", "1", "a finite number of seconds"),
        ("stall_warning_s", False, "a finite number of seconds"),
        ("fail_fast", 1, "True or False"),
        ("keep_frames", None, "True or False"),
        ("discover_detached", "yes\x1b", "True or False"),
        ("fail_fast", object(), "True or False"),
    ],
)
def test_an_option_with_a_value_it_cannot_take_is_refused(runs: Runs, option: str, value: object, allowed: str) -> None:
    """[G10] With the option, the value and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        diamond(runs, **{option: value})
    message = str(caught.value)
    assert message.startswith(f"Flow has {option}=")
    assert allowed in message
    assert "\x1b" not in message


# ── run and resume (D3) ──────────────────────────────────────────────────────────────────────────


def test_run_does_not_raise_because_a_task_failed(runs: Runs) -> None:
    """[R1] Descendants are skipped and name the root cause."""
    flow, tasks = diamond(runs, fail_fast=False)
    runs.broken = {"left"}
    results = flow.run()
    assert states(flow) == {"top": SUCCEEDED, "left": FAILED, "right": SUCCEEDED, "bottom": SKIPPED}
    assert not results.ok
    assert (results["bottom"].reason, results["bottom"].root_cause) == ("task 'left' failed", "left")
    with pytest.raises(ResultUnavailable, match=r"'bottom' has no value.*SKIPPED.*root cause: task 'left'.*resume\(\)"):
        flow.value(tasks["bottom"])


def test_raise_on_failure_gives_one_error_a_root_cause_with_the_original_inside(runs: Runs) -> None:
    flow, _ = diamond(runs, fail_fast=False)
    runs.broken = {"left", "right"}
    results = flow.run()
    with pytest.raises(FlowFailed, match="2 task") as caught:
        results.raise_on_failure()
    members = caught.value.exceptions
    assert [(type(each), each.task, each.attempts) for each in members if isinstance(each, TaskFailed)] == [
        (TaskFailed, "left", 1),
        (TaskFailed, "right", 1),
    ]
    assert members[0].__cause__ is results["left"].error
    kept, rest = caught.value.split(lambda error: isinstance(error, TaskFailed) and error.task == "left")
    assert isinstance(kept, FlowFailed)
    assert isinstance(rest, FlowFailed)


def test_raise_on_failure_does_nothing_when_nothing_failed(runs: Runs) -> None:
    flow, _ = diamond(runs)
    flow.run().raise_on_failure()


def test_resume_runs_what_has_no_result_and_nothing_else(runs: Runs) -> None:
    flow, tasks = diamond(runs, fail_fast=False)
    runs.broken = {"left"}
    flow.run()
    runs.broken, runs.order = set(), []
    assert flow.resume().ok
    assert runs.order == ["left", "bottom"]
    assert flow.value(tasks["bottom"]) == 6
    assert flow.results["left"].attempts == 2


def test_resume_gives_a_fresh_retry_budget(runs: Runs) -> None:
    @task(retry=2, retry_backoff_base_ms=0)
    def flaky() -> None:
        runs("flaky")

    runs.broken = {"flaky"}
    flow = Flow(flaky)
    flow.run()
    assert flow.resume()[flaky].attempts == 6
    assert len(runs.order) == 6


def test_resume_returns_at_once_when_everything_succeeded(runs: Runs) -> None:
    flow, _ = diamond(runs)
    flow.run()
    before = set(threading.enumerate())
    runs.order = []
    assert flow.resume().ok
    assert runs.order == []
    assert set(threading.enumerate()) <= before


def test_resume_before_any_run_is_run(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    assert flow.resume()[tasks["bottom"]].value == 6


def test_a_second_run_is_a_new_run_without_the_overrides_of_the_old_one(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    flow.run()
    flow.override(tasks["top"], 10)
    flow.resume()
    assert flow.value(tasks["bottom"]) == 132
    runs.order = []
    flow.run()
    assert sorted(runs.order) == ["bottom", "left", "right", "top"]
    assert flow.value(tasks["bottom"]) == 6
    assert flow.results["top"].attempts == 1


def test_the_threads_of_a_run_are_gone_when_it_returns(runs: Runs) -> None:
    before = set(threading.enumerate())
    flow, _ = diamond(runs)
    for _ in range(20):
        flow.run()
    assert set(threading.enumerate()) <= before


# ── override and invalidate (D4) ─────────────────────────────────────────────────────────────────


def test_an_override_before_the_first_run_belongs_to_it(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    flow.override(tasks["left"], 100)
    assert flow.run()[tasks["bottom"]].value == 300
    assert "left" not in runs.order
    assert flow.results["left"].overridden
    assert flow.results["left"].attempts == 0


def test_an_override_makes_computed_descendants_pending_in_the_same_step(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    flow.run()
    flow.override(tasks["left"], 100)
    assert states(flow) == {"top": SUCCEEDED, "left": SUCCEEDED, "right": SUCCEEDED, "bottom": PENDING}
    runs.order = []
    flow.resume()
    assert (runs.order, flow.value(tasks["bottom"])) == (["bottom"], 300)


def test_an_override_stops_at_a_descendant_that_was_overridden(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    flow.run()
    flow.override(tasks["left"], 100)
    flow.override(tasks["top"], 5)
    assert states(flow) == {"top": SUCCEEDED, "left": SUCCEEDED, "right": PENDING, "bottom": PENDING}
    runs.order = []
    assert flow.resume()[tasks["bottom"]].value == 700
    assert sorted(runs.order) == ["bottom", "right"]


def test_an_override_mends_a_failed_flow(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    runs.broken = {"left"}
    flow.run()
    flow.override(tasks["left"], 4)
    runs.order = []
    assert flow.resume().ok
    assert "left" not in runs.order
    assert flow.value(tasks["bottom"]) == 12


@pytest.mark.parametrize("value", [None, False, [], {}], ids=repr)
def test_a_false_value_is_a_value(runs: Runs, value: Any) -> None:  # noqa: ANN401 - it stands for an int
    flow, tasks = diamond(runs)
    flow.override(tasks["bottom"], value)
    assert flow.run()[tasks["bottom"]].value is value
    assert flow.results["bottom"].value_or("default") is value


def test_invalidate_makes_results_and_their_descendants_anew(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    flow.run()
    flow.invalidate(tasks["left"], tasks["bottom"])
    assert states(flow) == {"top": SUCCEEDED, "left": PENDING, "right": SUCCEEDED, "bottom": PENDING}
    runs.order = []
    assert flow.resume().ok
    assert runs.order == ["left", "bottom"]


def test_an_effect_that_ran_is_fired_again_only_on_request(runs: Runs) -> None:
    _, tasks = diamond(runs)

    @task(depends_on=[tasks["bottom"]], detached=True)
    def tell(bottom: int) -> int:
        runs("tell")
        return bottom

    flow = Flow(tasks["bottom"])
    flow.run()
    flow.override(tasks["left"], 10)
    flow.resume()
    assert runs.order.count("tell") == 1
    flow.resume(rerun_detached=True)
    assert runs.order.count("tell") == 2
    assert flow.value(tell) == 30
    flow.resume(rerun_detached=True)
    assert runs.order.count("tell") == 2


def test_override_takes_exactly_one_value(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    override: Any = flow.override
    for arguments, keywords in (((), {}), ((1, 2), {}), ((1,), {"value": 2})):
        with pytest.raises(TypeError, match=r"flow.override\(step, value\)"):
            override(tasks["top"], *arguments, **keywords)


def test_a_task_of_another_flow_is_unknown_and_named(runs: Runs) -> None:
    """[G16] Override, invalidate, value and results name it, with the way out."""
    flow, tasks = diamond(runs)
    copy = tasks["top"].with_options(retry=1)

    @task
    def stranger() -> int:
        return 1

    for call in (
        lambda: flow.override(stranger, 1),
        lambda: flow.invalidate(tasks["top"], stranger),
        lambda: flow.value(stranger),
        lambda: flow.results[stranger],
    ):
        with pytest.raises(UnknownTaskError, match=r"'stranger'.*not in this flow; give the flow a terminal"):
            call()
    with pytest.raises(UnknownTaskError, match=r"'top'.*another task of that name"):
        flow.override(copy, 1)
    with pytest.raises(NotATaskError, match="the string 'top', which is not a task; write the task itself"):
        flow.invalidate("top")  # type: ignore[arg-type]
    assert states(flow) == dict.fromkeys(tasks, PENDING)


# ── fail_fast (D5) ───────────────────────────────────────────────────────────────────────────────


def test_after_a_failure_running_siblings_finish_and_their_successes_count(runs: Runs) -> None:
    sibling_runs, failed = threading.Event(), threading.Event()

    @task
    def sibling() -> str:
        sibling_runs.set()
        assert failed.wait(GUARD_S)
        return "done"

    @task
    def bad() -> None:
        assert sibling_runs.wait(GUARD_S)
        failed.set()
        raise ValueError

    @task(depends_on=[sibling])
    def after_sibling(sibling: str) -> None:
        runs("after_sibling")

    @task(after=[bad])
    def after_bad() -> None:
        runs("after_bad")

    @task(after=[after_sibling, after_bad])
    def last() -> None:
        runs("last")

    results = Flow(last, max_workers=2).run()
    assert results[bad].state is FAILED
    assert results[after_bad].state is SKIPPED
    assert results[last].state is SKIPPED
    assert results[last].root_cause == "bad"
    assert results[sibling].value == "done"
    assert results[after_sibling].state in {CANCELLED, SUCCEEDED}  # it may have started before `bad` was reported


def test_what_did_not_start_is_cancelled_and_names_the_root_cause(runs: Runs) -> None:
    @task
    def bad() -> None:
        raise ValueError

    others = [bind(runs, f"other {number}").with_options(name=f"other {number}") for number in range(3)]
    flow = Flow(bad, *others, max_workers=1)
    results = flow.run()
    for other in others:
        result = results[other]
        assert (result.state, result.reason, result.root_cause) == (CANCELLED, "not started: fail_fast", "bad")
        assert (result.attempts, result.started_at, result.duration_s) == (0, None, None)
    assert runs.order == []


def test_a_back_off_is_not_waited_for(runs: Runs) -> None:
    backing_off = threading.Event()

    @task(retry=1, retry_backoff_base_ms=10_000_000, retry_max_backoff_ms=10_000_000)
    def flaky() -> None:
        raise ConnectionError

    @task
    def bad() -> None:
        assert backing_off.wait(GUARD_S)
        raise ValueError

    @task(after=[flaky])
    def after_flaky() -> None: ...

    flow = Flow(after_flaky, bad, max_workers=2)
    flow.subscribe(lambda seen: backing_off.set() if isinstance(seen.event, BackoffStarted) else None)
    results = flow.run()
    assert (results[flaky].state, results[flaky].reason) == (FAILED, "not retried: fail_fast")
    assert isinstance(results[flaky].error, ConnectionError)
    assert (results[after_flaky].state, results[after_flaky].root_cause) == (SKIPPED, "flaky")


def test_without_fail_fast_independent_branches_go_on(runs: Runs) -> None:
    flow, _ = diamond(runs, fail_fast=False, max_workers=1)
    runs.broken = {"left"}
    flow.run()
    assert runs.order == ["top", "left", "right"]


# ── detached tasks (D6) ──────────────────────────────────────────────────────────────────────────


def test_a_detached_task_joins_when_all_it_depends_on_is_there(runs: Runs) -> None:
    _, tasks = diamond(runs)

    @task(depends_on=[tasks["left"], tasks["bottom"]], detached=True)
    def tell(left: int, bottom: int) -> int:
        runs("tell")
        return left + bottom

    @task(depends_on=[tell], detached=True)
    def tell_more(tell: int) -> int:
        runs("tell_more")
        return tell + 1

    assert "tell" not in Flow(tasks["left"]).results
    flow = Flow(tasks["bottom"])
    flow.run()
    assert runs.order[-2:] == ["tell", "tell_more"]
    assert flow.value(tell_more) == 9
    quiet = Flow(tasks["bottom"], discover_detached=False)
    assert "tell" not in quiet.run()
    named = Flow(tasks["bottom"], tell, discover_detached=False)
    assert list(named.run()) == ["top", "left", "right", "bottom", "tell"]


def test_detached_tasks_run_after_the_main_graph_also_when_it_failed(runs: Runs) -> None:
    @task
    def good() -> int:
        runs("good")
        return 1

    @task
    def bad() -> None:
        runs("bad")

    @task(depends_on=[good], detached=True)
    def tell_good(good: int) -> None:
        runs("tell_good")

    @task(after=[bad], detached=True)
    def tell_bad() -> None:
        runs("tell_bad")

    runs.broken = {"bad"}
    flow = Flow(good, bad, max_workers=1)
    results = flow.run()
    assert runs.order == ["good", "bad", "tell_good"]
    assert (results[tell_bad].state, results[tell_bad].root_cause) == (SKIPPED, "bad")


def test_detached_failures_change_nothing_else(runs: Runs) -> None:
    flow, tasks = diamond(runs)

    @task(after=[tasks["bottom"]], detached=True)
    def first() -> None:
        runs("first")

    @task(after=[tasks["bottom"]], detached=True)
    def second() -> None:
        runs("second")

    @task(after=[first], detached=True)
    def third() -> None:
        runs("third")

    runs.broken = {"first"}
    flow = Flow(tasks["bottom"], max_workers=1)
    results = flow.run()
    results.raise_on_failure()
    assert results.ok
    assert (results[second].state, results[third].state) == (SUCCEEDED, SKIPPED)
    assert [each.name for each in flow.detached_failures] == ["first"]
    runs.broken = set()
    flow.run()
    assert flow.detached_failures == ()


def test_a_redefinition_replaces_the_detached_task_of_its_name(runs: Runs) -> None:
    @task
    def main() -> int:
        return 1

    def define(version: int) -> None:
        @task(depends_on=[main], detached=True)
        def tell(main: int) -> None:
            runs(f"tell {version}")

    define(1)
    define(2)
    Flow(main).run()
    assert runs.order == ["tell 2"]


def test_a_named_copy_takes_the_place_of_the_attached_task(runs: Runs) -> None:
    @task
    def main() -> int:
        return 1

    @task(depends_on=[main], detached=True)
    def tell(main: int) -> None:
        runs("tell")

    copy = tell.with_options(retry=1, retry_backoff_base_ms=0)
    runs.broken = {"tell"}
    flow = Flow(main, copy)
    flow.run()
    assert runs.order == ["tell", "tell"]
    assert flow.results[copy].attempts == 2


def test_a_task_in_a_closed_over_failed_chain_never_runs(runs: Runs) -> None:
    @task
    def bad() -> int:
        raise ValueError

    @task(depends_on=[bad], detached=True)
    def tell(bad: int) -> None:
        runs("tell")

    flow = Flow(bad)
    flow.run()
    assert runs.order == []
    assert flow.detached_failures == ()


# ── retries (D7) ─────────────────────────────────────────────────────────────────────────────────


def test_a_back_off_holds_no_worker(runs: Runs) -> None:
    """All of them back off before any is tried again: so none held the only worker meanwhile."""
    count = 20  # a second for so few first attempts, on any machine
    first_round = threading.Event()

    def flaky(number: int) -> None:
        runs.order.append(str(number))
        if current().attempt == 1:
            if len(runs.order) == count:
                first_round.set()
            raise ConnectionError
        assert first_round.is_set()

    tasks = [
        bind(flaky, number).with_options(name=str(number), retry=1, retry_backoff_base_ms=1000)
        for number in range(count)
    ]
    results = Flow(*tasks, max_workers=1).run()
    assert results.ok
    assert {result.attempts for result in results.values()} == {2}


def test_only_errors_of_the_named_types_are_retried(runs: Runs) -> None:
    @task(retry=3, retry_backoff_base_ms=0, retry_on=(ConnectionError, TimeoutError))
    def flaky() -> None:
        runs("flaky")
        if len(runs.order) == 1:
            raise ConnectionResetError
        raise KeyError

    result = Flow(flaky).run()[flaky]
    assert (result.attempts, type(result.error)) == (2, KeyError)


def test_a_jittered_back_off_ends_too(runs: Runs) -> None:
    @task(retry=2, retry_backoff_base_ms=5, jitter=True)
    def flaky() -> int:
        if current().attempt < 3:
            raise ConnectionError
        return current().attempt

    assert Flow(flaky).run()[flaky].value == 3


# ── gates (D10) ──────────────────────────────────────────────────────────────────────────────────


def test_a_closed_gate_skips_the_task_and_its_dependents_and_is_no_failure(runs: Runs) -> None:
    @task
    def number() -> int:
        return 3

    @task(depends_on=[number], when=lambda number: number > 5)
    def big(number: int) -> int:
        runs("big")
        return number

    @task(depends_on=[big])
    def after_big(big: int) -> int:
        runs("after_big")
        return big

    flow = Flow(after_big)
    results = flow.run()
    assert results.ok
    assert (results[big].state, results[big].reason, results[big].root_cause) == (SKIPPED, "its gate closed", "big")
    assert results[after_big].reason == "the gate of task 'big' closed"
    assert (runs.order, results[big].attempts) == ([], 0)
    results.raise_on_failure()
    flow.override(number, 7)
    assert flow.resume()[after_big].value == 7


def test_validate_refuses_input_before_the_body_and_is_not_retried(runs: Runs) -> None:
    @task
    def number() -> int:
        return -1

    def positive(number: int) -> str:
        runs("positive")
        if number < 0:
            message = "negative"
            raise ValueError(message)
        return "ignored"

    @task(depends_on=[number], validate=positive, retry=3, retry_backoff_base_ms=0)
    def root(number: int) -> float:
        runs("root")
        return math.sqrt(number)

    flow = Flow(root)
    result = flow.run()[root]
    assert (result.state, result.attempts, str(result.error)) == (FAILED, 0, "negative")
    assert result.reason == "a gate raised before the body ran"
    assert runs.order == ["positive"]
    flow.override(number, 4)
    assert flow.resume()[root].value == 2.0


def test_gates_are_asked_once_and_not_at_every_retry(runs: Runs) -> None:
    @task(when=lambda: runs.say("when"), validate=lambda: runs("validate"), retry=2, retry_backoff_base_ms=0)
    def flaky() -> None:
        runs("body")

    runs.broken = {"body"}
    Flow(flaky).run()
    assert runs.order == ["when", "validate", "body", "body", "body"]


def test_retry_until_repeats_and_keeps_the_last_value_when_exhausted(runs: Runs) -> None:
    @task(retry_until=lambda value: value > 10, retry=2, retry_backoff_base_ms=0)
    def grow() -> int:
        return current().attempt

    flow = Flow(grow)
    result = flow.run()[grow]
    assert (result.state, result.attempts, result.value, result.value_or(0)) == (FAILED, 3, 3, 3)
    assert isinstance(result.error, RetryUntilError)
    assert isinstance(result.error, ValueError)
    assert "'grow'" in str(result.error)
    assert "override()" in str(result.error)
    assert flow.value(grow) == 3
    for _ in range(3):
        flow.resume()
    assert flow.results[grow].state is SUCCEEDED
    assert flow.value(grow) == 11


def test_value_or_gives_the_default_where_there_is_no_value(runs: Runs) -> None:
    flow, tasks = diamond(runs)
    assert flow.results[tasks["top"]].value_or(None) is None
    with pytest.raises(ResultUnavailable, match="'top' has no value: it is PENDING"):
        flow.value(tasks["top"])
    runs.broken = {"top"}
    flow.run()
    with pytest.raises(ResultUnavailable) as caught:
        flow.value(tasks["top"])
    assert caught.value.__cause__ is flow.results["top"].error
    assert (caught.value.task, caught.value.state, caught.value.root_cause) == ("top", "FAILED", "top")


# ── cancel (D9) ──────────────────────────────────────────────────────────────────────────────────


def test_cancel_lets_running_tasks_finish_and_run_returns(runs: Runs) -> None:
    started, go_on = threading.Event(), threading.Event()

    @task
    def first() -> str:
        started.set()
        assert go_on.wait(GUARD_S)
        return "kept"

    @task(depends_on=[first])
    def second(first: str) -> str:
        runs("second")
        return first

    @task(depends_on=[first], detached=True)
    def tell(first: str) -> None:
        runs("tell")

    flow = Flow(second)
    flow.subscribe(lambda seen: go_on.set() if isinstance(seen.event, CancelRequested) else None)
    thread, raised = in_thread(flow.run)
    assert started.wait(GUARD_S)
    assert flow.results[first].state is RUNNING
    assert flow.results[second].state is PENDING
    flow.cancel()
    flow.cancel()
    thread.join(GUARD_S)
    assert not raised
    results = flow.results
    assert results.cancelled
    assert not results.ok
    assert results[first].value == "kept"
    assert (results[second].state, results[second].reason) == (CANCELLED, "not started: cancelled")
    assert (results[tell].state, results[tell].reason) == (CANCELLED, "not started: cancelled")
    assert runs.order == []
    assert flow.resume().ok
    assert runs.order == ["second", "tell"]


def test_what_still_runs_after_the_grace_is_abandoned_and_cancelled(runs: Runs) -> None:
    started, go_on = threading.Event(), threading.Event()

    @task
    def stubborn() -> str:
        started.set()
        go_on.wait(GUARD_S)
        return "late"

    flow = Flow(stubborn, grace_s=0.01)
    thread, raised = in_thread(flow.run)
    assert started.wait(GUARD_S)
    flow.cancel()
    thread.join(GUARD_S)
    assert not thread.is_alive()
    assert not raised
    result = flow.results[stubborn]
    assert (result.state, result.reason, result.attempts) == (CANCELLED, "interrupted while running", 1)
    go_on.set()
    assert flow.resume()[stubborn].value == "late"
    assert flow.results[stubborn].attempts == 2


@pytest.mark.parametrize("length", [1, 3] * 20)
def test_once_cancel_has_returned_nothing_starts(runs: Runs, length: int) -> None:
    """However soon the body ends that called it: what it brings to the desk comes after the cancel."""
    flow: Flow

    @task
    def first() -> None:
        flow.cancel()

    steps: list[Task[object]] = [first]
    for number in range(length):
        steps.append(bind(runs, "started").with_options(name=str(number), after=steps[-1:]))
    flow = Flow(*steps, bind(runs, "started").with_options(name="aside", after=[first], detached=True))
    results = flow.run()
    assert results.cancelled
    assert runs.order == []
    assert results[steps[-1]].reason == "not started: cancelled"


@pytest.mark.parametrize("at", range(10, 410, 20))
def test_once_another_thread_has_cancelled_nothing_starts(at: int) -> None:
    """Tasks follow each other as fast as they can."""
    has_begun, has_cancelled, late = threading.Event(), threading.Event(), list[bool]()

    def body(number: int) -> None:
        if number == at:
            has_begun.set()
        late.append(has_cancelled.is_set())

    steps: list[Task[object]] = []
    for number in range(2_000):
        steps.append(bind(body, number).with_options(name=str(number), after=steps[-1:]))
    flow = Flow(*steps)
    with ThreadPoolExecutor(1) as caller:
        run = caller.submit(flow.run)
        assert has_begun.wait(60)
        flow.cancel()
        has_cancelled.set()
        results = run.result()
    assert results.cancelled or results.ok, "all of them may have been quicker"
    assert sum(late) <= 1, "the one that was beginning, and has not read the flag yet"


def test_cancel_does_nothing_when_the_flow_stands_still(runs: Runs) -> None:
    flow, _ = diamond(runs)
    flow.cancel()
    assert flow.run().ok
    flow.cancel()
    assert flow.resume().ok


def test_a_body_that_asks_learns_of_the_cancel_and_stops(runs: Runs) -> None:
    started = threading.Event()

    @task
    def sleeper() -> None:
        started.set()
        current().sleep(GUARD_S)

    flow = Flow(sleeper)
    thread, _ = in_thread(flow.run)
    assert started.wait(GUARD_S)
    flow.cancel()
    thread.join(GUARD_S)
    result = flow.results[sleeper]
    assert (result.state, result.reason) == (CANCELLED, "stopped by itself when the run was cancelled")


# ── while it runs ────────────────────────────────────────────────────────────────────────────────


def test_a_running_flow_can_be_looked_at_and_not_changed(runs: Runs) -> None:
    """[G13] Nothing of a flow changes while it runs."""
    started, go_on = threading.Event(), threading.Event()

    @task
    def slow() -> int:
        started.set()
        assert go_on.wait(GUARD_S)
        return 1

    flow = Flow(slow)
    thread, raised = in_thread(flow.run)
    assert started.wait(GUARD_S)
    for call in (flow.run, flow.resume, lambda: flow.override(slow, 2), lambda: flow.invalidate(slow)):
        with pytest.raises(FlowRunningError, match=r"the flow is running; wait for it, cancel\(\) it"):
            call()
    assert flow.results[slow].state is RUNNING
    assert flow.results[slow].started_at is not None
    assert "RUNNING" in flow.summary()
    assert flow.detached_failures == ()
    before = flow.results
    go_on.set()
    thread.join(GUARD_S)
    assert not raised
    assert before[slow].state is RUNNING
    assert flow.value(slow) == 1


def test_what_a_flow_was_made_of_can_not_be_changed(runs: Runs) -> None:
    """[G13] Tasks and results are frozen."""
    flow, tasks = diamond(runs)
    for target, name in ((tasks["top"], "name"), (flow.run()["top"], "state"), (flow.results, "ok")):
        with pytest.raises(AttributeError):
            setattr(target, name, "other")
    with pytest.raises(TypeError):
        flow.results["top"] = 1  # type: ignore[index]


def test_fifty_threads_run_fifty_flows_of_the_same_tasks() -> None:
    """[G14] Flows are independent."""

    @task
    def seed() -> int:
        return 1

    @task(depends_on=[seed])
    def double(seed: int) -> int:
        return seed * 2

    results: list[int] = []
    all_there = threading.Barrier(50)

    def one(number: int) -> None:
        flow = Flow(double, max_workers=2)
        flow.override(seed, number)
        all_there.wait(GUARD_S)
        flow.run()
        results.append(flow.value(double))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(GUARD_S)
    assert sorted(results) == [number * 2 for number in range(50)]


def test_of_two_threads_that_run_one_flow_one_is_refused(runs: Runs) -> None:
    """[G14] With the error that says so."""
    go_on = threading.Event()

    @task
    def slow() -> None:
        runs("slow")
        assert go_on.wait(GUARD_S)

    flow = Flow(slow)
    both = threading.Barrier(2)
    refused = threading.Event()

    def attempt() -> None:
        both.wait(GUARD_S)
        try:
            flow.run()
        except FlowRunningError:
            refused.set()
            raise

    (one, raised_one), (two, raised_two) = in_thread(attempt), in_thread(attempt)
    assert refused.wait(GUARD_S)
    go_on.set()
    one.join(GUARD_S)
    two.join(GUARD_S)
    assert [type(error) for error in (*raised_one, *raised_two)] == [FlowRunningError]
    assert runs.order == ["slow"]


def test_threads_that_resume_one_flow_over_and_over_never_repeat_a_success(runs: Runs) -> None:
    """[G14] Whoever begins, begins from the state in which the one before ended."""
    tasks = [bind(runs, str(number)).with_options(name=str(number)) for number in range(4)]
    flow = Flow(*tasks, max_workers=1)
    runs.broken = {"0"}
    flow.run()
    runs.broken, runs.order = set(), []

    def resume() -> None:
        for _ in range(50):
            with suppress(FlowRunningError):
                flow.resume()

    threads = [in_thread(resume) for _ in range(4)]
    for thread, raised in threads:
        thread.join(GUARD_S)
        assert not raised
    assert sorted(runs.order) == ["0", "1", "2", "3"]
    assert flow.results.ok


def test_a_flow_without_a_task_is_refused() -> None:
    """[G5] With the fix."""
    with pytest.raises(ConfigError, match=r"no task; name the last task of the graph: Flow\(last\)"):
        Flow()


def test_the_value_of_a_called_task_is_refused_and_no_coroutine_is_left() -> None:
    """[G3] A coroutine that nobody awaits would be one more warning, at some later time."""

    @task
    async def one() -> int:
        return 1

    called = one()
    with pytest.raises(
        NotATaskError, match="what a call of 'one' gives, a coroutine; give the task itself, don't call"
    ):
        Flow(called)  # type: ignore[arg-type]
    assert inspect.getcoroutinestate(called) == inspect.CORO_CLOSED


def test_a_decorator_that_hides_a_task_is_named() -> None:
    """[G3] It has the task's name, and was decorated with @task: where is what matters."""

    def log(function: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(function)
        def logged() -> int:
            return function()

        return logged

    @log
    @log
    @task(name="one")
    def first() -> int:
        return 1

    hidden = r"'first', a function in which another decorator hides the task 'one'; put @task on top, above that deco"
    with pytest.raises(NotATaskError, match=hidden):
        Flow(first)  # type: ignore[arg-type]
    with pytest.raises(NotATaskError, match=hidden):
        task(lambda first: first, name="next", depends_on=[first])  # type: ignore[list-item]
    with pytest.raises(NotATaskError, match=hidden):
        Flow(task(lambda: 1, name="other")).value(first)  # type: ignore[arg-type]


def test_a_flow_shows_how_it_stands() -> None:
    @task
    def one() -> int:
        return 1

    @task(depends_on=[one])
    def fails(one: int) -> int:
        raise ValueError(one)

    flow = Flow(fails)
    assert repr(flow) == "<flow of 2 tasks: 2 PENDING>"
    flow.run()
    assert repr(flow) == "<flow of 2 tasks: 1 SUCCEEDED, 1 FAILED>"
    assert repr(Flow(one)) == "<flow of 1 task: 1 PENDING>"
    assert repr(object.__new__(Flow)) == "<flow that could not be made>"  # as a debugger sees it, where Flow() raises


def test_of_a_large_flow_only_the_size_is_shown() -> None:
    """Nobody waits for a debugger that counts a million rows."""
    tasks = [task(int, name=str(number)) for number in range(10_001)]
    assert repr(Flow(*tasks)) == "<flow of 10,001 tasks>"
    assert repr(Flow(*tasks[1:])) == "<flow of 10,000 tasks: 10,000 PENDING>"


@pytest.mark.parametrize(
    ("call", "use"),
    [
        ("record()", flowing.record),
        ("replay()", lambda given: flowing.replay(given, [])),
        ("read_events()", lambda given: flowing.read_events("no file", flow=given, codec=flowing.JsonCodec())),
        ("check()", flowing.check),
        ("progress()", lambda given: flowing.progress(given).__enter__()),
    ],
)
def test_what_needs_a_flow_and_gets_a_task_says_so(call: str, use: Callable[[object], object]) -> None:
    one: Task[int] = task(lambda: 1, name="one")
    with pytest.raises(ConfigError, match=re.escape(f"{call} was given the task 'one', but needs a flow; make one of")):
        use(one)
    with pytest.raises(ConfigError, match=re.escape(f"{call} was given an int, but needs a flow; make one: Flow(last")):
        use(3)


def test_a_terminal_that_is_no_task_is_refused() -> None:
    """[G3] With the fix."""

    def plain() -> None: ...

    ways_out: dict[object, str] = {
        plain: "'plain', which is not a task; decorate it with @task",
        "name": "the string 'name', which is not a task; write the task itself, not its name",
        None: "None, which is not a task; give a function decorated with @task, and don't call it",
        7: "an int, which is not a task; give a function decorated with @task, and don't call it",
        (): r"a tuple, which is not a task; write Flow\(\*tasks\) for several, and give each task itself, don't call",
    }
    for wrong, way_out in ways_out.items():
        with pytest.raises(NotATaskError, match=way_out):
            Flow(wrong)  # type: ignore[arg-type]


def test_two_tasks_of_one_name_are_refused_with_both_places() -> None:
    """[G4] file:line of each."""
    one = task(lambda: 1, name="same")
    two = task(lambda: 2, name="same")
    with pytest.raises(DuplicateTaskError) as caught:
        Flow(one, two)
    message = str(caught.value)
    assert message.count(f"{__file__}:") == 2
    assert "name=" in message


def test_context_variables_are_those_of_the_caller_and_never_shared() -> None:
    """[R17] A copy per attempt (D19)."""
    variable = contextvars.ContextVar("variable", default="unset")
    seen: list[str] = []

    @task(retry=2, retry_backoff_base_ms=0)
    def body() -> str:
        seen.append(variable.get())
        variable.set(f"set by attempt {current().attempt}")
        if current().attempt < 3:
            raise ValueError
        return variable.get()

    flow = Flow(body)
    variable.set("the caller's")
    flow.run()
    assert seen == ["the caller's"] * 3
    assert variable.get() == "the caller's"
    assert flow.value(body) == "set by attempt 3"


def test_a_detached_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It changes nothing, and is not lost in silence either."""

    @task(detached=True)
    def notify() -> None:
        raise ConnectionError("nobody there")

    assert Flow(notify).run().ok
    assert "detached task 'notify' failed: ConnectionError: nobody there" in caplog.text


def test_a_flow_takes_no_attribute() -> None:
    """[G13] An option set on a flow would do nothing, so it is refused."""
    flow = Flow(task(lambda: 1, name="one"))
    with pytest.raises(AttributeError):
        flow.fail_fast = False  # type: ignore[attr-defined]


def test_with_checkpoint_gives_the_same_flow_with_a_file(runs: Runs, tmp_path: Path) -> None:
    """Options come along, and nothing of what the flow has run; neither knows of the other."""
    flow, tasks = diamond(runs, max_workers=1, fail_fast=False)
    flow.run()
    with flow.with_checkpoint(tmp_path / "run.db") as kept:
        assert set(states(kept).values()) == {PENDING}
        assert kept.tasks == flow.tasks
        assert kept.resume().ok
    assert runs.order.count("top") == 2
    with flow.with_checkpoint(tmp_path / "run.db") as again:
        assert again.resume().ok
        assert again.value(tasks["bottom"]) == flow.value(tasks["bottom"])
    assert runs.order.count("top") == 2
