"""Lets the system calls fail, one by one, that a small script makes on its checkpoint: no room, bad disk, half a write.

    python -m tests.crash.faulty KIND FAULT STRIDE FOLDER

With "once", one call fails, and the same process goes on; with "on", all calls of the kind fail from then on, until the
process is killed and another one goes on. Prints its report as JSON. One thread, so that it can fork.
"""

from __future__ import annotations

import errno
import json
import logging
import shutil
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from attrs import asdict, define, field, frozen

from flowing.errors import CheckpointError
from tests.crash.script import Place
from tests.crash.small import MENDED, Small, faults_of, left_in, shortfall
from tests.crash.tracing import run_traced

if TYPE_CHECKING:
    from tests.crash.tracing import Call, Fate

OPEN, OPENAT = 2, 257  # as x86_64 numbers them
WRITES: Final = (1, 18, 20, 296)
SYNCS: Final = (74, 75)
OPENS: Final = (OPEN, OPENAT)
READS: Final = (0, 17)
TRUNCATES: Final = (77,)
REPORTED_MAX: Final = 20
WAYS_OUT: Final = ("make room", "see to the", "make the file", "put it on", "end the program", "restore a copy")


@frozen
class Fault:
    """What becomes of the chosen calls."""

    kinds: tuple[int, ...]
    fate: int | Literal["shorten"]


FAULTS: Final = {
    "write-ENOSPC": Fault(WRITES, errno.ENOSPC),
    "write-EIO": Fault(WRITES, errno.EIO),
    "write-short": Fault(WRITES, "shorten"),
    "fsync-EIO": Fault(SYNCS, errno.EIO),
    "fsync-ENOSPC": Fault(SYNCS, errno.ENOSPC),
    "open-EIO": Fault(OPENS, errno.EIO),
    "open-ENOSPC": Fault(OPENS, errno.ENOSPC),
    "open-EMFILE": Fault(OPENS, errno.EMFILE),
    "read-EIO": Fault(READS, errno.EIO),
    "truncate-EIO": Fault(TRUNCATES, errno.EIO),
}


@define
class Report:
    """What came of all faults."""

    recorded: int = 0
    points: int = 0
    raised: int = 0  # lives in which a call said CheckpointError
    named_a_task: int = 0
    unharmed: int = 0  # lives that did not notice
    faults: list[str] = field(factory=list)


class Disk:
    """All faults of one kind."""

    def __init__(self, kind: str, fault: Fault, folder: Path) -> None:
        self._kind: Final = kind
        self._fault: Final = fault
        self._folder: Final = folder
        self.report: Final = Report()

    def at_every_call(self, stride: int) -> Report:
        """Let call 1, 2, 3, ... of the kind fail, once and for ever, until there are no more."""
        place = self._place()
        recorded = self._with_faults_from(place, 0, only_one=True)
        assert shortfall(left_in(place)) == []
        self.report.recorded = recorded
        for number in range(1, recorded + 1, stride):
            for only_one in (True, False):
                self._fails_at(number, only_one=only_one)
        self.report.faults = self.report.faults[:REPORTED_MAX]
        return self.report

    def _place(self) -> Place:
        place = Place(self._folder / "faulty")
        shutil.rmtree(place.folder, ignore_errors=True)
        place.folder.mkdir()
        return place

    def _with_faults_from(self, place: Place, number: int, *, only_one: bool) -> int:
        """Be the parent of a life in which calls fail; count those that could."""
        seen = 0

        def fate_of(call: Call) -> Fate:
            nonlocal seen
            if call.kind not in self._fault.kinds or not is_on(place, call):
                return "go"
            seen += 1
            return self._fault.fate if number and (seen == number or (seen > number and not only_one)) else "go"

        exit_code = run_traced(partial(live_on, place, self._kind, tries=3 if only_one else 2), fate_of)
        if exit_code != 0:
            self.report.faults.append(f"call {number}: exit code {exit_code}")
        return seen

    def _fails_at(self, number: int, *, only_one: bool) -> None:
        place, report = self._place(), self.report
        before = left_in(place)
        self._with_faults_from(place, number, only_one=only_one)
        after = left_in(place)
        errors = errors_in(place)
        report.points += 1
        report.raised += bool(errors)
        report.unharmed += not errors
        report.named_a_task += any(each["task"] for each in errors)
        wrong = [*faults_of(before, after), *[each for error in errors for each in wrong_with(error, place)]]
        if only_one:
            ran = Counter(after.notes)
            wrong += [f"not made: {each}" for each in shortfall(after)]
            wrong += [f"ran twice: {name}" for name in ("a", "b", "c", "aside") if ran[name] > 1]
        before = after
        if run_traced(partial(live_on, place, self._kind, tries=1), lambda _: "leave") != 0:
            wrong.append("resume failed")
        after = left_in(place)
        wrong += [*faults_of(before, after), *[f"never made: {each}" for each in shortfall(after)]]
        once = "once" if only_one else "on"
        report.faults += [f"call {number} ({once}): {each}" for each in wrong]


def is_on(place: Place, call: Call) -> bool:
    """Tell whether a call is about a file of the checkpoint."""
    try:
        if call.kind in OPENS:
            path = text_at(call, call.arguments[0 if call.kind == OPEN else 1])
        else:
            path = str(Path(f"/proc/{call.thread}/fd/{call.arguments[0]}").readlink())
    except OSError:
        return False
    return path.startswith(str(place.checkpoint))


def text_at(call: Call, address: int) -> str:
    """Read a path that a process gives to a call."""
    with open(f"/proc/{call.thread}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 - no file of a path
        memory.seek(address)
        return memory.read(256).partition(b"\0")[0].decode("utf-8", "replace")


def live_on(place: Place, kind: str, *, tries: int) -> None:
    """Be a process that goes on after an error, and notes each; any other error ends it."""
    logging.disable()
    small = Small(place, kind)
    for _ in range(tries):
        try:
            small.live()
        except CheckpointError as error:
            said = {"type": type(error).__name__, "said": str(error), "path": error.path, "task": error.task}
            with errors_of(place).open("a") as file:
                file.write(json.dumps({**said, "errno": error.errno}) + "\n")
        else:
            return


def errors_of(place: Place) -> Path:
    """Say where a life notes its errors."""
    return place.folder / "errors"


def errors_in(place: Place) -> list[dict[str, str]]:
    """Read the errors of a life."""
    file = errors_of(place)
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def wrong_with(error: dict[str, str], place: Place) -> list[str]:
    """Say what an error lacks: it names the path, the task if it is about one, and a way out."""
    said = error["said"]
    lacks = []
    if error["path"] != str(place.checkpoint) and not error["path"].startswith(str(place.checkpoint)):
        lacks.append("path")
    if error["path"] not in said:
        lacks.append("path in the message")
    if error["task"] and f"task '{error['task']}'" not in said:
        lacks.append("task in the message")
    if not any(way in said for way in WAYS_OUT):
        lacks.append("way out")
    return [f"{error['type']} without {', '.join(lacks)}: {said}"] if lacks else []


def main() -> None:
    """Sweep, and report."""
    kind, fault, stride, folder = sys.argv[1:]
    disk = Disk(kind, FAULTS[fault], Path(folder))
    warm = disk._place()
    live_on(warm, kind, tries=1)
    assert MENDED in left_in(warm).notes
    print(json.dumps(asdict(disk.at_every_call(int(stride)))))  # noqa: T201 - its report


if __name__ == "__main__":
    main()
