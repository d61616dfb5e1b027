"""What began during a run and outlives it, named in the log (FAULTS R16). Waits for nothing, and ends nothing."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Final, TypeAlias

from flowing._text import one_line
from flowing.shell.log import inform

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from multiprocessing.process import BaseProcess

_SHOWN_MAX: Final = 10

Other: TypeAlias = "threading.Thread | BaseProcess"


def others() -> frozenset[Other]:
    """Give the threads and the child processes that keep the process from exiting: those that are no daemons."""
    found: list[Other] = list(threading.enumerate())
    if "multiprocessing.process" in sys.modules:  # else nobody has begun one
        from multiprocessing.process import active_children  # noqa: PLC0415 - loads what few programs need

        found += active_children()
    return frozenset(each for each in found if not each.daemon)


def tell_of_leftovers(before: AbstractSet[Other]) -> None:
    """Log what there is now and was not before. Who began it is not known: a body may have, or somebody else."""
    left = sorted(one_line(each.name) for each in others() - before)
    if left:
        more = len(left) - _SHOWN_MAX
        inform(
            "threads or processes that began while the run went on, and are no daemons, outlive it: %s; if a task "
            "began them, end them in its body, for the process does not exit before they do",
            ", ".join(map(repr, left[:_SHOWN_MAX])) + (f", and {more} more" if more > 0 else ""),
        )
