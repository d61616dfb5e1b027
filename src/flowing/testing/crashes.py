"""Simulate a flow with a crash after every event, and a resume with what survived. For users; the flow is only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from flowing._record import record
from flowing._text import one_line
from flowing.errors import ConfigError
from flowing.results import StepState
from flowing.testing.choices import Seeded
from flowing.testing.play import Play
from flowing.testing.simulation import NO_FAULTS, NO_REPLACEMENTS, Plan
from flowing.testing.subject import subject_of
from flowing.testing.witness import Violation

if TYPE_CHECKING:
    from flowing.flow import Flow
    from flowing.results import Results
    from flowing.testing.faults import Faults
    from flowing.testing.simulation import Check
    from flowing.testing.subject import Bodies, Replacements


@final
@record(kw_only=True)
class Crashes:
    """How often `crash_everywhere()` crashed a run, and went on with it."""

    crashes: int


def crash_everywhere(
    flow: Flow,
    *,
    bodies: Bodies,
    seed: int = 0,
    faults: Faults = NO_FAULTS,
    replace: Replacements = NO_REPLACEMENTS,
    check: Check | None = None,
) -> Crashes:
    """Simulate the flow with a crash after each event, resume it with what survived, and compare the results.

    What survives is what had succeeded; of a flow with a checkpoint, what a store would have. A crash during a commit
    is simulated twice: the commit is lost, and is not. One run is made first that does not crash.

    Args:
        flow: What to run; it stays as it is.
        bodies: "real" runs what the tasks do in every run, "stub" nothing of it.
        seed: Which order of things. Default: 0.
        faults: What is to go wrong, in the resumed run once more. Default: nothing.
        replace: Values, or functions to call in place of the body, by task or by name.
        check: Called with each `Simulation`; what it asserts has to hold in all of them.

    Raises:
        SimulationFailed: the resumed run has other results, a rule of flowing's is broken, or `check` raised.
        ConfigError: what is to go wrong is left to the simulator, or is a cancel: then results can't be compared.
        UnknownTaskError, InputError: as `simulate()`.
    """
    if faults.freedom is not NO_FAULTS.freedom or faults.cancels:
        message = "crash_everywhere() compares results, so faults= can have no any() and no cancel(); use explore()"
        raise ConfigError(message)
    plan = Plan(subject_of(flow, bodies, replace), bodies, faults, is_replaced=bool(replace), is_crashed=True)
    undisturbed = plan.run(Seeded(seed), seed=seed, check=check)
    crashes = 0
    for count in range(1, len(undisturbed.story)):
        for commit_survives in (False, True):
            play = Play(plan.subject, faults, Seeded(seed), crash_after=count)
            play.commit_survives = commit_survives
            play.run()
            if play.survivors is not None:
                play.run_again()
            crashes += 1
            resumed = plan.judged(play, seed=seed, check=check)
            different = _difference(plan, undisturbed.results, resumed.results)
            if different is not None:
                complaint = f"after a crash after event {count} and a resume, {different}"
                raise plan.failure(play, Violation("crashes_change_no_result", complaint), seed=seed)
            if not play.was_committing:
                break
    return Crashes(crashes=crashes)


def _difference(plan: Plan, before: Results, after: Results) -> str | None:
    """Say what differs. A run that fail_fast stopped may have got more or less far, so only its values count."""
    fails_fast = plan.subject.graph.limits.fail_fast
    was_stopped = fails_fast and not (before.ok and after.ok)
    for name, row in before.items():
        other = after[name]
        if row.state != other.state and not (was_stopped and not row.detached):
            return f"task {one_line(name)!r} is {other.state}, and was {row.state}"
        if row.state == other.state == StepState.SUCCEEDED and not _is_equal(row.value, other.value):
            return f"task {one_line(name)!r} has another value than without the crash"
    return None


def _is_equal(value: object, other: object) -> bool:
    """Compare two values that were made in the same way; what has no comparison of its own counts by its type."""
    kind = type(value)
    if value is other or (kind is type(other) and kind.__eq__ is object.__eq__):
        return True
    try:
        return bool(value == other)
    except Exception:  # noqa: BLE001 - arrays and others refuse to say yes or no
        return repr(value) == repr(other)
