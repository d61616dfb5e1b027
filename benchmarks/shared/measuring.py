"""How figures are taken and worded: turns, processes, memory, targets. Knows nothing of what is measured."""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

Prepare = Callable[[], Callable[[], object]]  # untimed; gives what is to be timed

_KIB_PER_MIB: Final = 1024


@dataclass(frozen=True)
class Taken:
    """What the rounds of one contestant came to."""

    median: float
    best: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Self:
        """Sum up one figure a round."""
        return cls(statistics.median(figures), min(figures))


def take_turns(contestants: Mapping[str, Prepare], *, rounds: int) -> dict[str, list[float]]:
    """Give each contestant's seconds, round by round. All take turns, so a slow spell of the machine hits all."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, prepare in contestants.items():
            run = prepare()
            gc.collect()
            begin_s = time.perf_counter()
            made = run()
            seconds[name].append(time.perf_counter() - begin_s)
            del run, made  # before the next one is prepared, so that nobody pays for another's garbage
    return seconds


def verdict(figures: Sequence[float], most: float) -> str:
    """Say whether all of the figures meet a target."""
    met = [figure <= most for figure in figures]
    return "met" if all(met) else "met in part" if any(met) else "MISSED"


def peak_mib() -> float:
    """Give the most memory that this process has had in use since it began."""
    status = Path("/proc/self/status")
    if status.exists():  # `ru_maxrss` of a new process begins with what the process had that started it
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / _KIB_PER_MIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _KIB_PER_MIB / (_KIB_PER_MIB if sys.platform == "darwin" else 1)


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """Say when and where this is measured."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    today = datetime.now(tz=UTC).date()
    return f"{today}, {processors()} processors, {platform.system()} {platform.machine()}, {python}"


def interpreter_s(statement: str, *, python: str = sys.executable) -> float:
    """Start an interpreter that runs the statement and may keep byte code, and give how long it lived."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin_s = time.perf_counter()
    subprocess.run([python, "-c", statement], check=True, env=environment)
    return time.perf_counter() - begin_s


def in_child(script: str, *arguments: str) -> dict[str, float]:
    """Run `script --child …` in a process of its own; give the figures that it prints as JSON."""
    command = [sys.executable, script, "--child", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def arguments_of(description: str | None, *, rounds: int, rounds_help: str) -> argparse.ArgumentParser:
    """Begin a parser of arguments whose help is the whole of a script's docstring."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rounds", type=int, default=rounds, help=f"{rounds_help} (default: {rounds})")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)  # see in_child
    return parser
