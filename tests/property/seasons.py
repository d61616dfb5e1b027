"""A season: a graph, a run of it, and whatever comes after: crashes, mending, resumes. All from one source of choices.

Nothing here judges: what is wrong is the `violation` of the play.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from flowing.core import Limits, Node, Policy, ResultProvided, ResultsInvalidated, compile_graph
from flowing.testing.faults import EVERYTHING, Faults, Freedom
from flowing.testing.play import Play
from flowing.testing.subject import subject_of_graph

if TYPE_CHECKING:
    from flowing.testing.choices import Choices
    from flowing.testing.subject import Subject

ANYTHING: Final = Faults(freedom=EVERYTHING)
CALM: Final = Faults(freedom=Freedom(durations=True, overlaps=3))  # so that long paths succeed, too
_NAMES: Final = "abcdef"
_TIMEOUTS_S: Final = (None, 2.0, 1.0)
_GRACES_S: Final = (10.0, 1.0)
_BACKOFFS_S: Final = (0.0, 1.0, 0.0, 4.0)


def draw_subject(choices: Choices) -> Subject:
    """Draw a graph of up to six tasks, with its policies, timeouts and limits, with a store or without."""
    nodes: list[Node] = []
    detached: set[str] = set()
    density = 2 + choices.below(2, "density")
    for name in _NAMES[: 1 + choices.below(len(_NAMES), "how many tasks")]:
        needed = tuple(each.name for each in nodes if choices.below(density, f"whether {name} needs {each.name}") == 1)
        if not detached.isdisjoint(needed) or choices.below(4, f"whether {name} is detached") == 3:
            detached.add(name)
        policy = Policy(
            retries=choices.below(3, "retries"),
            backoff_base_s=_BACKOFFS_S[choices.below(len(_BACKOFFS_S), "back-off")],
            backoff_max_s=5.0,
            jitter=choices.below(4, "jitter") == 3,
        )
        nodes.append(Node(name, needed, policy=policy, detached=name in detached))
    limits = Limits(
        workers=1 + choices.below(3, "workers"),
        abandoned=choices.below(3, "abandoned threads that are replaced"),
        fail_fast=choices.below(2, "fail_fast") == 1,
    )
    timeouts_s = [_TIMEOUTS_S[choices.below(len(_TIMEOUTS_S), "timeout")] for _ in nodes]
    is_stored = choices.below(3, "whether there is a store") == 2
    subject = subject_of_graph(compile_graph(nodes, limits), timeouts_s=timeouts_s, is_stored=is_stored)
    return evolve(subject, grace_s=_GRACES_S[choices.below(len(_GRACES_S), "grace")])


def play_season(choices: Choices) -> Play:
    """Play a run to its end; perhaps it crashes, once or more; perhaps it is mended and resumed, up to twice."""
    subject = draw_subject(choices)
    crash_after = _draw_crash(choices)
    faults = (ANYTHING, CALM)[choices.below(2, "whether all goes well")]
    play = Play(subject, faults, choices, crash_after=crash_after)
    for _ in range(choices.below(4, "what is known before") // 2):
        _mend(play, choices)
    play.run()
    _recover(play, choices)
    for _ in range(choices.below(3, "how often it is resumed")):
        if play.witness.violation is not None:
            break
        for _ in range(choices.below(3, "how much is mended")):
            _mend(play, choices)
        play.resume(rerun_detached=choices.below(2, "whether detached tasks are run again") == 1)
        _recover(play, choices)
    return play


def _draw_crash(choices: Choices) -> int | None:
    return 1 + choices.below(20, "after which event it crashes") if choices.below(4, "crash") == 3 else None


def _recover(play: Play, choices: Choices) -> None:
    """Go on after a crash, and after those of the processes that do."""
    while play.survivors is not None and play.witness.violation is None:
        play.run_again(crash_after=_draw_crash(choices))


def _mend(play: Play, choices: Choices) -> None:
    task = choices.below(play.state.graph.size, "which one is mended")
    if choices.below(2, "in which way"):
        play.mend(ResultProvided(task, f"given {len(play.witness.story)}"))
    else:
        play.mend(ResultsInvalidated((task,)))
