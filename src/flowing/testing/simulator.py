"""The functions of this package with one seed for all: what the pytest fixture gives. Adds nothing to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

from flowing._record import record
from flowing.testing.crashes import crash_everywhere
from flowing.testing.exhaustion import exhaust
from flowing.testing.exploration import explore
from flowing.testing.simulation import NO_FAULTS, NO_REPLACEMENTS, simulate

if TYPE_CHECKING:
    from flowing.flow import Flow
    from flowing.testing.crashes import Crashes
    from flowing.testing.exhaustion import Exhaustion
    from flowing.testing.exploration import Exploration
    from flowing.testing.faults import Faults
    from flowing.testing.simulation import Check, Simulation
    from flowing.testing.subject import Bodies, Replacements


@final
@record
class Simulator:
    """Simulates flows with one seed. Each method is the function of its name in `flowing.testing`."""

    seed: int = 0

    def simulate(
        self, flow: Flow, *, bodies: Bodies, faults: Faults = NO_FAULTS, replace: Replacements = NO_REPLACEMENTS
    ) -> Simulation:
        """Make one run."""
        return simulate(flow, bodies=bodies, seed=self.seed, faults=faults, replace=replace)

    def explore(
        self,
        flow: Flow,
        *,
        runs: int,
        bodies: Bodies,
        faults: Faults = NO_FAULTS,
        replace: Replacements = NO_REPLACEMENTS,
        check: Check | None = None,
    ) -> Exploration:
        """Make many runs, each in another order."""
        return explore(flow, runs=runs, bodies=bodies, seed=self.seed, faults=faults, replace=replace, check=check)

    def exhaust(
        self, flow: Flow, *, bodies: Literal["stub"], states_max: int = 100_000, faults: Faults = NO_FAULTS
    ) -> Exhaustion:
        """Walk over every order there is; it needs no seed."""
        return exhaust(flow, bodies=bodies, states_max=states_max, faults=faults)

    def crash_everywhere(
        self,
        flow: Flow,
        *,
        bodies: Bodies,
        faults: Faults = NO_FAULTS,
        replace: Replacements = NO_REPLACEMENTS,
        check: Check | None = None,
    ) -> Crashes:
        """Crash after each event, resume, and compare."""
        return crash_everywhere(flow, bodies=bodies, seed=self.seed, faults=faults, replace=replace, check=check)
