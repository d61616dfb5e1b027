"""Real flows of several workers, killed at random moments and run again, until they come to their end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
DEEP: Final = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
KILLS: Final = 500 if DEEP else 50  # of each durability
CONTROL_KILLS: Final = 15
GUARD_S: Final = 3600


class Report(TypedDict):
    """What the nursery prints."""

    kills: int
    scripts: int
    killed_in_a_run: int
    faults: list[str]
    counts: dict[str, int]


def report_of(kind: str, kills: int, folder: Path, *, seed: int = 1) -> Report:
    command = [sys.executable, "-m", "tests.crash.nursery", kind, str(kills), str(seed), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=GUARD_S, check=False)
    assert done.returncode == 0, done.stderr[-5000:]
    report: Report = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("durability", ["power", "process"])
def test_kill_at_a_random_moment(
    durability: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """[P1] [P6] [P13] [P19] No result is lost, none is made twice, none is another, and each script ends well.

    What may run at most once runs at most once, and keys are the same in every life.
    """
    report = report_of(durability, KILLS, tmp_path)
    for name, value in report.items():
        record_property(name, value)
    assert report["faults"] == []
    assert report["kills"] >= KILLS
    assert report["killed_in_a_run"] > KILLS // 4  # most others are killed before the first commit


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("late", "acknowledged, and lost"),  # dependents start before the commit
        ("lazy", "acknowledged, and lost"),  # nothing is committed before the end
        ("none", "acknowledged, and lost"),  # there is no checkpoint
        ("anew", "lost"),  # nobody resumes
        ("anew", "ran again"),
    ],
)
def test_what_is_not_durable_is_found_out(kind: str, fault: str, tmp_path: Path) -> None:
    """Control: the same kills, the same judge."""
    assert report_of(kind, CONTROL_KILLS, tmp_path)["counts"].get(fault, 0) > 0
