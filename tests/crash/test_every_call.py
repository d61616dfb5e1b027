"""A small flow killed at every single system call, and with every call on its checkpoint failing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.crash.faulty import FAULTS
from tests.crash.tracing import FAULTS_WORK

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
DEEP: Final = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
KILL_STRIDE: Final = 1 if DEEP else 12
FAULT_STRIDE: Final = 1 if DEEP else 7
GUARD_S: Final = 3600

linux = pytest.mark.skipif(sys.platform != "linux", reason="stops processes as Linux does: ptrace")
registers = pytest.mark.skipif(not FAULTS_WORK, reason="knows the registers of Linux on x86_64 only")


def report_of(module: str, *arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", f"tests.crash.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=GUARD_S, check=False)
    if "Operation not permitted" in done.stderr and "ptrace" in done.stderr:
        pytest.skip("this system lets nobody trace a process (ptrace)")
    assert done.returncode == 0, done.stderr[-5000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@linux
@pytest.mark.parametrize("durability", ["power", "process"])
def test_kill_at_every_system_call(
    durability: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """[P2] [P6] [P23] Whichever call was the last: nothing is lost or made twice, an override is whole or not there."""
    report = report_of("sweep", durability, 1, KILL_STRIDE, tmp_path)
    for name, value in report.items():
        record_property(name, value)
    assert report["faults"] == []
    assert report["kills"] > 500 / KILL_STRIDE
    assert report["threads"] > 4
    assert report["hit"] > report["recorded"] / KILL_STRIDE / 2  # threads do not come in the same order each time
    assert len([each for each in report["resumed_with"] if each]) > 3


@linux
@pytest.mark.parametrize(
    ("kind", "first", "fault"),
    [
        ("lazy", 200, "acknowledged, and lost"),  # nothing is stored before the end
        ("late", 200, "killed at call"),  # dependents start before the commit; what shows of it first differs
        ("split", 400, "wrong: last"),  # an override and what it invalidates are several transactions
    ],
)
def test_what_is_not_atomic_or_not_durable_is_found_out(kind: str, first: int, fault: str, tmp_path: Path) -> None:
    """Control: the same kills, the same judge."""
    assert any(fault in each for each in report_of("sweep", kind, first, 4, tmp_path)["faults"])


@linux
@registers
@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_on_the_checkpoint_fails(
    fault: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """[P4] [P5] It raises CheckpointError with path, task and way out, or does no harm; then resume goes on.

    In the same process without running a body again that had returned; in another one with all that was acknowledged.
    """
    report = report_of("faulty", "power", fault, FAULT_STRIDE, tmp_path)
    for name, value in report.items():
        record_property(name, value)
    assert report["faults"] == []
    assert report["raised"] > 0
    assert report["points"] >= 2 * (report["recorded"] // FAULT_STRIDE)
    if fault.startswith(("write", "fsync")):
        assert report["named_a_task"] > 0


@linux
@registers
def test_a_store_that_takes_no_notice_of_errors_is_found_out(tmp_path: Path) -> None:
    """Control: the same faults, the same judge."""
    faults = report_of("faulty", "deaf", "write-ENOSPC", 2 * FAULT_STRIDE, tmp_path)["faults"]
    assert any("acknowledged, and lost" in each for each in faults)


@pytest.mark.skipif(shutil.which("strace") is None, reason="compares with strace, which is not installed here")
@linux
def test_every_call_is_every_call(tmp_path: Path) -> None:
    """Control: strace counts as many calls of a process as the tracer stops at."""
    program = "from tests.crash.tracing import run_traced; import os\n"
    program += "def body():\n    for _ in range(50): os.getppid()\n"
    traced = f"{program}calls = []\nrun_traced(body, lambda call: calls.append(call.kind) or 'go')\n"
    traced += "print(calls.count(max(set(calls), key=calls.count)))"
    ours = subprocess.run([sys.executable, "-c", traced], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    output = tmp_path / "strace"
    strace = ["strace", "-f", "-e", "trace=getppid", "-o", str(output), sys.executable, "-c", f"{program}body()"]
    subprocess.run(strace, cwd=ROOT, check=True)
    theirs = sum("getppid(" in line for line in output.read_text().splitlines())
    assert int(ours) == theirs == 50
