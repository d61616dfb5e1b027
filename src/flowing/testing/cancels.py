"""Cancels of one simulated run: somebody leaves them at the desk, and some time the clerk comes. No rules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from flowing.core.events import CancelRequested, GraceElapsed
from flowing.testing.pending import Alarm, CancelCall, CancelService, Return

if TYPE_CHECKING:
    from flowing.testing.world import SimulatedWorld

_RARELY: Final = 8  # one in so many
_AT_S: Final = (0.0, 1.0, 0.5, 4.0)


@final
class SimulatedCancels:
    """Who cancels the run, and when. `count` is how often somebody has."""

    __slots__ = ("_world", "count")

    def __init__(self, world: SimulatedWorld) -> None:
        self.count: int = 0
        self._world = world

    def planned(self) -> list[CancelCall]:
        """Say when the run will be cancelled, and after which tasks; where no time goes by, any time."""
        world = self._world
        fates, freedom = world.fates, world.freedom
        at_s = list(fates.cancels_at_s)
        if not world.is_timed:
            at_s = [0.0] * (freedom.cancels + len(at_s))
        for _ in range(freedom.cancels if world.is_timed else 0):
            if world.choices.below(_RARELY, "whether the run is cancelled") == _RARELY - 1:
                at_s.append(_AT_S[world.choices.below(len(_AT_S), "when the run is cancelled")])
        planned = [CancelCall(world.now_s + each) for each in at_s]
        return planned + [CancelCall(math.inf, after=task) for task in fates.cancels_after]

    def at_s(self) -> list[float]:
        """Say when the run will be cancelled, as far as that is known; where no time goes by, it is not."""
        calls = [each for each in self._world.pending if isinstance(each, CancelCall) and each.due_s < math.inf]
        return sorted([each.due_s for each in calls]) if self._world.is_timed else []

    def over_at_s(self) -> float:
        """Say when a cancelled run will be over, whatever still runs, as far as that is known."""
        at_s, grace_s = self.at_s(), self._world.witness.subject.grace_s
        alarms = [each for each in self._world.pending if isinstance(each, Alarm)]
        over_s = [each.due_s for each in alarms if isinstance(each.what, GraceElapsed)]
        if not self.count:
            over_s += [each + grace_s for each in at_s[:1]]
        return min([math.inf, *over_s, *at_s[0 if self.count else 1 :]])

    def call(self) -> None:
        """Leave a cancel at the desk, for whoever comes first; at the latest that is the clerk."""
        world = self._world
        self._leave()
        if world.is_timed:
            self._ring()
            return
        if not world.freedom.overlaps:  # else somebody who is at the desk finds it
            first = next((each for each in world.options() if isinstance(each, Return)), None)
            if first is not None and world.choices.below(2, "whether somebody comes before the clerk"):
                world.happen(first)
        self.serve()

    def come_after(self, task: int) -> None:
        """Leave the cancels that were to come as soon as an attempt of the task has ended."""
        pending = self._world.pending
        for each in [each for each in pending if isinstance(each, CancelCall) and each.after == task]:
            pending.remove(each)
            self._leave()
            self._ring()

    def serve(self) -> None:
        """Do what the clerk does when it has been rung for."""
        self._world.desk.serve()
        if self.count > 1:
            self._world.desk.report(GraceElapsed())

    def _leave(self) -> None:
        """Do what a session does at once when it is cancelled."""
        self.count += 1
        if self.count == 1:
            self._world.desk.leave(CancelRequested())
            self._world.witness.is_cancelled = True

    def _ring(self) -> None:
        """Have the clerk come, some time."""
        self._world.pending.append(CancelService(self._world.now_s + self._world.lateness_s()))
