"""What may happen next in a simulated world, one record for each kind of thing. No logic."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from flowing._record import record

if TYPE_CHECKING:
    from flowing.core.events import Event, Report
    from flowing.shell.attempt import Attempt
    from flowing.shell.seams import Saving
    from flowing.testing.crew import SimulatedWorker


@record(eq=False)
class Arrival:
    """A worker that was hired or woken comes to the desk."""

    due_s: float
    worker: SimulatedWorker


@record(eq=False)
class Return:
    """An attempt ends, and its worker brings the report; without one, how it ends is not decided yet.

    One that `obeys` ends as soon as it is cancelled. One that `was_told` ended because it had been, so not before; one
    that was `cut_short` ended because the run was over, so not before that.
    """

    due_s: float
    worker: SimulatedWorker
    attempt: Attempt
    event: Report | None = None
    obeys: bool = False
    was_told: bool = False
    cut_short: bool = False


@record(eq=False)
class StoreAnswer:
    """The store has done, or failed to do, what a worker asked of it."""

    due_s: float
    worker: SimulatedWorker
    saving: Saving


@record(eq=False)
class Alarm:
    """A timer falls due: a report, or the deadline of an attempt."""

    due_s: float
    what: Event | Attempt


@record(eq=False)
class CancelCall:
    """Somebody cancels the run; the second time, at once. One that is due `after` a task is never due before."""

    due_s: float
    after: int | None = None


@record(eq=False)
class CancelService:
    """The clerk hears of a cancel, and looks whether somebody at the desk has taken it in."""

    due_s: float


@record(eq=False)
class Opening:
    """The clerk's thread has started, and opens the desk."""

    due_s: float


@record(eq=False)
class Refusal:
    """The desk hears that the system refused a thread."""

    due_s: float


@record(eq=False)
class HireAgain:
    """The time is over for which the system is left alone when it has refused a thread."""

    due_s: float


Pending: TypeAlias = Arrival | Return | StoreAnswer | Alarm | CancelCall | CancelService | Opening | Refusal | HireAgain
