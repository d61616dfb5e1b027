"""The example that brings its own shell does what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples import own_shell

from flowing.core import Closed, Failed, RunRequested, Skipped, Succeeded, check, initial, transition

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest


def test_the_example_runs_its_graph(capsys: pytest.CaptureFixture[str]) -> None:
    """With a retry, a join, and a detached task that runs last."""
    own_shell.main()
    assert capsys.readouterr().out.splitlines() == [
        "Lisbon: 18 degrees",
        "fetch     Succeeded, attempts: 2",
        "place     Succeeded, attempts: 1",
        "report    Succeeded, attempts: 1",
        "announce  Succeeded, attempts: 1",
    ]


def test_the_examples_loop_lives_with_failures() -> None:
    """The rules are the core's, whoever drives it."""

    def fail(inputs: Mapping[str, object]) -> object:
        raise LookupError("no place")

    first = transition(initial(own_shell.GRAPH), RunRequested(0.0, 0.0, "run"))
    state = own_shell.run({**own_shell.make_bodies(), "place": fail}, first)
    check(state)
    assert isinstance(state.phase, Closed)
    rows = dict(zip(state.graph.names, state.table, strict=True))
    assert isinstance(rows["fetch"], Failed | Succeeded)
    assert isinstance(rows["place"], Failed)
    assert isinstance(rows["report"], Skipped)
    assert isinstance(rows["announce"], Skipped)
