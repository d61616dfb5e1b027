"""The file of attempts that are running: a slot for each place, written through memory, never synced.

It survives the death of the process and not that of the machine, and costs a quarter of a microsecond. Knows numbers,
and no name. SQLite shares memory through a file beside the database in the same way.
"""

from __future__ import annotations

import errno
import mmap
import os
import stat
import struct
import threading
from contextlib import suppress
from typing import Final, final
from zlib import crc32

from flowing._record import record
from flowing.checkpoint.wording import quoted
from flowing.errors import CheckpointError

_SLOT: Final = struct.Struct("<QIII12x")  # stamp, number of the task, attempt, checksum of these
_SIZE: Final = _SLOT.size
_EMPTY: Final = bytes(_SIZE)
_fill: Final = _SLOT.pack_into
_checked: Final = struct.Struct("<QII").pack
_PAGE: Final = 4096
_SIZE_MAX: Final = 16 * 1024 * 1024
_ATTEMPT_MAX: Final = 2**32 - 1


@record
class Mark:
    """An attempt that was running. `stamp` says in which run, and since which opening of it."""

    stamp: int
    number: int
    attempt: int


@final
class Marks:
    """The slots. `left` is what the last holder left in them; `reset` empties them, and has to come first."""

    __slots__ = ("_descriptor", "_growing", "_memory", "_path", "left")

    def __init__(self, path: str) -> None:
        """Open the file, or make it.

        Raises:
            CheckpointError: it can't be used.
        """
        self._path: Final = path
        self._growing: Final = threading.Lock()
        self._memory: mmap.mmap | None = None
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            found = os.fstat(self._descriptor)
            left = _read(self._descriptor, found.st_size)
        except OSError as error:
            raise self._unusable(error) from None
        if not stat.S_ISREG(found.st_mode):
            self.release()
            raise self._unusable(OSError(0, "not a file"))
        self.left: Final = left

    def reset(self) -> None:
        """Empty all slots."""
        try:
            os.ftruncate(self._descriptor, 0)
            self._memory = self._extended(_PAGE)
        except OSError as error:
            raise self._unusable(error) from None

    def set(self, place: int, stamp: int, number: int, attempt: int) -> None:
        """Fill the slot of a place. Different places may be filled by different threads at once."""
        attempt = min(attempt, _ATTEMPT_MAX)
        memory, offset = self._memory, place * _SIZE
        if memory is None or offset >= len(memory):
            memory = self._grown(offset)
        _fill(memory, offset, stamp, number, attempt, crc32(_checked(stamp, number, attempt)))

    def clear(self, place: int) -> None:
        """Empty the slot of a place."""
        memory, offset = self._memory, place * _SIZE
        if memory is not None and offset < len(memory):
            memory[offset : offset + _SIZE] = _EMPTY

    def remove(self) -> None:
        """Remove the file and let go of it: nothing runs any more. Another one in its place is another holder's."""
        with suppress(OSError):
            if os.path.samestat(os.lstat(self._path), os.fstat(self._descriptor)):
                os.unlink(self._path)  # noqa: PTH108 - pathlib would be loaded for it
        self.release()

    def release(self) -> None:
        """Close the file; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        self._memory = None  # unmapped with its last user, who may be in another thread
        if descriptor >= 0:
            os.close(descriptor)

    def _grown(self, offset: int) -> mmap.mmap:
        with self._growing:
            memory = self._memory
            assert memory is not None, "reset() comes first"
            if offset >= len(memory):
                try:
                    memory = self._memory = self._extended((offset // _PAGE + 1) * _PAGE)
                except OSError as error:
                    raise self._unusable(error) from None
            return memory

    def _extended(self, size: int) -> mmap.mmap:
        """Map the file anew; a thread that has the old map writes to the same pages.

        The pages are written first, so that the disk has room for them: memory can't say that it is full.
        """
        end = os.fstat(self._descriptor).st_size
        while end < size:
            written = os.pwrite(self._descriptor, bytes(size - end), end)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            end += written
        return mmap.mmap(self._descriptor, size)

    def _unusable(self, error: OSError) -> CheckpointError:
        message = f"can't use {quoted(self._path)} ({error.strerror}); see to the directory and the space on its disk"
        return CheckpointError(message, path=self._path, errno=error.errno)


def read_marks(path: str) -> tuple[Mark, ...]:
    """Give the marks that are set, whoever holds the file; none where there is no such file, or none to be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ()
    try:
        return _read(descriptor, os.fstat(descriptor).st_size)
    except OSError:
        return ()
    finally:
        os.close(descriptor)


def _read(descriptor: int, size: int) -> tuple[Mark, ...]:
    content = os.pread(descriptor, min(size, _SIZE_MAX), 0)
    whole = len(content) - len(content) % _SIZE
    return tuple([Mark(*each[:3]) for each in _SLOT.iter_unpack(content[:whole]) if _is_set(each)])


def _is_set(slot: tuple[int, int, int, int]) -> bool:
    return slot[0] != 0 and crc32(_checked(*slot[:3])) == slot[3]
