"""The control of the simulator: many bugs, each a rule that is wrong in one place, and each found within seconds."""

from __future__ import annotations

import pytest

from flowing.testing.choices import Seeded
from tests.property import bugs
from tests.property.seasons import play_season

SEEDS_MAX = 10_000  # so many take less than ten seconds
EVERY_BUG = (*bugs.BUGS_OF_RULES, *bugs.BUGS_OF_DECISIONS, *bugs.BUGS_IN_PLACES)


def is_found(seed: int) -> bool:
    """Play one season; an error that the bug makes between runs, where nobody catches it, counts too."""
    try:
        return play_season(Seeded(seed)).witness.violation is not None
    except Exception:  # noqa: BLE001 - whatever it is, it is the bug's: without one, no season raises
        return True


@pytest.mark.parametrize("bug", EVERY_BUG, ids=lambda bug: bug.__name__)
def test_a_bug_is_found(bug: bugs.Bug) -> None:
    with pytest.MonkeyPatch.context() as patch:
        bugs.put_in(bug, patch)
        assert any(is_found(seed) for seed in range(SEEDS_MAX)), f"{bug.__name__} was not found"


def test_there_are_many_bugs() -> None:
    assert len({bug.__name__ for bug in EVERY_BUG}) == len(EVERY_BUG) > 80


def test_without_a_bug_nothing_is_found() -> None:
    """The control of the control."""
    assert not any(is_found(seed) for seed in range(200))
