"""What the command line finds out about a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing import Flow, task
from flowing._cli.inside import grace_s, has_checkpoint, has_run, noted, running

if TYPE_CHECKING:
    from pathlib import Path


@task
def one() -> int:
    return 1


def test_a_flow_tells_what_it_was_given(tmp_path: Path) -> None:
    flow = Flow(one, grace_s=2.5)
    assert (has_checkpoint(flow), grace_s(flow)) == (False, 2.5)
    assert has_checkpoint(flow.with_checkpoint(tmp_path / "run.db"))


def test_a_flow_tells_whether_it_has_run() -> None:
    """An override alone runs nothing."""
    flow = Flow(one)
    flow.override(one, 2)
    assert not has_run(flow)
    flow.run()
    assert has_run(flow)


def test_only_what_runs_now_is_named() -> None:
    """And nothing before, or afterwards."""
    seen: list[tuple[str, ...]] = []

    @task(depends_on=[one])
    def two(one: int) -> int:
        seen.append(running(flow))
        return one

    flow = Flow(two)
    assert running(flow) == ()
    flow.run()
    assert (seen, running(flow)) == ([("two",)], ())


def test_it_is_noted_whether_anything_begins() -> None:
    """A resume that finds everything done begins nothing."""
    flow = Flow(one)
    with noted(flow) as first:
        flow.run()
    with noted(flow) as second:
        flow.resume()
    assert (first.anything, second.anything) == (True, False)
