"""The garbage collector, kept out of the way while a run is loaded. Knows no run."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def collector_paused() -> Generator[None]:
    """Keep the collector from running, in the whole process, unless somebody else does so already.

    Of what is loaded nothing is garbage, and the collector goes through it again and again, and through everything else
    that the process has: with 10^5 results that is a third of the time to resume. Afterwards all counts as old, or it
    would go through it at once: a tenth.
    """
    was_enabled = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if was_enabled:
            _age()
            gc.enable()


def _age() -> None:
    """Put all objects where only a full collection looks, unless somebody wants some of them where none does. O(1)."""
    if not gc.get_freeze_count():
        try:
            gc.freeze()
        finally:
            gc.unfreeze()
