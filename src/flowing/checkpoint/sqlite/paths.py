"""Which paths may hold a checkpoint. Looks at files with lstat, and opens none of them."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from flowing._record import record
from flowing._text import one_line, type_name
from flowing.checkpoint.wording import quoted
from flowing.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG: Final = "-wal"  # SQLite's write-ahead log
LOCK: Final = ".lock"
RUNNING: Final = ".running"
_BESIDE: Final = (LOG, "-shm", "-journal", LOCK, RUNNING)  # what may lie beside the database
_NETWORK: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.s3fs"})


@record
class Identity:
    """Which file it is, whatever it is called."""

    device: int
    inode: int


def literal_path(path: object) -> str:
    """Make a path absolute, and take it as it is: no URI, no `~`, no variable, nothing special to SQLite.

    Raises:
        ConfigError: it is no path, or names no file.
    """
    given: object = os.fspath(cast("os.PathLike[str]", path)) if hasattr(path, "__fspath__") else path
    if type(given) is not str:
        message = f"a checkpoint needs a path as str or Path, not as {type_name(path)}"
        raise ConfigError(message)
    if given == ":memory:" or not given:
        message = f"a checkpoint can't be at {given!r}, which names no file; give it a path, or use MemoryStore()"
        raise ConfigError(message)
    if "\0" in given:
        message = f"the path {quoted(given)} of a checkpoint has a NUL in it; give it a path without"
        raise ConfigError(message)
    return os.path.abspath(given)  # noqa: PTH100 - Path would drop what it finds redundant


def identify(path: str) -> Identity | None:
    """Say which file lies at a path; None if there is none.

    Raises:
        CheckpointError: it is not a plain file with this one name: a link, a directory, a FIFO, a device.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _refused(path, f"can't be looked at ({one_line(str(error))})", getattr(error, "errno", None)) from None
    if stat.S_ISLNK(found.st_mode):
        raise _refused(path, "is a symbolic link, which flowing does not follow; give the path that it leads to")
    if not stat.S_ISREG(found.st_mode):
        kind = "a directory" if stat.S_ISDIR(found.st_mode) else "not a file"
        raise _refused(path, f"is {kind}; give the path of a file")
    if found.st_nlink != 1:
        raise _refused(path, "has other names (hard links), and could be changed through them; make a copy of its own")
    return Identity(found.st_dev, found.st_ino)


def identify_all(path: str) -> Identity | None:
    """Look at the database and at everything that may lie beside it; say which file the database is.

    Raises:
        CheckpointError: one of them is not a plain file, or the directory is missing.
    """
    folder = os.path.dirname(path)  # noqa: PTH120 - as above
    if not os.path.isdir(folder):  # noqa: PTH112 - as above
        raise _refused(path, f"is in a directory that is missing; make {quoted(folder)} first")
    for ending in _BESIDE:
        identify(path + ending)
    return identify(path)


def first_moved(files: Mapping[str, Identity]) -> str | None:
    """Say at which path there is another file than was found there, or none that can be looked at; None if nowhere."""
    for path, expected in files.items():
        try:
            found = os.lstat(path)
        except OSError:
            return path
        if (found.st_dev, found.st_ino) != (expected.device, expected.inode):
            return path
    return None


def warnings_about(path: str) -> tuple[str, ...]:
    """Say what is unsafe about a file, though it can be used."""
    said: list[str] = []
    if os.lstat(path).st_mode & 0o022:
        said.append(f"{quoted(path)} can be written by others, who could change results: chmod go-w it")
    kind = _file_system(path)
    if kind in _NETWORK:
        said.append(
            f"{quoted(path)} is on a network file system ({kind}), whose locks and writes can't be relied upon: "
            f"move it to a local disk"
        )
    return tuple(said)


def _file_system(path: str) -> str | None:
    """Name the type of file system that a path is on; None where that can't be told."""
    if sys.platform != "linux":
        return None
    best, kind = "", None
    with suppress(OSError, ValueError, IndexError), open("/proc/self/mountinfo", encoding="utf-8") as mounts:  # noqa: PTH123 - a pathlib would be loaded for it
        for line in mounts:
            before, _, after = line.partition(" - ")
            point = before.split()[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
            inside = path == point or path.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):
                best, kind = point, after.split()[0]
    return kind


def _refused(path: str, why: str, errno: int | None = None) -> CheckpointError:
    return CheckpointError(f"a checkpoint can't be at {quoted(path)}: it {why}", path=path, errno=errno)
