"""OpenTelemetry: a span for each run, a span for each attempt, and metrics. Decides nothing, and no task waits for it.

A span begins where the body runs, so that what the body opens hangs below its attempt; it ends with the event that says
how the attempt ended, in a thread of its own. Attributes are named by the semantic conventions where there are any, and
begin with `flowing.` where there are none. Values and arguments of tasks are in none of them.
"""

from __future__ import annotations

import inspect
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias, cast, final

from attrs import evolve

from flowing._record import record
from flowing._rows import results_of
from flowing._text import describe_error, format_traceback, one_line
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    GateClosed,
    InputRejected,
    RunRequested,
)
from flowing.core.status import Failed, Rejected
from flowing.errors import ExtraMissing
from flowing.flow import flow_given
from flowing.shell.attempt import CURRENT

try:
    from opentelemetry import context, metrics, trace
except ImportError:
    raise ExtraMissing("flowing.otel", extra="otel", package="opentelemetry-api") from None

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from flowing._bodies import Body, BoundCall
    from flowing.flow import Flow
    from flowing.shell.attempt import Attempt
    from flowing.shell.observers import Observation, Occasion
    from flowing.task import Task

__all__ = ["instrument"]

_SCOPE: Final = "flowing"
_DRAIN_S: Final = 5.0  # for exporters that are slow; one that blocks for ever must not hold the caller up for long

_Key: TypeAlias = tuple[int, int, int]  # task, epoch, attempt
_Ended: TypeAlias = (
    AttemptSucceeded | AttemptReturned | AttemptFailed | AttemptTimedOut | AttemptStopped | GateClosed | InputRejected
)
_Attributes: TypeAlias = "Mapping[str, str | int | bool]"


def instrument(
    flow: Flow,
    *,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
) -> Callable[[], None]:
    """Have every run of the flow, from the next one on, make spans and metrics; gives a function that ends that.

    The span of a run is a child of the span in which `run()` is called. A span of an attempt is a child of it, and the
    parent of what the body opens. An exporter that raises, blocks or is slow never changes a run.

    Args:
        flow: The flow.
        tracer_provider: Where spans go. Default: the one of the process.
        meter_provider: Where metrics go. Default: the one of the process.

    Raises:
        ConfigError: it is no flow.
    """
    flow = flow_given(flow, "instrument()")
    tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
    instruments = _Instruments(metrics.get_meter(_SCOPE, meter_provider=meter_provider))
    tasks = flow.tasks
    observers = flow._observers  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - looks on, changes nothing
    return observers.add_attendant(lambda occasion: _Telemetry(occasion, tracer, instruments, tasks))


@final
class _Instruments:
    """The metrics. None has the names of tasks: there may be a million."""

    def __init__(self, meter: metrics.Meter) -> None:
        self.attempts = meter.create_counter("flowing.attempts", unit="{attempt}", description="Attempts, by outcome")
        self.attempt_duration = meter.create_histogram(
            "flowing.attempt.duration", unit="s", description="How long attempts took, by outcome"
        )
        self.active = meter.create_up_down_counter(
            "flowing.attempts.active", unit="{attempt}", description="Attempts that run"
        )
        self.tasks = meter.create_counter(
            "flowing.tasks", unit="{task}", description="Tasks at the end of runs, by state"
        )
        self.run_duration = meter.create_histogram("flowing.run.duration", unit="s", description="How long runs took")


@record(eq=False)
class _Traced:
    """What to call for a task, in the span of its attempt."""

    call: Callable[[Sequence[object]], object]
    enter: Callable[[Attempt], Context]

    def __call__(self, inputs: Sequence[object]) -> object:
        """Call it. The context is that of this attempt alone, and ends with it."""
        with suppress(Exception):  # a tracer can't hurt a task
            context.attach(self.enter(CURRENT.get()))
        return self.call(inputs)


@final
class _Telemetry:
    """What is made of one call of `run()` or `resume()`."""

    def __init__(
        self, occasion: Occasion, tracer: trace.Tracer, instruments: _Instruments, tasks: Sequence[Task[object]]
    ) -> None:
        self._look = occasion.look
        self._tracer = tracer
        self._instruments = instruments
        self._tasks = tasks
        self._began_s = time.monotonic()
        self._epoch_ns = time.time_ns() - int(self._began_s * 1e9)  # when the monotonic clock was 0
        state = occasion.look()
        self._run: Span = tracer.start_span("flow run", attributes={"flowing.flow.tasks": state.graph.size})
        if state.run.times is not None:
            self._run.set_attribute("flowing.run.id", one_line(state.run.times.id))
        self._spans: dict[_Key, Span] = {}
        self._active: dict[_Key, float] = {}  # when each began
        self._subscription = occasion.hear(self._hear)

    def equip(self, bodies: Sequence[Body]) -> Sequence[Body]:
        """Have each body run in a span. O(n)."""
        # proof: a body's call is called with its inputs and no more is asked of it, by whoever runs it
        return [evolve(body, call=cast("BoundCall", _Traced(body.call, self._enter))) for body in bodies]

    def _enter(self, attempt: Attempt) -> Context:
        """Begin the span of an attempt, in the worker that runs it."""
        span = self._tracer.start_span(
            one_line(attempt.body.name),
            context=trace.set_span_in_context(self._run),
            attributes=self._attributes_of(attempt),
            start_time=self._ns(attempt.row.started_s),
        )
        self._spans[attempt.task, attempt.epoch, attempt.number] = span
        return trace.set_span_in_context(span)

    def _attributes_of(self, attempt: Attempt) -> _Attributes:
        thread = threading.current_thread()
        return {
            "flowing.task.name": one_line(attempt.body.name),
            "flowing.attempt": attempt.number,
            "flowing.run.id": one_line(attempt.course.run_id),
            "thread.id": thread.ident or 0,
            "thread.name": one_line(thread.name),
            **_code_of(self._tasks[attempt.task]),
        }

    def _hear(self, observation: Observation) -> None:
        match observation.event:
            case RunRequested(run_id=run_id):
                self._run.set_attribute("flowing.run.id", one_line(run_id))
            case AttemptStarted(task, attempt, epoch, at_s):
                self._active[task, epoch, attempt] = at_s
                self._instruments.active.add(1)
            case (
                AttemptSucceeded()
                | AttemptReturned()
                | AttemptFailed()
                | AttemptTimedOut()
                | AttemptStopped()
                | GateClosed()
                | InputRejected() as ended
            ):
                self._end(ended)
            case _:
                pass

    def _end(self, event: _Ended) -> None:
        """End the span of an attempt, and count it."""
        key = (event.task, event.epoch, event.attempt)
        outcome, error = _outcome_of(event)
        attributes: dict[str, str] = {"flowing.outcome": outcome}
        if error is not None:
            attributes["error.type"] = _full_name(type(error))
        began_s = self._active.pop(key, None)
        if began_s is not None:
            self._instruments.active.add(-1)
            self._instruments.attempt_duration.record(max(0.0, event.at_s - began_s), attributes)
        self._instruments.attempts.add(1, attributes)
        span = self._spans.pop(key, None)
        if span is not None:
            span.set_attributes(attributes)
            if error is not None:
                _add_error(span, error, at_ns=self._ns(event.at_s))
            span.end(self._ns(event.at_s))

    def ends(self) -> None:
        """End the run's span, and those of attempts that nobody waits for any more."""
        self._subscription.close()
        self._subscription.drain(_DRAIN_S)
        for span in [self._spans.pop(key) for key in list(self._spans)]:
            span.set_attribute("flowing.outcome", "abandoned")
            span.end()
        self._instruments.active.add(-len(self._active))
        self._active.clear()
        results = results_of(self._look(), {})
        for state, count in results.counts().items():
            if count:
                self._run.set_attribute(f"flowing.tasks.{state.lower()}", count)
                self._instruments.tasks.add(count, {"flowing.state": str(state)})
        outcome = "succeeded" if results.ok else "cancelled" if results.cancelled else "failed"
        self._run.set_attribute("flowing.outcome", outcome)
        if outcome == "failed":
            self._run.set_status(trace.StatusCode.ERROR, self._why())
        self._instruments.run_duration.record(time.monotonic() - self._began_s, {"flowing.outcome": outcome})
        self._run.end()

    def _why(self) -> str:
        """Name the first task that failed."""
        state = self._look()
        for task, row in enumerate(state.table):
            if isinstance(row, _FAILED):
                return f"task {one_line(state.graph.names[task])!r} failed"
        return "the run ended early"

    def _ns(self, at_s: float) -> int:
        """Give the Unix time of a moment of the monotonic clock."""
        return self._epoch_ns + int(at_s * 1e9)


_FAILED: Final = (Failed, Rejected)


def _outcome_of(event: _Ended) -> tuple[str, BaseException | None]:
    match event:
        case AttemptSucceeded() | AttemptReturned():
            return "succeeded", None
        case AttemptFailed(error=error):
            return "failed", error
        case AttemptTimedOut(error=error):
            return "timed_out", error
        case AttemptStopped():
            return "stopped", None
        case GateClosed():
            return "gate_closed", None
        case InputRejected(error=error):
            return "rejected", error


def _add_error(span: Span, error: BaseException, *, at_ns: int) -> None:
    """Add the error as the conventions have it; its text is escaped, and cut to fixed sizes."""
    attributes = {
        "exception.type": _full_name(type(error)),
        "exception.message": describe_error(error),
        "exception.stacktrace": format_traceback(error),
    }
    span.add_event("exception", attributes, at_ns)
    span.set_status(trace.StatusCode.ERROR, describe_error(error))


def _full_name(kind: type) -> str:
    """Name a class, with its module if it is not Python's own, without asking a metaclass."""
    module: object = vars(type)["__module__"].__get__(kind)
    name = one_line(str(vars(type)["__qualname__"].__get__(kind)))
    return name if module == "builtins" or type(module) is not str else f"{one_line(module)}.{name}"


def _code_of(task: Task[object]) -> _Attributes:
    """Say where the function of a task is, as far as it is known."""
    function = inspect.unwrap(task.wired.function)
    name, module = getattr(function, "__qualname__", None), getattr(function, "__module__", None)
    code = getattr(function, "__code__", None)
    attributes: dict[str, str | int] = {}
    if isinstance(name, str) and isinstance(module, str):
        attributes["code.function.name"] = one_line(f"{module}.{name}")
    if inspect.iscode(code):
        attributes |= {"code.file.path": one_line(code.co_filename), "code.line.number": code.co_firstlineno}
    return attributes
