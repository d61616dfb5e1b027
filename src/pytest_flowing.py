"""The pytest plugin: a fixture that simulates flows with the seed of the command line. Simulates nothing by itself.

It lies beside the package and not inside it, because pytest imports its plugins before everything else, in every run:
flowing is imported when a test asks for the fixture.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from flowing.testing import Simulator

_OPTION = "--flowing-seed"
_SEEDS = 1 << 32


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the seed."""
    parser.getgroup("flowing").addoption(
        _OPTION,
        type=_seed,
        default=0,
        metavar="SEED",
        help="seed of the fixture flowing_simulator: a number, or `random` for another one in each run (default: 0)",
    )


def _seed(text: str) -> int:
    return secrets.randbelow(_SEEDS) if text == "random" else int(text)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Show the seed, where one was chosen."""
    return f"flowing: {_OPTION}={_seed_of(config)}" if _seed_of(config) else None


def _seed_of(config: pytest.Config) -> int:
    seed: object = config.getoption(_OPTION)
    assert isinstance(seed, int)
    return seed


@pytest.fixture
def flowing_simulator(request: pytest.FixtureRequest) -> Simulator:
    """Give `simulate`, `explore`, `exhaust` and `crash_everywhere` with the seed of `--flowing-seed`."""
    from flowing.testing import Simulator  # noqa: PLC0415 - see above

    return Simulator(seed=_seed_of(request.config))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say below a failure with which seed it was simulated."""
    report = yield
    if report.failed and "flowing_simulator" in getattr(item, "fixturenames", ()):
        report.sections.append(("flowing", f"simulated with {_OPTION}={_seed_of(item.config)}"))
    return report
