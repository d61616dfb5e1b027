"""What takes minutes: left out unless `HYPOTHESIS_PROFILE=deep` is set, and done by all processors. No tests."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")

IS_DEEP: Final = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
deep: Final = pytest.mark.skipif(not IS_DEEP, reason="takes minutes: nox --session deep")


def on_all_processors(work: Callable[[T], R], parts: Iterable[T]) -> list[R]:
    """Call a function of a module with each part, in processes of their own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        return list(pool.map(work, parts))
