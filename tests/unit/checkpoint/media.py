"""What the stores of flowing keep runs on, for tests: memory, and files whose holder can die without a process."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from flowing.checkpoint import MemoryStore, SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from flowing.checkpoint import Codec


class InMemory:
    """Memory."""

    def __init__(self) -> None:
        self._first = MemoryStore()

    def connect(self, *, run_id: str | None = None, codec: Codec | None = None) -> MemoryStore:
        return self._first.another(run_id=run_id, codec=codec)

    def crash(self) -> None:
        self._first.crash()

    def tidy_up(self) -> None:
        pass


class InFile:
    """A file. After a crash there is a copy of what the disk had at that moment, as `kill -9` leaves it."""

    def __init__(self, folder: Path) -> None:
        self._root = folder
        self._lives = 0
        self._stores: list[SqliteStore] = []
        self.folder.mkdir()

    @property
    def folder(self) -> Path:
        return self._root / f"life-{self._lives}"

    @property
    def path(self) -> Path:
        return self.folder / "run.db"

    def connect(self, *, run_id: str | None = None, codec: Codec | None = None) -> SqliteStore:
        store = SqliteStore(self.path, run_id=run_id, codec=codec, durability="process")
        self._stores.append(store)
        return store

    def crash(self) -> None:
        before = self.folder
        self._lives += 1
        shutil.copytree(before, self.folder)

    def tidy_up(self) -> None:
        for store in self._stores:
            store.close()
