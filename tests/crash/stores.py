"""Stores that promise what they don't keep: controls, which every test of durability has to find out. No tests."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from flowing.checkpoint import ResultSaved
from flowing.errors import CheckpointError
from tests.unit.checkpoint.delegating import Delegating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint import Change, Store

LATE_S: Final = 0.03


class LazyStore(Delegating):
    """Keeps results to itself until it is closed: durability that is off."""

    def __init__(self, real: Store) -> None:
        super().__init__(real)
        self._kept: list[Change] = []

    @override
    def commit(self, changes: Sequence[Change], /) -> None:
        if any(isinstance(each, ResultSaved) for each in changes):
            self._kept += changes
        else:
            self._real.commit(changes)

    @override
    def close(self) -> None:
        if self._kept:
            self._real.commit(self._kept)
        self._real.close()


class SplitStore(Delegating):
    """Stores what should be one transaction as several."""

    @override
    def commit(self, changes: Sequence[Change], /) -> None:
        for change in changes:
            self._real.commit([change])


class DeafStore(Delegating):
    """Takes no notice of errors."""

    @override
    def commit(self, changes: Sequence[Change], /) -> None:
        with suppress(CheckpointError):
            self._real.commit(changes)


class LateStore(Delegating):
    """Says that results are stored, so that dependents start, and stores them a moment later."""

    def __init__(self, real: Store, turn: threading.Lock) -> None:
        super().__init__(real)
        self._turn: Final = turn
        self._threads: Final[list[threading.Thread]] = []

    @override
    def commit(self, changes: Sequence[Change], /) -> None:
        if any(isinstance(each, ResultSaved) for each in changes):
            thread = threading.Thread(target=self._commit_late, args=(changes,), daemon=True)
            self._threads.append(thread)
            thread.start()
        else:
            self._commit(changes)

    @override
    def close(self) -> None:
        for thread in self._threads:
            thread.join()
        super().close()

    def _commit_late(self, changes: Sequence[Change]) -> None:
        time.sleep(LATE_S)
        self._commit(changes)

    def _commit(self, changes: Sequence[Change]) -> None:
        with self._turn:
            self._real.commit(changes)
