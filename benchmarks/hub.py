"""Measures a task on which very many depend: how long its completion holds the desk's lock, and who waits meanwhile.

Three chains of tasks that sleep 1 ms keep three workers visiting the desk; the hub, on the fourth, ends while they are
under way. The desk is wrapped to note every visit, and every hold of its lock; the hold in which the hub became
SUCCEEDED is the one shown. What it is compared with is one pass over the hub's edges, in three ways, each alone in one
thread: the pure core's `transition` and `decide` on the same state; `done` and `get_ready` of a `graphlib` sorter,
which is what the loop written by hand pays; and the least that can be paid, a loop that counts down in a list.

A visit never waits for the lock: who finds it taken leaves the event and sleeps, to be woken when the hold is over.
So two figures are shown of the other workers' visits during the hold: the longest call, and the longest time from a
call to the next assignment.

No target in time: a hub costs one pass over its edges, so that milliseconds for 1,000 edges must not grow with their
number. The exit status does not depend on the figures.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING
from unittest.mock import patch

from shared.measuring import Taken, arguments_of, take_turns
from shared.plain import WORKERS, trivial
from typing_extensions import override

from flowing import Flow, Task, core, task
from flowing.shell import session
from flowing.shell.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.measuring import Prepare

    from flowing._bodies import Body
    from flowing.core.events import Event
    from flowing.core.state import State
    from flowing.shell.seams import Lock, Observer, Worker, World

SIZES = (1_000, 10_000, 100_000)
CHAINS = WORKERS - 1
CHAIN_LENGTH = 400
HUB_ENDS_AT = 20  # the step of the chains at which the hub ends
NAP_S = 0.001


@dataclass(frozen=True)
class Visit:
    """One call of the desk by a worker."""

    thread: int
    begin_s: float
    end_s: float
    assigned: bool


@dataclass
class Notes:
    """What happened at the desk of one run. Visits are noted in order of their end, holds only until the hub's."""

    visits: list[Visit] = field(default_factory=list)
    hub_hold: tuple[float, float, int] | None = None  # begin, end, thread

    def others_s(self) -> list[tuple[float, float]]:
        """Give, for each visit of another worker during the hold, the call's length and the way to an assignment."""
        assert self.hub_hold is not None
        begin_s, end_s, holder = self.hub_hold
        others: list[tuple[float, float]] = []
        for number, visit in enumerate(self.visits):
            if visit.thread != holder and visit.begin_s < end_s and visit.end_s > begin_s:
                mine = (each for each in self.visits[number:] if each.thread == visit.thread and each.assigned)
                others.append((visit.end_s - visit.begin_s, next(mine, visit).end_s - visit.begin_s))
        return others


class NotedLock:
    """The desk's lock, which notes how long it was held when the hub became SUCCEEDED."""

    def __init__(self, lock: Lock, desk: Desk, notes: Notes) -> None:
        self._lock = lock
        self._desk = desk
        self._notes = notes
        self._hub = desk.state.graph.numbers["hub"]
        self._begin_s = 0.0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as locks have it
        """Take it; False if it is taken."""
        taken = self._lock.acquire(blocking, timeout)
        if taken:
            self._begin_s = time.perf_counter()
        return taken

    def release(self) -> None:
        """Note the hold, and give the lock back."""
        if self._notes.hub_hold is None and isinstance(self._desk.state.table[self._hub], core.Succeeded):
            self._notes.hub_hold = (self._begin_s, time.perf_counter(), threading.get_ident())
        self._lock.release()


def noted_desk(notes: Notes) -> type[Desk]:
    """Make a desk that takes notes."""

    class NotedDesk(Desk):
        def __init__(
            self, state: State, bodies: Sequence[Body], world: World, *, grace_s: float, observer: Observer
        ) -> None:
            super().__init__(state, bodies, world, grace_s=grace_s, observer=observer)
            self._lock = NotedLock(self._lock, self, notes)

        @override
        def visit(self, worker: Worker, event: Event | None) -> bool:
            begin_s = time.perf_counter()
            assigned = super().visit(worker, event)
            notes.visits.append(Visit(threading.get_ident(), begin_s, time.perf_counter(), assigned))
            return assigned

    return NotedDesk


def hub_flow(size: int) -> Flow:
    """Declare the hub, its dependents, and the chains that run beside it."""
    under_way = threading.Event()

    def wait(**_values: object) -> None:
        under_way.wait()

    def nap(**_values: object) -> None:
        time.sleep(NAP_S)

    def nap_and_tell(**_values: object) -> None:
        nap()
        under_way.set()

    hub = task(wait, name="hub")
    last: list[Task[object]] = [task(trivial, name=f"dependent_{number}", depends_on=[hub]) for number in range(size)]
    for number in range(CHAINS):
        step = task(nap, name=f"chain_{number}_0")
        for place in range(1, CHAIN_LENGTH):
            body = nap_and_tell if place == HUB_ENDS_AT else nap
            step = task(body, name=f"chain_{number}_{place}", depends_on=[step])
        last.append(step)
    return Flow(*last, max_workers=WORKERS)


def noted_run(size: int) -> Notes:
    """Run the flow with a desk that takes notes."""
    notes = Notes()
    flow = hub_flow(size)
    with patch.object(session, "Desk", noted_desk(notes)):
        results = flow.run()
    assert results.ok
    assert len(results) == 1 + size + CHAINS * CHAIN_LENGTH
    return notes


# ── one pass over the hub's edges ────────────────────────────────────────────────────────────────


def core_pass(size: int) -> Callable[[], object]:
    """Take in the hub's success with the pure core, and start what is first."""
    nodes = [core.Node("hub"), *[core.Node(f"dependent_{number}", ("hub",)) for number in range(size)]]
    state = core.initial(core.compile_graph(nodes, core.Limits(workers=WORKERS)))
    state = core.transition(state, core.RunRequested(at_s=0.0, wall_s=0.0, run_id="hub"))
    state = core.transition(state, core.answer(core.decide(state, 1)[0], 0.0))
    event = core.AttemptSucceeded(task=0, attempt=1, epoch=state.epoch, at_s=0.0, value=None)

    def run() -> object:
        after = core.transition(state, event)
        return core.transition(after, core.answer(core.decide(after, 1)[0], 0.0))

    return run


def sorter_pass(size: int) -> Callable[[], object]:
    """Tell a sorter that the hub is done, and ask what is ready."""
    sorter = TopologicalSorter(dict.fromkeys([f"dependent_{number}" for number in range(size)], ("hub",)))
    sorter.prepare()
    assert sorter.get_ready() == ("hub",)

    def run() -> object:
        sorter.done("hub")
        return sorter.get_ready()

    return run


def list_pass(size: int) -> Callable[[], object]:
    """Count down what each dependent waits for, and list those that wait for nothing more."""
    dependents = tuple(range(1, size + 1))
    unmet = [1] * (size + 1)

    def run() -> object:
        ready: list[int] = []
        for dependent in dependents:
            unmet[dependent] -= 1
            if not unmet[dependent]:
                ready.append(dependent)
        return ready

    return run


def measure(size: int, *, rounds: int) -> tuple[dict[str, Taken], list[tuple[float, float]]]:
    """Give the seconds of the hold and of each pass, and those of every visit of others during a hold."""
    noted = [noted_run(size) for _ in range(rounds)]
    holds = [notes.hub_hold for notes in noted]
    passes: dict[str, Prepare] = {
        "core": lambda: core_pass(size),
        "graphlib": lambda: sorter_pass(size),
        "list": lambda: list_pass(size),
    }
    taken = {"hold": [hold[1] - hold[0] for hold in holds if hold is not None]}
    assert len(taken["hold"]) == rounds
    taken |= take_turns(passes, rounds=rounds)
    return {name: Taken.of(seconds) for name, seconds in taken.items()}, [
        each for notes in noted for each in notes.others_s()
    ]


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="how often each graph is run")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="DEPENDENTS")
    options = parser.parse_args()

    print(f"milliseconds, {WORKERS} workers: median and best of {options.rounds}; of other workers the worst of all")
    names = " ".join(f"{name:^17}" for name in ("hold", "core", "graphlib", "list"))
    print(f"{'':10} {names} {'hold a':>8} {'hold /':>8} {'others during the hold':^26}")
    heads = " ".join([f"{'median':>8} {'best':>8}"] * 4)
    print(f"{'dependents':>10} {heads} {'1,000':>8} {'core':>8} {'visits':>8} {'call':>8} {'wait':>8}")
    for size in options.sizes:
        taken, others = measure(size, rounds=options.rounds)
        cells = [f"{1e3 * each.median:8.2f} {1e3 * each.best:8.2f}" for each in taken.values()]
        hold_s = taken["hold"].median
        worst_s = [max(seconds) for seconds in zip(*others, strict=True)]
        print(
            f"{size:10,} {' '.join(cells)} {1e6 * hold_s / size:8.2f} {hold_s / taken['core'].median:8.2f}"
            f" {len(others):8} {' '.join(f'{1e3 * each:8.2f}' for each in worst_s)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
