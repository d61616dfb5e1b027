"""Simulate a flow many times, each time in another order. For users; the flow itself is only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from flowing._record import record
from flowing.testing.choices import Replayed, Seeded
from flowing.testing.failures import SimulationFailed
from flowing.testing.minimise import minimise
from flowing.testing.simulation import NO_FAULTS, NO_REPLACEMENTS, Plan
from flowing.testing.subject import subject_of

if TYPE_CHECKING:
    from flowing.flow import Flow
    from flowing.testing.faults import Faults
    from flowing.testing.simulation import Check
    from flowing.testing.subject import Bodies, Replacements

_TRIES_MAX: Final = 500  # to make a failure plainer
_TRIES_OF_REAL_BODIES_MAX: Final = 50


@final
@record(kw_only=True)
class Exploration:
    """What `explore()` has seen: how many runs, and how many events."""

    runs: int
    events: int


def explore(
    flow: Flow,
    *,
    runs: int,
    bodies: Bodies,
    seed: int = 0,
    faults: Faults = NO_FAULTS,
    replace: Replacements = NO_REPLACEMENTS,
    check: Check | None = None,
) -> Exploration:
    """Simulate the flow `runs` times, each time in another order, and have `check` look at each run.

    The first run has the seed `seed`, the next one `seed + 1`, and so on. Of a failure the plainest order is shown
    that still fails, which takes some more runs: up to 500 with stubs, up to 50 with real bodies.

    Args:
        flow: What to run; it stays as it is.
        runs: How often.
        bodies: "real" runs what the tasks do that many times, "stub" nothing of it.
        seed: Where to begin. Default: 0.
        faults: What is to go wrong; `Faults().any()` leaves it to the simulator. Default: nothing.
        replace: Values, or functions to call in place of the body, by task or by name.
        check: Called with each `Simulation`; what it asserts has to hold in all of them.

    Raises:
        SimulationFailed: a rule of flowing's is broken, or `check` raised an AssertionError.
        UnknownTaskError, InputError, ConfigError: as `simulate()`.
    """
    plan = Plan(subject_of(flow, bodies, replace), bodies, faults, is_replaced=bool(replace))
    events = 0
    for number in range(runs):
        try:
            events += len(plan.run(Seeded(seed + number), seed=seed + number, check=check).story)
        except SimulationFailed as failure:
            raise _plainest(plan, failure, check) from failure.__cause__
    return Exploration(runs=runs, events=events)


def _plainest(plan: Plan, failure: SimulationFailed, check: Check | None) -> SimulationFailed:
    """Look for plainer choices that fail in the same way."""

    def failing(choices: tuple[int, ...]) -> SimulationFailed | None:
        try:
            plan.run(Replayed(choices), check=check)
        except SimulationFailed as found:
            return found if found.claim == failure.claim else None
        return None

    tries_max = _TRIES_OF_REAL_BODIES_MAX if plan.bodies == "real" else _TRIES_MAX
    plainest = minimise(failure.choices, lambda choices: failing(choices) is not None, tries_max=tries_max)
    return failing(plainest) or failure
