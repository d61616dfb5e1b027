"""The file that says who holds a checkpoint. The kernel keeps the lock, and what is written there is for people.

Never opens the database: closing any descriptor of a file drops the locks that SQLite has on it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import weakref
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast, final

from flowing._record import record
from flowing.checkpoint.sqlite.paths import LOCK, identify
from flowing.checkpoint.wording import locked, locked_here, quoted
from flowing.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZE_MAX: Final = 4096  # of what is read; what is written is shorter, and padded to one length


@record
class LastCommit:
    """Which commit the holder made last, as it noted beside the database: a database without it is an older one."""

    run_id: str
    commits: int
    durability: str


@final
class Holder:
    """Holds the lock of a checkpoint until `release`, or until the process ends, however it ends.

    A child that was forked has its copy of the descriptor closed, or the lock would live as long as the child.
    """

    __slots__ = ("__weakref__", "_descriptor", "_path", "_who", "is_held", "last")

    def __init__(self, path: str, descriptor: int) -> None:
        self._path: Final = path
        self._descriptor = descriptor
        self.is_held: bool = True
        since = datetime.now(UTC).isoformat(timespec="seconds")
        self._who: Final = f'"pid": {os.getpid()}, "host": {json.dumps(socket.gethostname())}, "since": "{since}"'
        self.last: Final = _last_commit(_read(descriptor))
        os.register_at_fork(after_in_child=_closing(weakref.ref(self)))

    @classmethod
    def take(cls, path: str) -> Holder:
        """Take the lock of the database at `path`, at once or not at all.

        Raises:
            CheckpointLocked: somebody else has it.
            CheckpointError: the lock file can't be used.
        """
        lock = path + LOCK
        while True:
            try:
                descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            except OSError as error:
                message = f"can't open {quoted(lock)} ({error.strerror}); see to the directory and its permissions"
                raise CheckpointError(message, path=path, errno=error.errno) from None
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                now = identify(lock)
                held = os.fstat(descriptor)
                if now is not None and (now.device, now.inode) == (held.st_dev, held.st_ino):
                    return cls(path, descriptor)
                os.close(descriptor)  # somebody removed or replaced it meanwhile
            except BlockingIOError:
                holder = _read(descriptor)
                os.close(descriptor)
                raise _locked_by(path, holder) from None
            except BaseException as error:
                os.close(descriptor)
                if isinstance(error, OSError):
                    message = f"can't lock {quoted(lock)} ({error.strerror}); put the checkpoint on a local disk"
                    raise CheckpointError(message, path=path, errno=error.errno) from None
                raise

    def note(self, last: LastCommit | None) -> None:
        """Write who holds it, and the last commit. One system call, after the commit: so it is never ahead of one."""
        what = ""
        if last is not None:
            run_id = json.dumps(last.run_id)
            what = f', "run": {run_id}, "commits": {last.commits}, "durability": {json.dumps(last.durability)}'
        text = f"{{{self._who}{what}}}".encode("ascii")
        with suppress(OSError):  # for people, and for the discovery of older copies: no commit fails for it
            os.pwrite(self._descriptor, text.ljust(512) + b"\n", 0)

    def release(self) -> None:
        """Let go; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        self.is_held = False
        if descriptor >= 0:
            os.close(descriptor)


def _closing(holder: weakref.ref[Holder]) -> Callable[[], None]:
    def close() -> None:
        held = holder()
        if held is not None:
            held.release()

    return close


def _read(descriptor: int) -> dict[str, object]:
    """Read what a holder wrote: data that anybody may have put there."""
    with suppress(OSError, ValueError, RecursionError):
        found: object = json.loads(os.pread(descriptor, _SIZE_MAX, 0))
        if type(found) is dict:
            return cast("dict[str, object]", found)  # JSON has no other keys
    return {}


def _last_commit(content: dict[str, object]) -> LastCommit | None:
    run, commits, durability = (content.get(each) for each in ("run", "commits", "durability"))
    if type(run) is str and type(commits) is int and type(durability) is str:
        return LastCommit(run, commits, durability)
    return None


def _locked_by(path: str, content: dict[str, Any]) -> CheckpointError:
    pid, host, since = (content.get(each) for each in ("pid", "host", "since"))
    when = since if type(since) is str else None
    if pid == os.getpid() and host == socket.gethostname():
        return locked_here(path, pid=os.getpid(), host=host, since=when)
    return locked(path, pid=pid if type(pid) is int else None, host=host if type(host) is str else None, since=when)
