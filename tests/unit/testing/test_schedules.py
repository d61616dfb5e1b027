"""Hypothesis as a driver."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import find, given, settings

from flowing.testing import Faults, schedules, simulate
from tests.unit.testing.flows import Shop

FLOW = Shop().flow


@given(schedules())
def test_any_schedule_is_a_run(choices: tuple[int, ...]) -> None:
    run = simulate(FLOW, bodies="stub", choices=choices, faults=Faults().any())
    assert len(run.results) == 4


def test_a_schedule_shrinks_to_what_matters() -> None:
    def is_cancelled(choices: tuple[int, ...]) -> bool:
        return simulate(FLOW, bodies="stub", choices=choices, faults=Faults().any()).results.cancelled

    plainest = find(schedules(), is_cancelled, settings=settings(max_examples=1_000, derandomize=True, database=None))
    assert sum(choice > 0 for choice in plainest) == 1


def test_neither_flowing_nor_its_simulator_loads_hypothesis_or_each_other() -> None:
    """[X12] Only who draws a schedule needs hypothesis, and only who simulates needs the simulator."""
    program = """
import sys, flowing
assert not any(name.startswith("flowing.testing") for name in sys.modules)
from flowing.testing import schedules
assert "hypothesis" not in sys.modules and "pytest" not in sys.modules
schedules()
assert "hypothesis" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
