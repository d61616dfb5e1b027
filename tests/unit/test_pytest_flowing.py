"""The pytest plugin, as pytest finds it in the installed package."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flowing.testing import Simulator

pytest_plugins = ["pytester"]

TEST = """
from flowing import Flow, task

step = task(lambda: 1, name="step")

def test_it(flowing_simulator):
    assert flowing_simulator.simulate(Flow(step), bodies="real").results.ok
    assert flowing_simulator.seed == {seed}
"""


def test_the_fixture_simulates_with_the_seed_of_the_command_line(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST.format(seed=42))
    result = pytester.runpytest_subprocess("--flowing-seed", "42")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["flowing: --flowing-seed=42"])


def test_a_failure_says_with_which_seed_it_was_simulated(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST.format(seed=-1))
    result = pytester.runpytest_subprocess("--flowing-seed=random")
    result.assert_outcomes(failed=1)
    shown = re.search(r"^flowing: --flowing-seed=(\d+)$", result.stdout.str(), re.MULTILINE)
    assert shown is not None
    result.stdout.fnmatch_lines([f"simulated with --flowing-seed={shown[1]}"])


def test_without_an_option_the_seed_is_always_the_same_and_not_mentioned(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST.format(seed=0))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*flowing-seed*")


def test_a_wrong_seed_is_refused(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--flowing-seed=many")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--flowing-seed: invalid*"])


def test_the_fixture_has_every_function(flowing_simulator: Simulator) -> None:
    from flowing import Flow, task  # noqa: PLC0415 - after the fixture, as in a user's test

    flow = Flow(task(lambda: 1, name="step"))
    assert flowing_simulator.explore(flow, runs=3, bodies="stub").runs == 3
    assert flowing_simulator.exhaust(flow, bodies="stub").states > 1
    assert flowing_simulator.crash_everywhere(flow, bodies="real").crashes > 1


def test_the_plugin_imports_nothing_of_flowing() -> None:
    """[X12] pytest imports it in every run, also where nobody simulates; and coverage begins after it."""
    program = """
import sys, pytest_flowing
assert not any(name.split(".")[0] == "flowing" for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
