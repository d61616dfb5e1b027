"""Telemetry, seen by the SDK's exporters in memory. `nox --session telemetry` has the SDK."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from flowing import ConfigError, Flow, StepState, Task, task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

if os.environ.get("FLOWING_TELEMETRY") != "required":
    pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk; run nox --session telemetry")

from opentelemetry import baggage, context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from flowing.otel import instrument

SECRET = "canary-77d0"
GUARD_S = 60


class Bench:
    """Providers whose spans and metrics stay in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.tracer = self.tracers.get_tracer("user")

    def watch(self, flow: Flow) -> Callable[[], None]:
        return instrument(flow, tracer_provider=self.tracers, meter_provider=self.meters)

    def spans(self, name: str) -> Sequence[ReadableSpan]:
        """Give the ended spans of that name."""
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def metrics(self) -> dict[tuple[str, str], float]:
        """Give each figure by its name and its outcome or state."""
        data = self.reader.get_metrics_data()
        points = {
            metric.name: metric.data.data_points
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }
        return {
            (name, str(point.attributes.get("flowing.outcome", point.attributes.get("flowing.state", "")))): (
                point.count if hasattr(point, "count") else point.value
            )
            for name, each in points.items()
            for point in each
        }


@pytest.fixture
def bench() -> Bench:
    return Bench()


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def id_of(span: ReadableSpan) -> int:
    made = span.get_span_context()
    assert made is not None
    return int(made.span_id)


def test_attempts_hang_below_their_run_and_the_run_below_its_caller(bench: Bench) -> None:
    one: Task[int] = task(lambda: 1, name="one")
    two: Task[int] = task(lambda one: one, name="two", depends_on=[one])
    flow = Flow(two)
    bench.watch(flow)
    with bench.tracer.start_as_current_span("caller"):
        flow.run()
    (caller,), (run,) = bench.spans("caller"), bench.spans("flow run")
    assert parent_of(run) == id_of(caller)
    assert [parent_of(span) for name in ("one", "two") for span in bench.spans(name)] == [id_of(run)] * 2


def test_what_a_body_opens_hangs_below_its_attempt(bench: Bench) -> None:
    """In a thread, in a coroutine, and in `retry_until`; and what the caller's context holds reaches it too."""
    heard: list[object] = []

    @task(retry=1, retry_backoff_base_ms=1)
    def plain() -> int:
        with bench.tracer.start_as_current_span("inside"):
            heard.append(baggage.get_baggage("who"))
        if len(heard) == 1:
            raise ValueError
        return 1

    @task(depends_on=[plain])
    async def coroutine(plain: int) -> int:
        await asyncio.sleep(0)
        with bench.tracer.start_as_current_span("awaited"):
            return plain

    flow = Flow(coroutine)
    bench.watch(flow)
    token = context.attach(baggage.set_baggage("who", "me"))
    try:
        assert flow.run().ok
    finally:
        context.detach(token)
    assert heard == ["me", "me"]
    assert [parent_of(span) for span in bench.spans("inside")] == [id_of(span) for span in bench.spans("plain")]
    assert [parent_of(span) for span in bench.spans("awaited")] == [id_of(span) for span in bench.spans("coroutine")]


def test_a_flow_in_a_body_hangs_below_the_attempt(bench: Bench) -> None:
    inner = Flow(task(lambda: 1, name="inner"))
    outer: Task[bool] = task(lambda: inner.run().ok, name="outer")
    flow = Flow(outer)
    bench.watch(inner)
    bench.watch(flow)
    assert flow.run()[outer].value
    inner_run, _ = bench.spans("flow run")
    assert [parent_of(inner_run)] == [id_of(span) for span in bench.spans("outer")]


def test_spans_say_what_ran_and_how_it_ended(bench: Bench) -> None:
    @task(retry=1, retry_backoff_base_ms=1)
    def bad() -> int:
        raise KeyError("gone")

    flow = Flow(bad)
    bench.watch(flow)
    flow.run()
    first, second = (span.attributes or {} for span in bench.spans("bad"))
    assert (first["flowing.attempt"], second["flowing.attempt"]) == (1, 2)
    assert first["flowing.task.name"] == "bad"
    assert str(first["code.function.name"]).endswith("test_spans_say_what_ran_and_how_it_ended.<locals>.bad")
    assert str(first["code.file.path"]) == __file__
    assert (first["flowing.outcome"], first["error.type"]) == ("failed", "KeyError")
    span = bench.spans("bad")[0]
    assert span.status.status_code is StatusCode.ERROR
    (event,) = span.events
    assert event.name == "exception"
    assert (event.attributes or {})["exception.message"] == "KeyError: 'gone'"
    assert "Traceback" in str((event.attributes or {})["exception.stacktrace"])
    (run,) = bench.spans("flow run")
    assert run.status.status_code is StatusCode.ERROR
    assert (run.attributes or {})["flowing.outcome"] == "failed"
    assert (run.attributes or {})["flowing.tasks.failed"] == 1
    assert (run.attributes or {})["flowing.run.id"] == first["flowing.run.id"]


def test_a_span_takes_as_long_as_its_attempt(bench: Bench) -> None:
    one: Task[int] = task(lambda: 1, name="one")
    flow = Flow(one)
    bench.watch(flow)
    result = flow.run()[one]
    (span,) = bench.spans("one")
    assert span.start_time is not None
    assert span.end_time is not None
    assert result.duration_s == pytest.approx((span.end_time - span.start_time) / 1e9, abs=1e-6)
    (run,) = bench.spans("flow run")
    assert run.start_time is not None
    assert run.end_time is not None
    assert run.start_time <= span.start_time <= span.end_time <= run.end_time


def test_a_timed_out_attempt_ends_at_its_deadline_and_not_when_its_thread_comes_back(bench: Bench) -> None:
    go_on = threading.Event()
    hung: Task[bool] = task(lambda: go_on.wait(GUARD_S), name="hung", timeout_s=0.01)
    flow = Flow(hung, grace_s=0)
    bench.watch(flow)
    assert flow.run()[hung].state is StepState.FAILED
    (span,) = bench.spans("hung")
    go_on.set()
    assert (span.attributes or {})["flowing.outcome"] == "timed_out"
    assert (span.attributes or {})["error.type"] == "flowing.errors.TaskTimeoutError"


def test_attempts_and_tasks_are_counted(bench: Bench) -> None:
    calls: list[int] = []

    @task(retry=1, retry_backoff_base_ms=1)
    def flaky() -> int:
        calls.append(1)
        return 1 // (len(calls) - 1)

    closed: Task[int] = task(lambda flaky: 1, name="closed", depends_on=[flaky], when=lambda flaky: False)
    flow = Flow(closed)
    bench.watch(flow)
    flow.run()
    metrics = bench.metrics()
    expected = {"failed": 1, "succeeded": 1, "gate_closed": 1}
    assert {outcome: metrics["flowing.attempts", outcome] for outcome in expected} == expected
    assert {outcome: metrics["flowing.attempt.duration", outcome] for outcome in expected} == expected
    assert metrics["flowing.attempts.active", ""] == 0
    assert (metrics["flowing.tasks", "SUCCEEDED"], metrics["flowing.tasks", "SKIPPED"]) == (1, 1)
    assert metrics["flowing.run.duration", "succeeded"] == 1


def test_the_gauge_goes_up_while_an_attempt_runs(bench: Bench) -> None:
    """Control of its zero: read in the body, once the event was heard."""
    seen: list[float] = []

    def body() -> None:
        assert flow._observers._subscriptions[0].drain(GUARD_S)
        seen.append(bench.metrics()["flowing.attempts.active", ""])

    one: Task[None] = task(body, name="one")
    flow = Flow(one)
    bench.watch(flow)
    flow.run()
    assert seen == [1]


def test_no_value_and_no_argument_is_exported(bench: Bench) -> None:
    """[S11] Whatever the span."""

    @task
    def login() -> str:
        return SECRET

    @task(depends_on=[login])
    def use(login: str) -> str:
        raise ValueError

    flow = Flow(use)
    bench.watch(flow)
    flow.run()
    assert len(bench.exporter.get_finished_spans()) == 3
    assert SECRET not in "".join(span.to_json() for span in bench.exporter.get_finished_spans())


def test_text_of_a_task_is_escaped(bench: Bench) -> None:
    """[S8] In names, attributes, events and descriptions."""

    def body() -> None:
        raise ValueError("\x1b[2J")

    flow = Flow(task(body, name="bad"))
    bench.watch(flow)
    flow.run()
    (span,) = bench.spans("bad")
    shown = [span.name, span.status.description, *(span.attributes or {}).values()]
    shown += [value for event in span.events for value in (event.attributes or {}).values()]
    assert "\x1b" not in "".join(map(str, shown))


def test_it_can_be_ended(bench: Bench) -> None:
    flow = Flow(task(lambda: 1, name="one"))
    end = bench.watch(flow)
    flow.run()
    end()
    flow.run()
    assert len(bench.spans("flow run")) == 1


class Broken(SpanProcessor):  # type: ignore[misc]  # Any, without the SDK
    """Raises wherever the SDK calls it."""

    def on_start(self, span: object, parent_context: object = None) -> None:
        raise OSError

    def on_end(self, span: object) -> None:
        raise OSError


def test_an_exporter_that_raises_changes_nothing(bench: Bench) -> None:
    """[R19] [R20] Not even the first span can be begun; the run goes on without."""
    tracers = TracerProvider()
    tracers.add_span_processor(Broken())
    one: Task[int] = task(lambda: 1, name="one")
    flow = Flow(one)
    instrument(flow, tracer_provider=tracers, meter_provider=bench.meters)
    assert flow.run()[one].value == 1


def test_a_task_is_no_flow() -> None:
    one: Task[int] = task(lambda: 1, name="one")
    with pytest.raises(ConfigError, match=r"instrument\(\) was given the task 'one', but needs a flow; .*Flow\(one\)"):
        instrument(one)  # type: ignore[arg-type]  # on purpose


def test_without_opentelemetry_it_says_how_to_get_it() -> None:
    script = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from flowing import ExtraMissing\n"
        "try:\n    import flowing.otel\nexcept ExtraMissing as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'flowing-dag[otel]'" in done.stdout


def test_flowing_alone_does_not_load_it() -> None:
    script = "import sys, flowing; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_flow_as_a_function_is_watched_in_every_call(bench: Bench) -> None:
    """Calls overlap, and each is a run of its own."""
    together = threading.Barrier(2)
    one: Task[int] = task(lambda: together.wait(GUARD_S), name="one")
    flow = Flow(one)
    bench.watch(flow)
    function = flow.as_function(name="one")
    threads = [threading.Thread(target=function) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(GUARD_S)
    runs = {id_of(span) for span in bench.spans("flow run")}
    assert len(runs) == 2
    assert {parent_of(span) for span in bench.spans("one")} == runs
