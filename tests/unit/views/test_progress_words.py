"""How far a run is, in words that people read."""

from __future__ import annotations

import pytest

from flowing import StepState
from flowing.core import AttemptFailed, AttemptStarted, Limits, Node, RunRequested, compile_graph, initial, transition
from flowing.views.progress import Glance, Left
from flowing.views.progress_words import duration, failures_of, final_table, in_one_line


def glance(**changes: int) -> Glance:
    counts = dict.fromkeys(StepState, 0) | {StepState.SUCCEEDED: 3, StepState.RUNNING: 1, StepState.FAILED: 1}
    return Glance(
        elapsed_s=3.0,
        counts=counts,
        waiting_to_retry=changes.get("waiting", 0),
        retries=changes.get("retries", 0),
        left=Left(1, 61.0),
    )


def test_it_is_said_in_one_line() -> None:
    assert in_one_line(glance(waiting=1, retries=2)) == (
        "4 of 5 tasks done (80 %), 1 running, 1 failed, 2 retries, 1 waiting to retry, "
        "about 1 min 1 s left on the longest path (1 task)"
    )


def test_the_table_in_the_end() -> None:
    assert final_table(glance(retries=1), ["FAILED x: why"]).splitlines() == [
        "STATE      TASKS",
        "RUNNING        1",
        "SUCCEEDED      3",
        "FAILED         1",
        "all            5  in 3.0 s, 1 retry",
        "FAILED x: why",
    ]


def test_failures_are_named_on_a_screenful_of_lines_that_are_safe() -> None:
    """[S8] They are escaped."""
    graph = compile_graph([Node(f"t{n}\x1b[2J") for n in range(12)], Limits(workers=12, fail_fast=False))
    state = transition(initial(graph), RunRequested(0.0, 0.0, "run"))
    for task in range(12):
        state = transition(state, AttemptStarted(task, 1, 0, 0.0))
        error = ValueError("w\x1b")
        state = transition(state, AttemptFailed(task=task, attempt=1, epoch=0, at_s=1.0, error=error, retryable=True))
    lines = failures_of(state)
    assert len(lines) == 11
    assert lines[0] == r"FAILED t0\x1b[2J: ValueError: w\x1b"
    assert lines[-1] == "... and 2 more failed"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61.0, "1 min 1 s"), (7260.0, "2 h 1 min")]
)
def test_times_are_those_that_people_wait(seconds: float, words: str) -> None:
    assert duration(seconds) == words
