"""The power fails at any moment: what was acknowledged is there when it comes back."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowing.checkpoint import SqliteStore
from flowing.errors import CheckpointError
from tests.unit.checkpoint.sqlite.power import Call, Disk, record

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[4]
CUTS = 4_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 200

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

# Three lives: one that ends in order, one that goes on, one that dies. The log is copied back every few pages.
SCRIPT = """
import os, sys
from pathlib import Path
from flowing.checkpoint.sqlite import connection
from tests.unit.checkpoint.sqlite.helpers import *
connection._AUTO_CHECKPOINT_PAGES = 12
path, durability = Path(sys.argv[1]), sys.argv[2]
number = 0
for life in range(3):
    store = SqliteStore(path, durability=durability)
    store.open()
    if store.load() is None:
        store.commit([RunBegun("run", 1.0, declared())])
    for _ in range(14):
        number += 1
        store.commit([result(TASKS[number % len(TASKS)], b"%d " % number * 700 * (number % 3), number)])
        os.write(1, b"%d\\n" % number)
    if life < 2:
        store.close()
os._exit(0)
"""


def recorded(tmp_path: Path, durability: str) -> list[Call]:
    folder = tmp_path / "disk"
    folder.mkdir()
    calls = record(SCRIPT, str(folder / "run.db"), durability, folder=folder, root=ROOT)
    if calls is None:
        pytest.skip("strace can't trace here")
    return calls


def lost_at(cut: Path, acknowledged: int) -> int | CheckpointError:
    """Say how many acknowledged results are missing when the power is back, or what opening the file raises."""
    try:
        with closing(SqliteStore(cut / "run.db", durability="process")) as store:
            store.open()
            run = store.load()
    except CheckpointError as error:
        return error
    newest = (
        max((each.past.attempts + getattr(each, "attempt", 0) for each in run.saved.values()), default=0) if run else 0
    )
    return max(0, acknowledged - newest)


def cut_at_moments(tmp_path: Path, calls: Sequence[Call], count: int) -> list[int | CheckpointError]:
    """Cut the power at random moments, and look each time at what there is then."""
    choose = random.Random(11)
    moments = sorted(choose.choices(range(1, len(calls) + 1), k=count))
    disk = Disk(str(tmp_path / "disk"))
    done, acknowledged = 0, 0
    outcomes: list[int | CheckpointError] = []
    for number, moment in enumerate(moments):
        for call in calls[done:moment]:
            disk.apply(call)
            if call.path == "output":
                acknowledged = int(call.data)
        done = moment
        cut = tmp_path / f"cut-{number}"
        cut.mkdir()
        disk.cut(cut, choose)
        outcomes.append(lost_at(cut, acknowledged))
        shutil.rmtree(cut)
    return outcomes


def test_no_acknowledged_result_is_lost(tmp_path: Path) -> None:
    """[P3] With durability="power": whatever of the unsynced writes is dropped or torn, at any system call."""
    calls = recorded(tmp_path, "power")
    outcomes = cut_at_moments(tmp_path, calls, CUTS)
    assert [each for each in outcomes if each != 0] == []
    assert sum(1 for call in calls if call.name == "sync") > 40
    assert any(call.name == "pwrite64" and call.path.endswith("run.db") for call in calls), "the log was copied back"


def test_with_the_other_durability_some_are(tmp_path: Path) -> None:
    """[P3] Control: the same cuts with durability="process": the last results may go, and the file is whole."""
    outcomes = cut_at_moments(tmp_path, recorded(tmp_path, "process"), CUTS)
    assert [each for each in outcomes if isinstance(each, CheckpointError)] == []
    assert any(isinstance(each, int) and each > 0 for each in outcomes)
