"""What a store is. No store; `flowing.checkpoint.contract` holds one to what is promised here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint.codec.protocol import Codec
    from flowing.checkpoint.records import Change, SavedRun


class Store(Protocol):
    """Keeps runs. Held by one flow at a time, from `open` to `close`.

    Everything but the marks is called by one thread at a time, though not always the same one; marks come from many
    threads at once, each with places of its own. In a forked child every call but `close` raises ForkedProcessError,
    and none has an effect on the parent. Whatever raises CheckpointError leaves the store in a state from which
    `load` works again once its cause is gone.
    """

    @property
    def codec(self) -> Codec:
        """What results are written and read with; kept with each run, which no other codec can load."""
        ...

    @property
    def run_id(self) -> str | None:
        """The run that is asked for, None for the newest one."""
        ...

    def open(self) -> tuple[str, ...]:
        """Take hold of what is stored, and give warnings for the log.

        Every attempt that was marked as running when the last holder died adds one to the crashes of its task, once.

        Raises:
            CheckpointLocked: somebody else has it open. Takes less than a second.
            CheckpointCorrupt: what is there is not a checkpoint, or an older one than was there before.
            CheckpointVersionError: it was made by a newer version of flowing.
            CheckpointError: it can't be opened.
        """
        ...

    def load(self, *, accept_damage: bool = False) -> SavedRun | None:
        """Give the run that `run_id` names, or the newest one; None if there is none. Later commits go on with it.

        Raises:
            CheckpointCorrupt: something of the run is not as it was written, and `accept_damage` is False, or nothing
                of the run can be read.
            CheckpointError: the run was stored with another codec.
        """
        ...

    def commit(self, changes: Sequence[Change], /) -> None:
        """Apply changes in their order, all or none; when this returns, they are as durable as the store promises.

        The first change ever must be `RunBegun`, unless `load` gave a run. What is saved of a task takes the place of
        what was saved before, and sets its crashes to zero.

        Raises:
            CheckpointError: all or none of them took effect: `load` tells which.
        """
        ...

    def mark_started(self, place: int, task: str, attempt: int) -> None:
        """Note that an attempt runs in a place (0, 1, 2, ...), until another or none does. Survives the process."""
        ...

    def mark_ended(self, place: int) -> None:
        """Note that nothing runs in a place any more."""
        ...

    def close(self) -> None:
        """Let go. Never raises because of what is stored; a second time does nothing."""
        ...


@runtime_checkable
class OnFiles(Protocol):
    """What a store can do besides, if others could take away what it has open: asked before each call of a flow."""

    def check_files(self) -> None:
        """See that what was opened is still where the next process will look for it. O(1).

        Raises:
            CheckpointError: it is not, so that what is committed would be lost.
        """
        ...
