"""The usual life of a script with a checkpoint: it dies, is mended, and is run again; nothing is done twice."""

from __future__ import annotations

import gc
import logging
from typing import TYPE_CHECKING

import pytest

from flowing import CheckpointError, CheckpointLocked, Flow, StepState, Task, task
from flowing.checkpoint import SqliteStore
from tests.unit.durable.lives import Lives, note, states

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED = StepState


def test_a_script_that_died_in_step_nine_runs_steps_one_to_eight_only_once(lives: Lives) -> None:
    """The author mends step nine, and runs the same script again."""
    names = [f"step_{number}" for number in range(1, 11)]
    lives.broken = {"step_9"}
    first = lives.flow(lives.line(*names)[-1])
    assert not first.resume().ok
    assert lives.ran_since() == names[:9]
    lives.end(first)

    lives.broken = set()
    steps = lives.line(*names)
    again = lives.flow(steps[-1])
    assert again.resume().ok
    assert lives.ran_since() == names[8:]
    assert [again.value(step) for step in steps] == list(range(1, 11))


def test_a_script_calls_resume_from_the_first_day(lives: Lives, caplog: pytest.LogCaptureFixture) -> None:
    """On an empty file it runs, on an unfinished run it goes on, a finished one it gives back, and says so."""
    caplog.set_level(logging.INFO, "flowing")
    expected = [["a", "b"], ["b", "c"], [], []]
    for life in range(4):
        lives.broken = {"b"} if life == 0 else set()
        flow = lives.flow(lives.line("a", "b", "c")[-1])
        results = flow.resume()
        assert lives.ran_since() == expected[life]
        assert results.ok is (life > 0)
        finished = "the run is finished: its results are given back, and nothing was started"
        assert (finished in caplog.messages) is (life > 1)
        lives.end(flow)


def test_a_finished_run_is_given_back_as_it_was(lives: Lives) -> None:
    """With values of the types that were annotated, attempts, times and durations."""

    def declared() -> tuple[Task[dict[str, tuple[int, ...]]], Flow]:
        @task(retry=1, retry_backoff_base_ms=0)
        def fetch() -> dict[str, tuple[int, ...]]:
            lives.says("fetch")
            if len(lives.ran) == 1:
                raise OSError
            return {"items": (1, 2, 3)}

        return fetch, lives.flow(fetch)

    fetch, flow = declared()
    before = flow.resume()[fetch]
    lives.end(flow)
    fetch, flow = declared()
    after = flow.resume()[fetch]
    assert after.value == {"items": (1, 2, 3)}
    assert (after.state, after.attempts) == (SUCCEEDED, 2)
    assert after.started_at is not None
    assert before.started_at is not None
    assert abs((after.started_at - before.started_at).total_seconds()) < 1
    assert after.duration_s == pytest.approx(before.duration_s, abs=1e-6)
    assert lives.ran == ["fetch", "fetch"]


def test_run_begins_anew_and_says_so_if_the_run_before_was_not_finished(
    lives: Lives, caplog: pytest.LogCaptureFixture
) -> None:
    """The same in the process that did not finish it, and in the next."""
    lives.broken = {"b"}
    flow = lives.flow(lives.line("a", "b")[-1])
    flow.run()
    assert "resume()" not in caplog.text
    flow.run()
    assert "the one before is not finished, and resume() would have gone on with it" in caplog.text
    lives.end(flow)
    caplog.clear()

    lives.broken = set()
    flow = lives.flow(lives.line("a", "b")[-1])
    assert flow.run().ok
    assert "the one before is not finished, and resume() would have gone on with it" in caplog.text
    caplog.clear()
    assert flow.run().ok
    lives.end(flow)
    assert lives.flow(lives.line("a", "b")[-1]).run().ok
    assert caplog.messages == []
    assert lives.ran == ["a", "b"] * 5


def test_what_never_ran_runs_when_the_run_goes_on(lives: Lives) -> None:
    """Tasks that failed, were skipped or cancelled, or were never started: with a fresh retry budget."""

    def flow_of() -> Flow:
        a, b = lives.line("a", "b", retry=1, retry_backoff_base_ms=0)
        return lives.flow(b, lives.number("c", [a]), lives.number("d", [a]), max_workers=1)

    lives.broken = {"b"}
    flow = flow_of()
    flow.resume()
    assert states(flow) == {"a": SUCCEEDED, "b": FAILED, "c": CANCELLED, "d": CANCELLED}
    assert lives.ran_since() == ["a", "b", "b"]
    lives.end(flow)
    flow = flow_of()
    flow.resume()
    assert lives.ran_since() == ["b", "b"]
    lives.end(flow)
    lives.broken = set()
    flow = flow_of()
    assert flow.resume().ok
    assert lives.ran_since() == ["b", "c", "d"]
    assert {name: result.attempts for name, result in flow.results.items()} == {"a": 1, "b": 5, "c": 1, "d": 1}


def test_a_task_that_is_new_runs_also_in_a_finished_run(lives: Lives, caplog: pytest.LogCaptureFixture) -> None:
    """And the run is finished again when it has."""
    caplog.set_level(logging.INFO, "flowing")
    flow = lives.flow(*lives.line("a", "b"))
    flow.resume()
    lives.end(flow)
    for expected in (["c"], []):
        flow = lives.flow(*lives.line("a", "b", "c"))
        assert flow.resume().ok
        assert lives.ran[2:] == expected
        assert ("the run is finished" in caplog.text) is (expected == [])
        lives.ran.pop() if expected else None
        lives.end(flow)


def test_a_run_can_be_asked_for_by_name(tmp_path: Path) -> None:
    """Two runs of one file, each gone on with by its own name."""
    ran: list[str] = []

    def flow_of(run_id: str, *, broken: bool) -> Flow:
        @task
        def first() -> str:
            ran.append(run_id)
            return run_id

        @task(depends_on=[first])
        def last(first: str) -> str:
            assert not broken
            return first * 2

        return Flow(last, checkpoint=SqliteStore(tmp_path / "run.db", run_id=run_id))

    for broken in (True, False):
        for run_id in ("monday", "tuesday"):
            with flow_of(run_id, broken=broken) as flow:
                assert flow.resume().ok is not broken
                if not broken:
                    assert flow.results["last"].value == run_id * 2
    assert ran == ["monday", "tuesday"]


def test_one_checkpoint_has_one_flow_at_a_time(tmp_path: Path) -> None:
    """[P12] The second is told who has it; closing, the end of a block, and nobody's holding it any more, free it."""
    path = tmp_path / "run.db"

    def flow_of() -> Flow:
        return Flow(task(lambda: 1, name="one"), checkpoint=path)

    first, second = flow_of(), flow_of()
    first.resume()
    for call in (second.run, second.resume):
        with pytest.raises(CheckpointLocked, match="is held by another flow of this very process"):
            call()
    first.close()
    first.close()
    with second:
        assert second.resume()["one"].value == 1
        with pytest.raises(CheckpointLocked):
            first.resume()
    assert first.resume().ok
    del first
    gc.collect()
    assert second.resume().ok


def test_a_flow_that_was_closed_reads_the_run_anew(tmp_path: Path) -> None:
    """What another flow did meanwhile counts; without the file, it begins."""
    path = tmp_path / "run.db"
    one = task(lambda: 1, name="one")
    first, second = Flow(one, checkpoint=path), Flow(one, checkpoint=path)
    first.resume()
    first.close()
    second.override(one, 2)
    second.resume()
    second.close()
    assert first.value(one) == 1
    assert first.resume()[one].value == 2
    first.close()
    path.unlink()
    assert first.resume()[one].value == 1


def pair(path: Path) -> tuple[Flow, list[str], Task[int]]:
    """Make a flow of two tasks that note that they run."""
    ran: list[str] = []
    one = task(lambda: note(ran, "one", 1), name="one")
    two = task(lambda one: note(ran, "two", one + 1), name="two", depends_on=[one])
    return Flow(two, checkpoint=path), ran, two


@pytest.mark.parametrize("ending", ["", "-wal", ".lock", "*"])
def test_a_file_that_is_removed_while_it_is_held_is_noticed_by_the_next_call(tmp_path: Path, ending: str) -> None:
    """[P9] Nothing is written where no other process would find it, and what is in memory stays there."""
    path = tmp_path / "run.db"
    flow, ran, two = pair(path)
    assert flow.resume().ok
    for gone in tmp_path.glob(f"run.db{ending}"):
        gone.unlink()
    calls: list[Callable[[], object]] = [
        flow.resume,
        flow.run,
        lambda: flow.invalidate(two),
        lambda: flow.override(two, 5),
    ]
    for call in calls * 2:
        with pytest.raises(
            CheckpointError, match=r"run\.db.* is not the file any more .*put it back, or close\(\)"
        ) as caught:
            call()
        assert caught.value.path == str(path)
        assert (flow.value(two), ran) == (2, ["one", "two"])
    flow.close()
    flow.override(two, 5)
    assert flow.resume()[two].value == 5
    assert flow.run()[two].value == 2
    flow.close()
    with pair(path)[0] as again:
        assert again.resume()["two"].value == 2


def test_another_file_in_its_place_is_noticed_and_read_after_close(tmp_path: Path) -> None:
    """[P9] Also where that is held itself."""
    path = tmp_path / "run.db"
    flow, _, two = pair(path)
    flow.resume()
    for file in tmp_path.glob("run.db*"):
        file.rename(tmp_path / f"away{file.name}")
    other, _, two_again = pair(path)
    other.override(two_again, 7)
    assert other.resume().ok
    with pytest.raises(CheckpointError, match="is not the file any more that this flow holds"):
        flow.resume()
    flow.close()
    assert path.with_name("run.db.running").exists(), "close() takes nothing away from the other"
    other.invalidate(two_again)
    assert other.resume()[two_again].value == 2
    other.override(two_again, 7)
    other.close()
    assert flow.resume()[two].value == 7


def test_what_is_put_back_is_gone_on_with(tmp_path: Path) -> None:
    """It is the file, not its name; what else lies beside it does not count."""
    path, away = tmp_path / "run.db", tmp_path / "away"
    flow, ran, two = pair(path)
    flow.resume()
    path.rename(away)
    with pytest.raises(CheckpointError, match="is not the file any more"):
        flow.resume()
    away.rename(path)
    path.with_name("run.db.running").unlink()
    flow.invalidate(two)
    assert flow.resume().ok
    assert ran == ["one", "two", "two"]
    flow.close()
    assert pair(path)[0].resume().ok


def test_a_flow_without_a_checkpoint_has_nothing_to_close() -> None:
    with Flow(task(lambda: 1, name="one")) as flow:
        assert flow.run().ok
    assert flow.resume().ok
