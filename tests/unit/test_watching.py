"""Progress for as long as a block lasts."""

from __future__ import annotations

import io

import pytest

import flowing
from flowing import Flow, FlowFailed, MemoryStore, Task, task


@pytest.fixture
def flow() -> Flow:
    one: Task[int] = task(lambda: 1, name="one")
    return Flow(one)


def test_each_run_in_the_block_is_shown_and_none_after_it(flow: Flow) -> None:
    file = io.StringIO()
    flow.run()
    with flowing.progress(flow, file=file):
        flow.run()
        flow.run()
    flow.run()
    assert file.getvalue().count("SUCCEEDED      1") == 2


def test_of_runs_that_overlap_the_first_is_shown() -> None:
    """Two pictures in one place would be none."""
    file = io.StringIO()
    inner = Flow(task(lambda: 1, name="inner"))
    outer: Task[bool] = task(lambda: inner.run().ok, name="outer")
    both = Flow(outer)
    with flowing.progress(both, file=file):
        (attendant,) = both._observers._attendants
        leave = inner._observers.add_attendant(attendant)
        assert both.run()[outer].value
        assert file.getvalue().count("STATE") == 1
        leave()


def test_a_flow_of_the_same_tasks_is_shown_too(flow: Flow) -> None:
    file = io.StringIO()
    with flowing.progress(flow, file=file):
        assert flow.with_checkpoint(MemoryStore()).run().ok
    assert file.getvalue().count("STATE") == 1


def test_an_error_in_the_block_ends_it_too(flow: Flow) -> None:
    file = io.StringIO()
    with pytest.raises(FlowFailed), flowing.progress(flow, file=file):
        raise FlowFailed("mine", [ValueError()])
    flow.run()
    assert file.getvalue() == ""
