"""Starts processes of a script and kills them: a process that forks each, for an interpreter takes longer to start.

    python -m tests.crash.nursery KIND KILLS SEED FOLDER

Prints its report as JSON. One thread, so that it can fork.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from attrs import asdict, define, field

from tests.crash.judge import faults_of, left_in, notes_in, shortfall
from tests.crash.script import Place, live

WORK_S = 0.004  # of one body, at most
LATER_S = 0.02  # some bodies, and some commits
LOOK_S = 0.0005
REPORTED_MAX = 20


@define
class Report:
    """What came of all kills."""

    kills: int = 0
    scripts: int = 0
    killed_in_a_run: int = 0  # with some of the results committed, but not all
    faults: list[str] = field(factory=list)


def main() -> None:
    """Kill until there were enough, and report."""
    kind, kills, seed, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    chosen, report = random.Random(seed), Report()
    while report.kills < kills:
        place = Place(folder / str(report.scripts))
        place.folder.mkdir()
        while _was_killed(place, kind, report, chosen) and report.kills < kills:
            pass
        report.scripts += 1
    counts = Counter(fault.partition(":")[0] for fault in report.faults)
    report.faults = report.faults[:REPORTED_MAX]
    print(json.dumps({**asdict(report), "counts": counts}))  # noqa: T201 - its report


def _was_killed(place: Place, kind: str, report: Report, chosen: random.Random) -> bool:
    """Run the script once more; kill it at any moment, unless it comes to its end first. Judge what it left."""
    before = left_in(place)
    child = _forked(place, kind)
    left = len(shortfall(before))
    bodies, later_s = chosen.randint(0, left), chosen.uniform(0, LATER_S)
    while _lives(child) and left:
        if len(notes_in(place)) - len(before.notes) >= bodies:
            time.sleep(later_s)  # the moment is the point
            break
        time.sleep(LOOK_S)
    died = _killed(child) if left else _ended(child)
    after = left_in(place)
    report.faults += faults_of(before, after)
    if died:
        report.kills += 1
        report.killed_in_a_run += bool(after.committed) and bool(shortfall(after))
    else:
        report.faults += [f"never made: {name}" for name in shortfall(after)]
        assert not _ended(_forked(place, kind))  # a finished run is given back
        report.faults += [f"after the end, {each}" for each in faults_of(after, left_in(place))]
    return died


def _lives(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def _killed(child: int) -> bool:
    """Kill a process, if it has not come to its end; nobody has waited for it, so the number is still its own."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "a life that nobody killed did not end well; see above"
    return False


def _ended(child: int) -> bool:
    """Wait for a process to come to its end; say that it was not killed."""
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    return _killed(child)


def _forked(place: Place, kind: str) -> int:
    child = os.fork()
    if child:
        return child
    logging.disable()
    try:
        results = live(place, kind, work_s=WORK_S)
        assert results.ok, results
    except BaseException:  # noqa: BLE001 - the parent only sees an exit code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
