"""Simulate one run of a flow. For users; the flow itself is only read."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias, final

from attrs import field

from flowing._record import record
from flowing._rows import results_of
from flowing._text import describe_error
from flowing.testing.choices import Choices, Replayed, Seeded
from flowing.testing.failures import SimulationFailed
from flowing.testing.faults import Faults
from flowing.testing.minimise import without_last_zeros
from flowing.testing.play import Play
from flowing.testing.report import table
from flowing.testing.subject import Bodies, Replacements, subject_of
from flowing.testing.witness import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowing.core.events import Event
    from flowing.errors import FlowingError
    from flowing.flow import Flow
    from flowing.results import Results
    from flowing.testing.subject import Subject

NO_FAULTS: Final = Faults()
NO_REPLACEMENTS: Final[Replacements] = MappingProxyType({})
_EVENTS_SHOWN: Final = 60


@final
@record(kw_only=True, eq=False)
class Simulation:
    """A simulated run that is over.

    `error` is what `run()` would have raised, `virtual_seconds` how long it would have taken. `choices`, given to
    `simulate()` again, make the same run.
    """

    results: Results
    error: FlowingError | None
    virtual_seconds: float
    choices: tuple[int, ...]
    seed: int | None
    story: tuple[tuple[float, Event], ...] = field(repr=False)
    _names: tuple[str, ...] = field(repr=False, alias="names")

    @property
    def events(self) -> str:
        """Everything that happened, as a table."""
        return table(self.story, self._names)


Check: TypeAlias = "Callable[[Simulation], object]"


def simulate(
    flow: Flow,
    *,
    bodies: Bodies,
    seed: int = 0,
    choices: Sequence[int] | None = None,
    faults: Faults = NO_FAULTS,
    replace: Replacements = NO_REPLACEMENTS,
    any_time: bool = False,
) -> Simulation:
    """Run the flow in a simulated world: one thread, virtual time, and an order of things that `seed` decides.

    The scheduler is the real one. `bodies="real"` calls what the tasks do, one at a time, each when its attempt
    starts: `current().sleep()` and `asyncio.sleep()` pass at once, `time.sleep()` does not. `bodies="stub"` calls
    nothing of it, gates included, and gives each task a value that is made of its name and its inputs.

    Args:
        flow: What to run. It stays as it is; overrides made before its first run count.
        bodies: "real" or "stub".
        seed: Which order of things. Default: 0.
        choices: The order of things itself, from the message of a failure, in place of a seed.
        faults: What is to go wrong. Default: nothing.
        replace: Values, or functions to call in place of the body, by task or by name; for a parameter the value that
            `run()` would be given.
        any_time: Have timers fall due at any moment, as in `exhaust()`. Default: False.

    Raises:
        SimulationFailed: a rule of flowing's is broken, or the run waits for ever; shows how to see it again.
        UnknownTaskError: `faults` or `replace` name a task that is not in the flow.
        InputError: a parameter is given no value, and has no default, or is given one of another type.
        ConfigError: an argument has a value that it cannot take.
    """
    plan = Plan(subject_of(flow, bodies, replace), bodies, faults, is_timed=not any_time, is_replaced=bool(replace))
    driver = Seeded(seed) if choices is None else Replayed(choices)
    return plan.run(driver, seed=seed if choices is None else None)


@record(eq=False)
class Plan:
    """What one simulation after the other runs: all but the order of things."""

    subject: Subject
    bodies: Bodies
    faults: Faults
    is_timed: bool = field(kw_only=True, default=True)
    is_replaced: bool = field(kw_only=True, default=False)
    is_crashed: bool = field(kw_only=True, default=False)

    def run(self, choices: Choices, *, seed: int | None = None, check: Check | None = None) -> Simulation:
        """Run it, and let `check` look at what came of it.

        Raises:
            SimulationFailed: a rule is broken, or `check` raised.
        """
        play = Play(self.subject, self.faults, choices, is_timed=self.is_timed)
        play.run()
        return self.judged(play, seed=seed, check=check)

    def judged(self, play: Play, *, seed: int | None, check: Check | None) -> Simulation:
        """Show a run that is over, unless something is wrong with it; raises as `run()`."""
        if play.witness.violation is not None:
            raise self.failure(play, play.witness.violation, seed=seed)
        simulation = Simulation(
            results=results_of(play.state, self.subject.numbers),
            error=play.error,
            virtual_seconds=play.now_s(),
            choices=tuple(play.choices.taken),
            seed=seed,
            story=tuple(play.witness.story),
            names=self.subject.graph.names,
        )
        if check is not None:
            try:
                check(simulation)
            except AssertionError as error:
                complaint = f"what the test asked of the run does not hold: {describe_error(error)}"
                raise self.failure(play, Violation("check", complaint, error), seed=seed) from error
        return simulation

    def failure(self, play: Play, violation: Violation, *, seed: int | None) -> SimulationFailed:
        """Word what went wrong in a run, and how to see it again."""
        choices = without_last_zeros(tuple(play.choices.taken))
        failure = SimulationFailed(
            violation.claim,
            violation.complaint,
            seed=seed,
            choices=choices,
            replay=self._replay(choices, seed=seed, is_check=violation.claim == "check"),
            events=table(play.witness.story, self.subject.graph.names, most=_EVENTS_SHOWN),
        )
        failure.__cause__ = violation.cause
        return failure

    def _replay(self, choices: tuple[int, ...], *, seed: int | None, is_check: bool) -> str:
        """Write the call that makes a run again; where it crashed, of all that crash."""
        parts = ["flow", f"bodies={self.bodies!r}", f"seed={seed}" if self.is_crashed else f"choices={choices!r}"]
        parts += [f"faults={self.faults!r}"] if self.faults != NO_FAULTS else []
        parts += ["replace=..."] if self.is_replaced else []
        parts += [] if self.is_timed else ["any_time=True"]
        if self.is_crashed:
            return f"crash_everywhere({', '.join([*parts, *['check=check'] * is_check])})"
        call = f"simulate({', '.join(parts)})"
        return f"check({call})" if is_check else call
