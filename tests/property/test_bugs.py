"""The control of the simulator: many bugs, each a rule that is wrong in one place, and each found within seconds.

`python -m tests.property.test_bugs` prints a table of them: by which seed, and in how many seconds of the processor.
"""

from __future__ import annotations

import sys
import time
from typing import Final

import pytest

from flowing.testing.choices import Seeded
from tests.property import bugs
from tests.property.seasons import play_season

SEEDS_MAX = 10_000  # so many take less than ten seconds
EVERY_BUG: Final[tuple[bugs.Bug, ...]] = (*bugs.BUGS_OF_RULES, *bugs.BUGS_OF_DECISIONS, *bugs.BUGS_IN_PLACES)


def is_found(seed: int) -> bool:
    """Play one season; an error that the bug makes between runs, where nobody catches it, counts too."""
    try:
        return play_season(Seeded(seed)).witness.violation is not None
    except Exception:  # noqa: BLE001 - whatever it is, it is the bug's: without one, no season raises
        return True


def finding_seed(bug: bugs.Bug) -> int | None:
    """Play seasons with the bug, until one is wrong."""
    with pytest.MonkeyPatch.context() as patch:
        bugs.put_in(bug, patch)
        return next((seed for seed in range(SEEDS_MAX) if is_found(seed)), None)


@pytest.mark.parametrize("bug", EVERY_BUG, ids=lambda bug: bug.__name__)
def test_a_bug_is_found(bug: bugs.Bug) -> None:
    assert finding_seed(bug) is not None


def test_there_are_many_bugs() -> None:
    assert len({bug.__name__ for bug in EVERY_BUG}) == len(EVERY_BUG) > 80


def test_without_a_bug_nothing_is_found() -> None:
    """The control of the control."""
    assert not any(is_found(seed) for seed in range(200))


def print_table() -> None:
    """Print how soon each bug is found, the slowest last."""
    found: list[tuple[float, str, int | None]] = []
    for bug in EVERY_BUG:
        began_s = time.process_time()
        seed = finding_seed(bug)
        found.append((time.process_time() - began_s, bug.__name__, seed))
    sys.stdout.write(f"{'BUG':<60} {'SEED':>6} {'SECONDS':>8}\n")
    sys.stdout.writelines(f"{name:<60} {seed!s:>6} {seconds:>8.2f}\n" for seconds, name, seed in sorted(found))


if __name__ == "__main__":
    print_table()
