"""What the simulator has found, each as a named example beside the search that found it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing.core import AttemptFailed, AttemptSucceeded, Node, Running
from tests.unit.shell.worlds import Hand, Scripted

if TYPE_CHECKING:
    import pytest


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
