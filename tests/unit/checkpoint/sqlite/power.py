"""A disk whose power can be cut: made from the system calls of a real process. Knows nothing of what is in the files.

A write lasts once its file was synced, and a name once its directory was. Of what came after the last sync, a cut
keeps any part: whole writes, single sectors of one, or nothing; names in the order in which they were made.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

SECTOR: Final = 512
CALLS: Final = "openat,pwrite64,write,fdatasync,fsync,ftruncate,unlink,rename"


@frozen
class Call:
    """A system call that succeeded: its name, the path it was about, and what it did there."""

    name: str
    path: str
    data: bytes = b""
    offset: int = 0
    creates: bool = False


def record(script: str, *arguments: str, folder: Path, root: Path) -> list[Call] | None:
    """Run a script; list its calls on files in `folder`, and what it wrote to its output. None if nobody may look."""
    log = folder.with_suffix(".log")
    done = subprocess.run(
        [
            *("strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", f"--trace={CALLS}", f"--output={log}"),
            *(sys.executable, "-c", script, *arguments),
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    if done.returncode != 0 and not log.exists():
        return None
    assert done.returncode == 0, done.stderr
    calls = [call for line in log.read_text("ascii").splitlines() for call in _parse(line)]
    return [call for call in calls if call.path == "output" or call.path.startswith(str(folder))]


def _parse(line: str) -> Iterator[Call]:
    """Read `PID name(5<path>, "data", 4096, 0) = 4096`, with every text in hexadecimal."""
    _, _, line = line.partition(" ")
    head, _, answer = line.strip().rpartition(" = ")
    name, _, rest = head.partition("(")
    if answer.startswith("-") or not name.isalnum() or name == "":
        return
    arguments = rest.rstrip().removesuffix(")").split(", ")
    if name == "openat":
        yield Call(name, _path(answer), creates="O_CREAT" in rest)
    elif name == "write":
        if arguments[0].startswith("1<"):
            yield Call(name, "output", _bytes(arguments[1]))
    elif name == "pwrite64":
        yield Call(name, _path(arguments[0]), _bytes(arguments[1]), int(arguments[3]))
    elif name == "ftruncate":
        yield Call(name, _path(arguments[0]), offset=int(arguments[1]))
    elif name == "unlink":
        yield Call(name, _bytes(arguments[0]).decode())
    elif name in ("fdatasync", "fsync"):
        yield Call("sync", _path(arguments[0]))


def _path(argument: str) -> str:
    return bytes.fromhex(argument.partition("<")[2].partition(">")[0].replace("\\x", "")).decode()


def _bytes(argument: str) -> bytes:
    assert "..." not in argument, "strace cut it"
    return bytes.fromhex(argument.strip('"').replace("\\x", ""))


@define
class _File:
    """What is on the disk of a file, and what is not sure to be."""

    lasting: bytearray = field(factory=bytearray)
    pending: list[Call] = field(factory=list)


@define
class Disk:
    """The files of one directory, call by call."""

    folder: str
    _lasting: dict[str, _File] = field(factory=dict)
    _names: dict[str, _File] = field(factory=dict)
    _pending: list[tuple[str, _File | None]] = field(factory=list)

    def apply(self, call: Call) -> None:
        """Go on by one call."""
        if call.path == self.folder:
            if call.name == "sync":
                self._lasting = dict(self._names)
                self._pending.clear()
        elif call.name == "openat":
            if call.creates and call.path not in self._names:
                self._rename(call.path, _File())
        elif call.name == "unlink":
            self._rename(call.path, None)
        elif call.name == "sync":
            file = self._names[call.path]
            for each in file.pending:
                _write(file.lasting, each, each.data)
            file.pending.clear()
        elif call.path != "output":
            self._names[call.path].pending.append(call)

    def _rename(self, path: str, file: _File | None) -> None:
        self._pending.append((path, file))
        if file is None:
            del self._names[path]
        else:
            self._names[path] = file

    def cut(self, target: Path, choose: random.Random) -> None:
        """Write down what the disk has when the power comes back."""
        names = dict(self._lasting)
        for path, file in self._pending[: choose.randint(0, len(self._pending))]:
            if file is None:
                names.pop(path, None)
            else:
                names[path] = file
        for path, file in names.items():
            content = bytearray(file.lasting)
            for call in file.pending:
                for each in _what_stays(call, choose):
                    _write(content, each, each.data)
            (target / Path(path).name).write_bytes(content)


def _what_stays(call: Call, choose: random.Random) -> list[Call]:
    fate = choose.choice(["whole", "nothing", "sectors"])
    if fate == "nothing":
        return []
    if fate == "whole" or call.name == "ftruncate":
        return [call]
    starts = range(0, len(call.data), SECTOR)
    return [
        Call(call.name, call.path, call.data[start : start + SECTOR], call.offset + start)
        for start in starts
        if choose.random() < 0.5
    ]


def _write(content: bytearray, call: Call, data: bytes) -> None:
    if call.name == "ftruncate":
        del content[call.offset :]
        content.extend(bytes(call.offset - len(content)))
    else:
        content.extend(bytes(max(0, call.offset - len(content))))
        content[call.offset : call.offset + len(data)] = data
