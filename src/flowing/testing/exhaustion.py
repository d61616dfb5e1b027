"""Simulate a flow in every order there is. For users; the flow itself is only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

from flowing._record import record
from flowing.errors import ConfigError
from flowing.testing.choices import Replayed
from flowing.testing.failures import TooBig
from flowing.testing.play import Play
from flowing.testing.simulation import NO_FAULTS, NO_REPLACEMENTS, Plan
from flowing.testing.subject import subject_of
from flowing.testing.walk import walk

if TYPE_CHECKING:
    from flowing.flow import Flow
    from flowing.testing.faults import Faults


@final
@record(kw_only=True)
class Exhaustion:
    """What `exhaust()` has walked over: all states, and all steps between them."""

    states: int
    transitions: int


def exhaust(
    flow: Flow,
    *,
    bodies: Literal["stub"],
    states_max: int = 100_000,
    faults: Faults = NO_FAULTS,
) -> Exhaustion:
    """Simulate the flow in every order there is, and ask every rule of flowing's in each.

    Time stands still, and any timer may fall due at any moment, as if it were late. States in which the same can
    follow are walked over once.

    Args:
        flow: What to run; it stays as it is.
        bodies: Only "stub": a body would be called for every way to get there.
        states_max: How many states are too many. Default: 100,000.
        faults: What is to go wrong; `Faults().any()` leaves it to the simulator. Default: nothing.

    Raises:
        TooBig: there are more states.
        SimulationFailed: a rule of flowing's is broken; shows the order in which it is.
        UnknownTaskError, ConfigError: as `simulate()`.
    """
    if bodies != "stub":
        message = f'exhaust() takes bodies="stub" and not {bodies!r}: it would call each body many thousand times'
        raise ConfigError(message)
    plan = Plan(subject_of(flow, bodies, NO_REPLACEMENTS), bodies, faults, is_timed=False)
    walked = walk(plan.subject, faults, states_max=states_max)
    if walked.violation is not None:
        play = Play(plan.subject, faults, Replayed(walked.choices), is_timed=False)
        play.run()
        raise plan.failure(play, walked.violation, seed=None)
    if not walked.complete:
        raise TooBig(tasks=plan.subject.graph.size, states=states_max, transitions=walked.transitions)
    return Exhaustion(states=walked.states, transitions=walked.transitions)
