"""Kills a small script at every one of its system calls, each time in a new place, and runs it again to its end.

    python -m tests.crash.sweep KIND FIRST STRIDE FOLDER

Begins with call number FIRST, and goes on with every STRIDEth; a control stops at the first fault. Prints its report as
JSON. One thread, so that it can fork.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import asdict, define, field

from tests.crash.script import Place
from tests.crash.small import Small, faults_of, left_in, shortfall
from tests.crash.tracing import run_traced

if TYPE_CHECKING:
    from tests.crash.tracing import Call, Fate

DURABILITIES: Final = ("power", "process")
REPORTED_MAX: Final = 20
BEYOND: Final = 3  # so many points in a row that the script does not come to any more are the end


@define
class Report:
    """What came of all kills. `recorded` are the calls (role of the thread, kind, nth) of undisturbed lives."""

    kills: int = 0
    recorded: int = 0
    hit: int = 0  # of those
    threads: int = 0
    resumed_with: list[int] = field(factory=list)  # how often so many results were there to go on with
    faults: list[str] = field(factory=list)


class Sweep:
    """All kills of a script with one kind of store."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind: Final = kind
        self._folder: Final = folder
        self._hit: Final[set[tuple[int, int, int]]] = set()
        self._found: Final[Counter[int]] = Counter()
        self.report: Final = Report()

    def at_every_call(self, first: int, stride: int) -> Report:
        """Kill at the first call of these, the next one, and so on, until there are no more."""
        recorded = self._record() & self._record()  # what differs between two lives can't be asked for
        number, beyond = first, 0
        while beyond < BEYOND and (self._kind in DURABILITIES or not self.report.faults):
            beyond = 0 if self._killed_at(number) else beyond + 1
            number += stride
        report = self.report
        report.recorded, report.hit = len(recorded), len(recorded & self._hit)
        report.threads = len({role for role, _, _ in recorded})
        report.resumed_with = [self._found[each] for each in range(max(self._found) + 1)]
        report.faults = report.faults[:REPORTED_MAX]
        return report

    def _place(self, name: str) -> Place:
        place = Place(self._folder / name)
        shutil.rmtree(place.folder, ignore_errors=True)
        place.folder.mkdir()
        return place

    def _life(self, place: Place) -> None:
        logging.disable()
        Small(place, self._kind).live()

    def _record(self) -> set[tuple[int, int, int]]:
        """Run it once, undisturbed."""
        calls: set[tuple[int, int, int]] = set()

        def note(call: Call) -> Fate:
            calls.add((call.role, call.kind, call.nth))
            return "go"

        place = self._place("recorded")
        assert run_traced(partial(self._life, place), note) == 0
        if self._kind in DURABILITIES:  # a control may fall short of itself, undisturbed too
            assert shortfall(left_in(place)) == []
        return calls

    def _killed_at(self, number: int) -> bool:
        """Kill a life at its so manieth call, and let others follow; False if it has fewer calls."""
        place = self._place("killed")

        def fate_of(call: Call) -> Fate:
            if call.number != number:
                return "go"
            self._hit.add((call.role, call.kind, call.nth))
            return "kill"

        before = left_in(place)
        exit_code = run_traced(partial(self._life, place), fate_of)
        after = left_in(place)
        self._judge(number, faults_of(before, after))
        if exit_code == 0:
            return False
        self.report.kills += 1
        self._found[len(after.results)] += 1
        for _ in range(2):
            before = after
            exit_code = run_traced(partial(self._life, place), lambda _: "leave")
            after = left_in(place)
            self._judge(number, faults_of(before, after))
            self._judge(number, [] if exit_code == 0 else ["resume failed"])
            self._judge(number, shortfall(after))
        self._judge(number, [f"ran in a finished run: {each}" for each in after.notes[len(before.notes) :]])
        return True

    def _judge(self, number: int, faults: list[str]) -> None:
        self.report.faults += [f"killed at call {number}: {each}" for each in faults]


def main() -> None:
    """Sweep, and report."""
    sweep = Sweep(sys.argv[1], Path(sys.argv[4]))
    sweep._life(sweep._place("warm"))
    print(json.dumps(asdict(sweep.at_every_call(int(sys.argv[2]), int(sys.argv[3])))))  # noqa: T201 - its report


if __name__ == "__main__":
    main()
