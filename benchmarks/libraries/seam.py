"""What the measuring side and an adapter of a library agree on, and what adapters share. Imports no library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from shared.graphs import Graph

WORKERS = 4

Body = Callable[..., int]
Run = Callable[[], Sequence[int]]  # run the whole graph; give the values of the tasks that no other needs, in order
Prepare = Callable[[Graph, Sequence[Body]], Run]  # declare the graph, as far as the library can before a run
Ready = Callable[[], AbstractContextManager[Prepare]]  # import the library, start what it needs, stop it at the end


class Future(Protocol):
    """What stands for a value that is not there yet."""

    def result(self) -> int:
        """Wait for the value."""
        ...
