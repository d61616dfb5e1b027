"""Going back to where a run was: nothing that changes is forgotten, neither in a snapshot nor in the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from flowing.core import Limits, Node, Policy, compile_graph
from flowing.testing.choices import Seeded
from flowing.testing.faults import Faults, Freedom
from flowing.testing.keys import key_of
from flowing.testing.play import RUN_REQUESTED, Play
from flowing.testing.snapshots import restore, take
from flowing.testing.subject import subject_of_graph

if TYPE_CHECKING:
    from flowing.testing.keys import Key
    from flowing.testing.world import SimulatedWorld

FREEDOM = Freedom(errors=True, gates=True, stops=True, stale_timers=True, store_errors=True, overlaps=1)


def begun(seed: int) -> tuple[Play, Seeded]:
    nodes = [Node("a", policy=Policy(retries=1)), Node("b"), Node("c", ("a", "b")), Node("d", ("a",), detached=True)]
    subject = subject_of_graph(
        compile_graph(nodes, Limits(workers=2, abandoned=1)), timeouts_s=[1.0, None, 1.0, None], is_stored=seed % 2 == 1
    )
    choices = Seeded(seed)
    freedom = evolve(FREEDOM, cancels=seed % 4 == 2, refusals=seed % 8 == 3)
    play = Play(subject, Faults(freedom=freedom), choices, is_timed=False)
    play.begin(RUN_REQUESTED)
    return play, choices


def world_of(play: Play) -> SimulatedWorld:
    assert play.world is not None
    return play.world


def key(play: Play) -> Key:
    return key_of(world_of(play), play.rows)


@pytest.mark.parametrize("seed", range(40))
def test_a_run_that_was_gone_back_to_goes_on_as_if_nothing_had_happened(seed: int) -> None:
    """By the same choices it takes the same way, however far it had gone another one."""
    play, _ = begun(seed)
    for _ in range(seed % 7):
        if play.world is not None:
            play.step()
    if play.world is None:
        return
    before, snapshot = key(play), take(play)
    ways: list[tuple[list[Key], str, list[str]]] = []
    for way_seed in (1, 2, 1, 2):
        restore(play, snapshot)
        assert key(play) == before
        world_of(play).choices = Seeded(way_seed)
        way: list[Key] = []
        while play.world is not None:
            way.append(key(play))
            play.step()
            assert play.witness.violation is None
        ways.append((way, repr(play.rows), play.witness.ledger.known))
    assert ways[0] == ways[2]
    assert ways[1] == ways[3]


def test_no_part_of_the_desk_that_changes_is_left_out_of_the_key() -> None:
    """Beside the state, and what ends the run; a new part of another kind has to be looked at here."""
    changed: set[str] = set()
    for seed in range(40):
        play, _ = begun(seed)
        desk, parts = world_of(play).desk, set(world_of(play).desk_parts)
        first = dict(vars(desk))
        while play.world is not None:
            play.step()
            changed |= {name for name, value in vars(desk).items() if value is not first[name]}
            changed |= {name for name, value in vars(desk).items() if value and name in parts}
        assert changed <= parts | {"state", "broken"}
    assert {"state", "live", "_asleep"} <= changed


def test_keys_tell_apart_what_goes_on_differently() -> None:
    """Control: along a run, hardly two moments have one key."""
    keys: list[Key] = []
    for seed in range(20):
        play, _ = begun(seed)
        while play.world is not None:
            keys.append(key(play))
            play.step()
    assert len(set(keys)) > len(keys) / 3
