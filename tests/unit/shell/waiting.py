"""Wait on an event loop for what no event tells of. No tests."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

GUARD_S: Final = 60.0


async def until(is_so: Callable[[], object]) -> None:
    """Wait until it is so, and let the loop go on meanwhile."""
    give_up_s = time.monotonic() + GUARD_S
    while not is_so():  # threads bring it about, and tell no loop
        assert time.monotonic() < give_up_s, "it never came to be so"
        await asyncio.sleep(0.001)
