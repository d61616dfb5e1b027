"""A store that keeps runs in memory: for tests and the simulator. Knows no file and no clock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, final

from flowing.checkpoint.codec.json_codec import JsonCodec
from flowing.checkpoint.records import (
    AttemptMarked,
    RunBegun,
    RunFinished,
    RunResumed,
    Saved,
    SavedRun,
    settled_attempt,
)
from flowing.checkpoint.wording import another_codec, forked, locked_here, run_exists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint.codec.protocol import Codec
    from flowing.checkpoint.declaration import Declaration
    from flowing.checkpoint.records import Change


_PATH: Final = "memory"  # what messages call it


@final
class MemoryStore:
    """Keeps runs as long as a handle on them lives, and no longer.

    `another()` is a handle on the same memory, as a second process would have it; `crash()` is the death of the
    process that has the memory open.
    """

    __slots__ = ("_current", "_memory", "codec", "run_id")

    def __init__(self, *, run_id: str | None = None, codec: Codec | None = None) -> None:
        self.codec: Final[Codec] = codec or JsonCodec()
        self.run_id: Final[str | None] = run_id
        self._memory = _Memory()
        self._current: _Run | None = None

    def another(self, *, run_id: str | None = None, codec: Codec | None = None) -> MemoryStore:
        """Give a further handle on the same memory."""
        handle = MemoryStore(run_id=run_id, codec=codec or self.codec)
        handle._memory = self._memory
        return handle

    def open(self) -> tuple[str, ...]:
        """Take hold of what is stored: as `Store.open`."""
        memory = self._memory
        if memory.holder is not None:
            raise locked_here(_PATH, pid=memory.pid)
        for run, task, attempt in memory.marks.values():
            if settled_attempt(run.saved.get(task)) < attempt:
                run.crashes[task] = run.crashes.get(task, 0) + 1
        memory.marks.clear()
        memory.holder, memory.pid = self, os.getpid()
        return ()

    def crash(self) -> None:
        """Let the process that has it open die: what was committed and marked stays, and nothing else."""
        self._memory.holder = None

    def close(self) -> None:
        """Let go."""
        if self._memory.holder is self and self._memory.pid == os.getpid():
            self._memory.marks.clear()
            self._memory.holder = self._current = None

    def load(self, *, accept_damage: bool = False) -> SavedRun | None:
        """Give a run: as `Store.load`. Nothing here is ever damaged."""
        del accept_damage
        self._check_held()
        runs = self._memory.runs
        run = runs.get(self.run_id) if self.run_id is not None else next(reversed(runs.values()), None)
        if run is None:
            return None
        if run.codec != self.codec.name:
            raise another_codec(run.run_id, path=_PATH, stored=run.codec, present=self.codec.name)
        self._current = run
        return SavedRun(
            run_id=run.run_id,
            began_s=run.began_s,
            epoch=run.epoch,
            finished=run.finished,
            codec=run.codec,
            declaration=run.declaration,
            saved=dict(run.saved),
            crashes=dict(run.crashes),
            marked=tuple([task for task, saved in run.saved.items() if isinstance(saved, AttemptMarked)]),
        )

    def commit(self, changes: Sequence[Change], /) -> None:
        """Apply changes: as `Store.commit`. What can be refused is refused before anything is applied."""
        self._check_held()
        for change in changes:
            if isinstance(change, RunBegun) and change.run_id in self._memory.runs:
                raise run_exists(change.run_id, path=_PATH)
        assert self._current or isinstance(changes[0], RunBegun), "no run was loaded or begun"
        for change in changes:
            self._apply(change)

    def _apply(self, change: Change) -> None:
        if isinstance(change, RunBegun):
            self._current = self._memory.runs[change.run_id] = _Run(change, self.codec.name)
            return
        run = self._current
        assert run is not None, "commit has looked"
        match change:
            case RunResumed(epoch, declaration):
                run.epoch, run.finished = epoch, False
                run.declare(run.declaration.merged_with(declaration))
            case RunFinished():
                run.finished = True
            case _:
                assert change.task in run.names, f"{change.task!r} is not declared"
                run.saved[change.task] = change
                run.crashes.pop(change.task, None)

    def mark_started(self, place: int, task: str, attempt: int) -> None:
        """Note that an attempt runs in a place: as `Store.mark_started`."""
        self._check_held()
        assert self._current is not None, "no run was loaded or begun"
        self._memory.marks[place] = (self._current, task, attempt)

    def mark_ended(self, place: int) -> None:
        """Note that nothing runs in a place any more."""
        self._check_held()
        self._memory.marks.pop(place, None)

    def _check_held(self) -> None:
        assert self._memory.holder is self, "the store is not open"
        if self._memory.pid != os.getpid():
            raise forked(_PATH, owner=self._memory.pid)


class _Memory:
    """What the handles share. `pid` is the holder's process."""

    __slots__ = ("holder", "marks", "pid", "runs")

    def __init__(self) -> None:
        self.runs: Final[dict[str, _Run]] = {}
        self.marks: Final[dict[int, tuple[_Run, str, int]]] = {}
        self.holder: MemoryStore | None = None
        self.pid = 0


class _Run:
    """A run as it stands."""

    __slots__ = ("began_s", "codec", "crashes", "declaration", "epoch", "finished", "names", "run_id", "saved")

    def __init__(self, begun: RunBegun, codec: str) -> None:
        self.run_id: Final = begun.run_id
        self.began_s: Final = begun.began_s
        self.codec: Final = codec
        self.epoch = 0
        self.finished = False
        self.saved: Final[dict[str, Saved]] = {}
        self.crashes: Final[dict[str, int]] = {}
        self.declare(begun.declaration)

    def declare(self, declaration: Declaration) -> None:
        """Take over how the tasks are declared."""
        self.declaration = declaration
        self.names = frozenset(declaration.names)
