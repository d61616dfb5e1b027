"""sf-hamilton with `h_threadpool.FutureAdapter(max_workers=4)`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from libraries import hamilton_driver
from libraries.seam import WORKERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from libraries.seam import Prepare


@contextmanager
def ready() -> Iterator[Prepare]:
    """Start the threads."""
    with hamilton_driver.ready(threads=WORKERS) as prepare:
        yield prepare
