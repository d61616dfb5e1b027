"""When attempts and back-offs were, read off the events of a run."""

from __future__ import annotations

from attrs import evolve

import flowing
from flowing import Flow, current, task
from flowing.core.events import (
    AttemptFailed,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    BackoffStarted,
    GateClosed,
    ResumeRequested,
    RunRequested,
)
from flowing.results import StepState
from flowing.shell.observers import EventsLost, Observation
from flowing.views.picture import DrawnTask, Span, SpanKind
from flowing.views.picture_of_flow import picture_of
from flowing.views.spans import observed_spans

ERROR = ValueError()
BEGIN = Observation(RunRequested(at_s=10, wall_s=1000, run_id="r"))


def started(attempt: int, at_s: float) -> Observation:
    return Observation(AttemptStarted(0, attempt, 0, at_s), "t")


def test_each_attempt_and_each_wait_has_its_time_on_the_wall_clock() -> None:
    events = [
        BEGIN,
        started(1, 11),
        Observation(AttemptFailed(task=0, attempt=1, epoch=0, at_s=12, error=ERROR, retryable=True), "t"),
        Observation(BackoffStarted(0, 1, 0, 15), "t"),
        started(2, 16),
        Observation(AttemptSucceeded(0, 2, 0, 18, None), "t"),
    ]
    expected = (
        Span(kind=SpanKind.ATTEMPT, from_s=1001, until_s=1002, attempt=1, went=StepState.FAILED),
        Span(kind=SpanKind.BACKOFF, from_s=1002, until_s=1005, attempt=1),
        Span(kind=SpanKind.ATTEMPT, from_s=1006, until_s=1008, attempt=2, went=StepState.SUCCEEDED),
    )
    observed = observed_spans(events)
    assert observed.spans == {0: expected}
    tasks = (DrawnTask(name="t"), DrawnTask(name="other"))
    assert observed.added_to(tasks) == (evolve(tasks[0], spans=expected), tasks[1])


def test_an_attempt_that_goes_on_has_no_end_and_a_late_end_changes_nothing() -> None:
    late = Observation(AttemptStopped(0, 1, 0, 13), "t")
    spans = observed_spans([BEGIN, started(1, 11), started(2, 12), late]).spans[0]
    assert [each.until_s for each in spans] == [None, None]


def test_an_attempt_that_stopped_by_itself_was_cancelled() -> None:
    (span,) = observed_spans([BEGIN, started(1, 11), Observation(AttemptStopped(0, 1, 0, 13), "t")]).spans[0]
    assert (span.until_s, span.went) == (1003, StepState.CANCELLED)


def test_a_gate_that_closed_was_no_attempt() -> None:
    observed = observed_spans([BEGIN, started(1, 11), Observation(GateClosed(0, 1, 0, 11), "t")])
    assert observed.spans == {0: ()}


def test_a_new_run_begins_anew_and_a_resume_goes_on() -> None:
    resumed = Observation(ResumeRequested(at_s=0, wall_s=5000))
    assert len(observed_spans([BEGIN, started(1, 11), resumed, started(2, 1)]).spans[0]) == 2
    assert observed_spans([started(1, 11), BEGIN]).spans == {}


def test_lost_events_are_said() -> None:
    assert observed_spans([BEGIN, Observation(EventsLost(1234))]).notes == (
        "1,234 events were lost on the way to the listener: attempts may be missing.",
    )
    assert observed_spans([BEGIN]).notes == ()


def test_what_a_listener_heard_agrees_with_the_results() -> None:
    @task(retry=2, retry_backoff_base_ms=1)
    def flaky() -> int:
        if current().attempt < 3:
            raise ConnectionError
        return 1

    @task(depends_on=[flaky], when=lambda flaky: False)
    def closed(flaky: int) -> None: ...

    flow = Flow(closed)
    heard: list[Observation] = []
    with flow.subscribe(heard.append) as subscription:
        flow.run()
        assert subscription.drain(60)
    first, second = picture_of(flow._state, flow.tasks, events=heard).tasks
    assert [each.kind.value for each in first.spans] == ["attempt", "back-off", "attempt", "back-off", "attempt"]
    assert [each.went for each in first.spans][::2] == [StepState.FAILED, StepState.FAILED, StepState.SUCCEEDED]
    last = first.spans[-1]
    assert first.started_s is not None
    assert last.until_s is not None
    assert abs(last.from_s - first.started_s) < 1e-3
    assert abs(last.until_s - last.from_s - (first.duration_s or 0)) < 1e-3
    assert second.spans == ()


def test_a_recording_says_the_same_as_a_listener() -> None:
    """Its events are bare, and have the task's number alone."""

    @task(retry=1, retry_backoff_base_ms=1)
    def flaky() -> int:
        if current().attempt < 2:
            raise ConnectionError
        return 1

    flow = Flow(flaky)
    heard: list[Observation] = []
    with flowing.record(flow) as recording, flow.subscribe(heard.append) as subscription:
        flow.run()
        assert subscription.drain(60)
    observed = observed_spans(recording.events)
    assert observed == observed_spans(heard)
    assert len(observed.spans[0]) == 3
