"""The caller's side of a run: it waits, and an interrupt can hit it anywhere."""

from __future__ import annotations

import _thread
import itertools
import os
import sys
import threading

import pytest

from flowing import Flow, FlowRunningError, ForkedProcessError, StepState, WorkerCrashed, WorkerStartError, task
from flowing._bodies import Body, BoundCall
from flowing._runs import Runs
from flowing.core import Node
from flowing.shell import session as session_module
from flowing.shell.observers import Observers
from flowing.shell.session import Session, Settings
from tests.unit.shell.worlds import begun

GUARD_S = 60


@task
def one() -> int:
    return 1


def test_an_interrupt_between_the_last_task_and_the_caller_loses_nothing() -> None:
    """[X3] The run is over by then, and `run()` raises all the same: it was asked to stop."""
    last = task(_thread.interrupt_main, name="last")
    flow = Flow(last)
    with pytest.raises(KeyboardInterrupt):
        flow.run()
    assert flow.results[last].state is StepState.SUCCEEDED
    assert flow.resume().ok


def test_an_interrupt_in_the_first_line_leaves_a_flow_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """[X3] Before the clerk's thread is there, and while it starts."""
    for place in ("_start_clerk", "conduct"):
        flow = Flow(one)

        def interrupted(_: object, place: str = place) -> None:
            raise KeyboardInterrupt(place)

        with monkeypatch.context() as patch:
            patch.setattr(Session, place, interrupted)
            with pytest.raises(KeyboardInterrupt):
                flow.run()
        assert flow.results[one].state is StepState.CANCELLED
        assert flow.resume()[one].value == 1


def test_a_flow_that_an_interrupt_tore_out_of_its_last_line_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """[X3] By the thread that waited, or by any other once nobody waits."""
    for call in (Flow.run, Flow.resume):
        flow = Flow(one)

        def interrupted(_: Runs, session: Session) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Runs, "_take_back", interrupted)
            with pytest.raises(KeyboardInterrupt):
                flow.run()
        assert flow._runs.session is not None
        assert flow.results[one].value == 1
        assert call(flow).ok
        assert flow._runs.session is None


def test_while_another_thread_waits_nobody_takes_the_flow_back() -> None:
    go_on, started = threading.Event(), threading.Event()

    @task
    def slow() -> None:
        started.set()
        assert go_on.wait(GUARD_S)

    flow = Flow(slow)
    thread = threading.Thread(target=flow.run, daemon=True)
    thread.start()
    assert started.wait(GUARD_S)
    with pytest.raises(FlowRunningError):
        flow.resume()
    go_on.set()
    thread.join(GUARD_S)
    assert flow.resume().ok


def test_in_a_forked_child_every_call_says_so() -> None:
    """[X9] Seen from here by another process number."""
    go_on, started = threading.Event(), threading.Event()

    @task
    def slow() -> None:
        started.set()
        assert go_on.wait(GUARD_S)

    flow = Flow(slow)
    thread = threading.Thread(target=flow.run, daemon=True)
    thread.start()
    assert started.wait(GUARD_S)
    assert flow._runs.session is not None
    flow._runs.session.pid = os.getpid() + 1
    for call in (flow.run, flow.resume, lambda: flow.override(slow, None), lambda: flow.invalidate(slow)):
        with pytest.raises(ForkedProcessError, match="make a new Flow in the child"):
            call()
    flow._runs.session.pid = os.getpid()
    go_on.set()
    thread.join(GUARD_S)


def test_a_clerk_that_cannot_be_had_is_an_error_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R21] The same words at the shutdown of the interpreter (X8)."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    flow = Flow(one)
    with monkeypatch.context() as patch:
        patch.setattr(_thread, "start_new_thread", refuse)
        with pytest.raises(WorkerStartError, match="lower the number of threads"):
            flow.run()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "is_finalizing", lambda: True)
        with pytest.raises(WorkerStartError, match="the interpreter shuts down"):
            flow.run()
    assert flow.resume().ok


def test_an_error_in_flowings_own_code_ends_the_run_with_its_name() -> None:
    """[X11] And what had succeeded is kept."""
    counted = itertools.count(1)

    def observe(event: object) -> None:
        """Raise under the desk's lock, as nothing of a user's can."""
        if next(counted) == 5:
            raise ZeroDivisionError

    @task(depends_on=[one])
    def two(one: int) -> int:
        return one + 1

    flow = Flow(two)
    flow._observers.listening = True
    flow._observers.observe = observe  # type: ignore[method-assign]  # on purpose
    with pytest.raises(WorkerCrashed, match=r"ZeroDivisionError hit flowing's own code.*resume\(\) keeps") as caught:
        flow.run()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert flow.results[one].state is StepState.SUCCEEDED
    assert flow.resume()[two].value == 2
    assert flow.results[one].attempts == 1


def test_a_worker_that_was_killed_before_it_began_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """[X11] Nothing can report it, so the caller looks; a run that only takes long is left alone."""
    flow = Flow(one)
    with monkeypatch.context() as patch:
        patch.setattr(session_module, "_LOOK_S", 0.01)
        patch.setattr(threading.Thread, "start", lambda thread: None)
        with pytest.raises(WorkerCrashed, match=r"killed from outside.*resume\(\) keeps what succeeded"):
            flow.run()
    assert flow.resume().ok

    @task
    def slow() -> None:
        assert looked_at._runs.session is not None
        missing: frozenset[object] = frozenset()
        for _ in range(10):
            missing = looked_at._runs.session._look_after_threads(missing)

    looked_at = Flow(slow)
    assert looked_at.run().ok


def test_a_clerk_that_was_killed_before_it_began_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """[X11] The same."""
    flow = Flow(one)
    with monkeypatch.context() as patch:
        patch.setattr(session_module, "_LOOK_S", 0.01)
        patch.setattr(_thread, "start_new_thread", lambda target, arguments: 0)
        with pytest.raises(WorkerCrashed, match="killed from outside"):
            flow.run()
    assert flow.resume().ok


def session_of_one() -> Session:
    settings = Settings(grace_s=10.0, keep_frames=False, stall_warning_s=None)
    body = Body("one", BoundCall(lambda: 1))
    return Session(begun([Node("one")]), [body], settings, Observers(["one"]))


def test_of_two_clerks_the_second_leaves_at_once() -> None:
    """[X3] An interrupt while the first one starts makes the caller start another."""
    session = session_of_one()
    session._keep_time()
    assert session._desk.closed
    state = session.state
    session._keep_time()
    assert session.state is state


def test_an_error_in_the_clerk_ends_the_run() -> None:
    """[X11] Whatever it was."""
    session = session_of_one()

    def fail(event: object) -> None:
        raise ZeroDivisionError

    session._desk.report = fail  # type: ignore[method-assign]  # stands for an error from outside
    session._keep_time()
    assert isinstance(session._desk.broken, ZeroDivisionError)
    with pytest.raises(WorkerCrashed, match="ZeroDivisionError hit"):
        session.conduct()
