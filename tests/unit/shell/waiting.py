"""Wait on an event loop for what no event tells of. No tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def until(is_so: Callable[[], object]) -> None:
    """Wait until it is so, and let the loop go on meanwhile."""
    while not is_so():  # noqa: ASYNC110 - threads bring it about, and tell no loop
        await asyncio.sleep(0.001)
