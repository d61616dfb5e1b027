"""A crash after every event, and a resume with what survived."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from flowing import ConfigError, Flow, task
from flowing.testing import Faults, SimulationFailed, crash_everywhere, simulate
from tests.property import bugs
from tests.unit.testing.flows import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from flowing.testing import Simulation


def test_every_event_is_crashed_after_and_the_results_are_the_same() -> None:
    shop = Shop()
    events = len(simulate(shop.flow, bodies="stub").story)
    assert crash_everywhere(shop.flow, bodies="real").crashes == events - 1 > 5


def test_what_succeeded_before_the_crash_is_not_run_again() -> None:
    shop = Shop()
    crashes = crash_everywhere(shop.flow, bodies="real").crashes
    assert 1 + crashes < shop.calls.count("charge") < 2 * (1 + crashes)


def test_faults_strike_again_after_a_crash() -> None:
    """Attempts are counted from 1 in a resume, so that the same comes of it."""
    crash_everywhere(Shop().flow, bodies="real", faults=Faults().fail("charge", attempts=(1, 2)).hang("email"))


@pytest.mark.parametrize("fail_fast", [True, False])
def test_failures_stay_failures(fail_fast: bool) -> None:
    first = task(lambda: 1, name="first")
    second = task(lambda first: first, name="second", depends_on=[first], retry=1)
    flow = Flow(second, task(lambda: 3, name="third"), fail_fast=fail_fast, max_workers=2)
    for seed in range(10):
        crash_everywhere(flow, bodies="stub", seed=seed, faults=Faults().fail("second"))


def test_values_that_only_compare_by_identity_are_the_same_if_they_are_of_one_type() -> None:
    crash_everywhere(Flow(task(object, name="thing")), bodies="real")


def test_values_that_refuse_to_be_compared_are_compared_as_they_are_shown() -> None:
    class Array(list[int]):
        __hash__ = None

        @override
        def __eq__(self, other: object) -> bool:
            raise ValueError("ambiguous")

    crash_everywhere(Flow(task(lambda: Array([1]), name="array")), bodies="real")


def test_a_result_that_is_another_after_a_crash_is_found() -> None:
    counter = itertools.count()
    with pytest.raises(SimulationFailed, match="task 'count' has another value than without the crash"):
        crash_everywhere(Flow(task(lambda: next(counter), name="count")), bodies="real")


def test_a_resume_that_runs_again_what_succeeded_is_found() -> None:
    """Control."""
    with pytest.MonkeyPatch.context() as patch:
        bugs.put_in(bugs.resumes_what_succeeded, patch)
        with pytest.raises(SimulationFailed) as caught:
            crash_everywhere(Shop().flow, bodies="stub")
    assert "RunRestored" in str(caught.value)


def test_a_failure_says_how_to_see_it_again() -> None:
    """By the crashes: without one, the run is sound."""
    counter = itertools.count()
    flow = Flow(task(lambda: next(counter), name="count"))
    with pytest.raises(SimulationFailed) as caught:
        crash_everywhere(flow, bodies="real", seed=3, faults=Faults().take("count", 1.0))
    assert caught.value.replay == "crash_everywhere(flow, bodies='real', seed=3, faults=Faults().take('count', 1.0))"

    def check(run: Simulation) -> None:
        assert not any(type(event).__name__ == "RunRestored" for _, event in run.story)

    with pytest.raises(SimulationFailed) as caught:
        crash_everywhere(Shop().flow, bodies="stub", check=check)
    assert caught.value.replay == "crash_everywhere(flow, bodies='stub', seed=0, check=check)"


@pytest.mark.parametrize("faults", [Faults().any(), Faults().cancel(at_s=1.0)])
def test_what_has_no_results_to_compare_is_refused(faults: Faults) -> None:
    with pytest.raises(ConfigError, match="can have no any"):
        crash_everywhere(Shop().flow, bodies="stub", faults=faults)


def test_a_check_looks_at_every_run() -> None:
    seen: list[bool] = []
    crashes = crash_everywhere(Shop().flow, bodies="stub", check=lambda run: seen.append(run.results.ok)).crashes
    assert seen == [True] * (1 + crashes)


def test_with_a_checkpoint_what_was_committed_survives_and_no_file_is_touched(tmp_path: Path) -> None:
    """[P19] A crash between an attempt and its commit loses the attempt, and a resume makes the result again."""
    path = tmp_path / "run.db"

    def two() -> int:
        return 2

    first = task(two, name="first")
    second = task(two, name="second", after=[first])
    flow = Flow(second, checkpoint=path)
    kinds: list[str] = []
    crash_everywhere(
        flow, bodies="real", check=lambda run: kinds.extend(type(event).__name__ for _, event in run.story)
    )
    assert {"AttemptReturned", "CommitStarted", "ResultsCommitted", "RunRestored"} <= {*kinds}
    assert not path.exists()


def test_a_crash_during_a_commit_is_simulated_before_and_after_the_commit_took_effect(tmp_path: Path) -> None:
    """The one is made again, the other is not."""
    flow = Flow(task(lambda: 1, name="one"), checkpoint=tmp_path / "run.db")
    stories: list[list[str]] = []

    def check(run: Simulation) -> None:
        stories.append([type(event).__name__ for _, event in run.story])

    crashes = crash_everywhere(flow, bodies="stub", check=check).crashes
    undisturbed, *resumed = stories
    assert crashes == len(resumed) == len(undisturbed)  # one for each event but the last, and one more
    during = [story for story in resumed if story[story.index("RunRestored") - 1] == "CommitStarted"]
    assert [story.count("AttemptStarted") for story in during] == [2, 1]
