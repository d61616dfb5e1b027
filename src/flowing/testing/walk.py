"""A walk over every state that a run can reach, by every interleaving. Each state is gone on from once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, final

from flowing._record import record
from flowing.testing.choices import Every
from flowing.testing.keys import Key, key_of, rows_key
from flowing.testing.play import RUN_REQUESTED, Play
from flowing.testing.snapshots import Snapshot, restore, take

if TYPE_CHECKING:
    from flowing.testing.faults import Faults
    from flowing.testing.subject import Subject
    from flowing.testing.witness import Violation

_Path: TypeAlias = "tuple[_Path, tuple[int, ...]] | None"
_TRANSITIONS_PER_STATE: Final = 20  # more of them come of faults that hardly lead anywhere new


@record
class Walk:
    """How far a walk came. It is `complete` unless there were too many states, or `choices` lead to a violation.

    `ends` are the different ways in which the run can be over.
    """

    states: int
    transitions: int
    complete: bool
    ends: frozenset[Key]
    violation: Violation | None = None
    choices: tuple[int, ...] = ()


def walk(subject: Subject, faults: Faults, *, states_max: int, merges: bool = True) -> Walk:
    """Walk over all states, up to `states_max`; unless it `merges` states, over every path."""
    return _Walker(subject, faults, states_max=states_max, merges=merges).walk()


@final
class _Walker:
    def __init__(self, subject: Subject, faults: Faults, *, states_max: int, merges: bool) -> None:
        self._every = Every()
        self._play = Play(subject, faults, self._every, is_timed=False)
        self._states_max = states_max
        self._merges = merges
        self._states = self._transitions = 0
        self._seen: set[Key] = set()
        self._ends: set[Key] = set()
        self._waiting: list[tuple[Snapshot, _Path]] = []

    def walk(self) -> Walk:
        play = self._play
        play.begin(RUN_REQUESTED)
        self._arrive(None)
        while self._waiting and play.witness.violation is None and not self._is_too_far():
            snapshot, path = self._waiting.pop()
            restore(play, snapshot)
            self._step(path)
            while self._every.advance() and play.witness.violation is None:
                restore(play, snapshot)
                self._step(path)
        violation = play.witness.violation
        complete = violation is None and not self._is_too_far()
        choices = () if violation is None else self._choices
        return Walk(self._states, self._transitions, complete, frozenset(self._ends), violation, choices)

    def _is_too_far(self) -> bool:
        return self._states > self._states_max or self._transitions > self._states_max * _TRANSITIONS_PER_STATE

    def _step(self, path: _Path) -> None:
        self._play.step()
        self._transitions += 1
        self._arrive((path, tuple(self._every.taken)))

    def _arrive(self, path: _Path) -> None:
        """Look where the run is; if nobody has been there, ask about it, and go on from there some time."""
        play = self._play
        witness = play.witness
        if witness.violation is None:
            if play.world is None:
                key = (rows_key(play.rows, witness.ledger), play.state.phase, tuple(map(type, play.late)))
                if key not in self._ends:
                    self._ends.add(key)
                    self._states += 1
                    play.ask_about_the_end()
            elif self._is_new(key_of(play.world, play.rows)):
                self._states += 1
                play.ask_about_the_state()
                self._waiting.append((take(play), path))
        if witness.violation is not None:
            self._choices = _flat(path)

    def _is_new(self, key: Key) -> bool:
        if not self._merges:
            return True
        before = len(self._seen)
        self._seen.add(key)
        return len(self._seen) > before


def _flat(path: _Path) -> tuple[int, ...]:
    """Put the choices of all steps behind each other."""
    steps: list[tuple[int, ...]] = []
    while path is not None:
        path, step = path
        steps.append(step)
    return tuple([choice for step in reversed(steps) for choice in step])
