"""What is known of a run, task by task, from the events alone. Knows no rule of the core, and judges nothing.

It is what the invariants hold the core and the desk to, so it may never read a state to learn what happened. How each
event is entered is in `entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, final

from flowing.core.events import AttemptTimedOut
from flowing.core.events import Report as WorkerReport

if TYPE_CHECKING:
    from flowing.core.graph import Graph

# What is known of a task. Plain strings: they are compared at every event of millions of runs.
WAITS: Final = "waits"
RUNS: Final = "runs"
AGAIN: Final = "waits to be tried again"
BACKS_OFF: Final = "backs off"
RETURNED: Final = "waits for a commit"
COMMITS: Final = "is being committed"
DONE: Final = "succeeded"
FAILED: Final = "failed"
SKIPPED: Final = "was skipped"
STOPPED: Final = "stopped by itself"
SETTLED: Final = (DONE, FAILED, SKIPPED, STOPPED)

# What a resume keeps: what has a result, or has made one that only lacks its commit.
_BETWEEN_RUNS: Final = {DONE: DONE, RETURNED: RETURNED, COMMITS: RETURNED}

Report: TypeAlias = WorkerReport | AttemptTimedOut  # how one attempt ended, as it was accepted


@final
class Ledger:
    """One run, all its resumes.

    Since the last run or resume: `tries` and `ends` of each task, whether its result was `kept` from before, and the
    attempts that were `abandoned`. Of all of them: how many attempts were `made`, which results were `given` from
    outside, and which are `stale`. `tripped_by` is the main task whose final failure stopped the main graph.
    """

    __slots__ = (
        "abandoned",
        "backs_off_until_s",
        "cancelled",
        "detaching",
        "ends",
        "exhausted",
        "finished",
        "given",
        "grace_over",
        "graph",
        "kept",
        "known",
        "made",
        "stale",
        "started_s",
        "tries",
        "tripped_by",
        "values",
    )

    def __init__(self, graph: Graph) -> None:
        self.graph: Graph = graph
        self.known: list[str] = [WAITS] * graph.size
        self.values: list[object] = [None] * graph.size
        self.made: list[int] = [0] * graph.size
        self.given: set[int] = set()
        self.stale: set[int] = set()
        self.turn_page()

    def turn_page(self) -> None:
        """Begin a run or a resume, with what is kept of the one before."""
        size = self.graph.size
        self.kept: list[bool] = [known in _BETWEEN_RUNS for known in self.known]
        self.known = [_BETWEEN_RUNS.get(known, WAITS) for known in self.known]
        self.tries: list[int] = [0] * size
        self.ends: list[tuple[Report, ...]] = [()] * size
        self.started_s: list[float] = [0.0] * size
        self.backs_off_until_s: list[float] = [0.0] * size
        self.abandoned: set[tuple[int, int]] = set()
        self.tripped_by: int | None = None
        self.cancelled: bool = False
        self.exhausted: bool = False
        self.grace_over: bool = False
        self.detaching: bool = False
        self.finished: bool = False

    def copy(self) -> Ledger:
        """Make one that goes its own way."""
        twin = Ledger.__new__(Ledger)
        twin.graph = self.graph
        twin.known, twin.values, twin.made = self.known.copy(), self.values.copy(), self.made.copy()
        twin.tries, twin.ends, twin.kept = self.tries.copy(), self.ends.copy(), self.kept
        twin.started_s, twin.backs_off_until_s = self.started_s.copy(), self.backs_off_until_s.copy()
        twin.given, twin.stale, twin.abandoned = self.given.copy(), self.stale.copy(), self.abandoned.copy()
        twin.tripped_by, twin.cancelled, twin.exhausted = self.tripped_by, self.cancelled, self.exhausted
        twin.grace_over, twin.detaching, twin.finished = self.grace_over, self.detaching, self.finished
        return twin

    @property
    def stopping(self) -> bool:
        """Whether nothing may start any more."""
        return self.cancelled or self.exhausted

    @property
    def running(self) -> int:
        """Count the attempts that somebody waits for."""
        return self.known.count(RUNS)

    def is_main(self, task: int) -> bool:
        """Tell whether a task is not detached."""
        return task < self.graph.main

    def turn(self) -> range:
        """Give the tasks whose turn it is: those of the main graph, or the detached ones."""
        return range(self.graph.main, self.graph.size) if self.detaching else range(self.graph.main)

    def can_start(self, task: int) -> bool:
        """Tell whether a task waits for nothing but a place."""
        known = self.known
        if known[task] != WAITS:
            return known[task] == AGAIN
        return all(known[needed] == DONE for needed in self.graph.dependencies[task])
