"""What the command line looks up in a flow, and users of flows have no call for. Looks on, and changes nothing."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import compress
from typing import TYPE_CHECKING, final

from flowing.core.state import Idle
from flowing.core.status import Running

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from flowing._bodies import Body
    from flowing.flow import Flow


def has_checkpoint(flow: Flow) -> bool:
    """Tell whether the flow's results are kept anywhere."""
    return flow._runs.hold is not None  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - looks on, changes nothing


def has_run(flow: Flow) -> bool:
    """Tell whether somebody has called `run()` already."""
    return not isinstance(flow._state.phase, Idle)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above


def grace_s(flow: Flow) -> float:
    """Give the seconds that running tasks get to finish."""
    return flow._runs.settings.grace_s  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above


def running(flow: Flow) -> tuple[str, ...]:
    """Name the tasks that run now. O(n), and quick: it keeps Ctrl-C waiting."""
    session = flow._runs.session  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above
    if session is None:
        return ()
    state = session.passing
    return tuple(compress(state.graph.names, [isinstance(row, Running) for row in state.table]))


@final
class Begun:
    """Whether anything began in a call of `run()` or `resume()`: it attends that call."""

    def __init__(self) -> None:
        self.anything = False

    def equip(self, bodies: Sequence[Body]) -> Sequence[Body]:
        """Take note: a call that finds everything done needs no bodies."""
        self.anything = True
        return bodies

    def ends(self) -> None:
        """Do nothing."""


@contextmanager
def noted(flow: Flow) -> Generator[Begun]:
    """Take note of whether anything begins in this block."""
    begun = Begun()
    leave = flow._observers.add_attendant(lambda _: begun)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above
    try:
        yield begun
    finally:
        leave()
