"""What the simulator has found, each as a named example beside the search that found it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from flowing.core import AttemptFailed, AttemptStarted, AttemptSucceeded, Limits, Node, Running, compile_graph
from flowing.shell.clerk import Clerk
from flowing.testing.choices import Replayed
from flowing.testing.faults import Faults
from flowing.testing.play import Play
from flowing.testing.subject import subject_of_graph
from tests.unit.shell.worlds import Hand, Scripted

if TYPE_CHECKING:
    import pytest

ENOUGH_S: Final = 120.0  # no test waits that long unless something is lost


def test_an_attempt_begins_when_it_does_and_not_when_the_one_before_ended() -> None:
    """Who brings a report may be kept from the desk for long; the next deadline must not count from the report.

    Found as `deadlines_are_not_early`, by one visit that overlapped another.
    """
    world = Scripted()
    desk = world.desk([Node("a"), Node("b", ("a",))], timeout_s=3.0)
    hand = Hand()
    desk.visit(hand, None)
    hand.take()
    world.now_s = 5.0
    desk.visit(hand, AttemptSucceeded(0, 1, 0, 1.0, "made long ago"))
    row = desk.state.table[1]
    assert isinstance(row, Running)
    assert row.started_s == 5.0
    assert hand.take().deadline_s == 8.0


def test_who_comes_while_a_run_breaks_down_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that finds the lock taken leaves its report and sleeps; whoever ends the run has to wake it.

    Found as `no_thread_is_left_behind`, by a store that failed while another attempt returned.
    """
    world = Scripted()
    desk = world.desk([Node("a"), Node("b")])
    hand = Hand()
    desk.visit(hand, None)
    hand.take()
    report = AttemptFailed(task=0, attempt=1, epoch=0, at_s=1.0, error=ValueError(), retryable=False)
    before = desk._break

    def end(error: BaseException) -> None:
        assert not desk.visit(hand, report)
        before(error)

    monkeypatch.setattr(desk, "_break", end)
    desk.break_down(OSError())
    assert desk.closed
    assert hand.bells == 1


def test_a_process_that_dies_while_it_resumes_leaves_as_much_as_the_first_one() -> None:
    """The first dies during a commit that is lost, the second during the same commit, which took effect.

    A season whose second process died as well was once given up there, and nothing of it was ever asked.
    """
    graph = compile_graph([Node("a"), Node("b", ("a",))], Limits(workers=1))
    play = Play(subject_of_graph(graph, is_stored=True), Faults(), Replayed(()), crash_after=4)
    play.commit_survives = False
    play.run()
    assert play.was_committing
    play.commit_survives = True
    play.run_again(crash_after=4)
    assert play.was_committing
    play.run_again()
    assert play.witness.violation is None
    starts = [event for _, event in play.witness.story if isinstance(event, AttemptStarted)]
    assert [(graph.names[start.task], start.attempt) for start in starts] == [("a", 1), ("a", 2), ("b", 1)]


def test_a_timer_that_is_due_at_once_does_not_keep_the_clerk_for_ever() -> None:
    """A wait may be over before it has begun; up to CPython 3.12, `SimpleQueue.get(timeout=...)` then waits on.

    Found by ten minutes of failures, retries and time-outs: a back-off ended while the clerk began to wait for it.
    """

    def wait() -> None:
        for _ in range(10_000):
            clerk = Clerk(time.monotonic, lambda _: None, stall_warning_s=None)
            clerk._wait_until(time.monotonic() + 3e-6)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    thread.join(ENOUGH_S)
    assert not thread.is_alive()
