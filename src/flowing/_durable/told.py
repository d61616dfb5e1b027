"""What the store knows of how a flow's tasks are declared. Writes nothing.

What it has of a task describes the result that it has, so it stays as long as that does, however the task is declared
by then: else a change would be seen once, and the way back would be taken for another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._record import record
from flowing.checkpoint import OverrideSaved
from flowing.core.state import has_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowing._durable.declaring import Declared
    from flowing.checkpoint import Change, Declaration, Definition
    from flowing.core.state import State


@record(eq=False)
class Told:
    """How the store has the tasks of a flow: as they are declared now, but for the `earlier` ones, which it has so.

    `has_all`: it knows of every task of the flow.
    """

    declared: Declared
    earlier: Mapping[str, Definition]
    has_all: bool = True

    @classmethod
    def by(cls, stored: Declaration, declared: Declared) -> Told:
        """Compare what is stored with what is declared. O(tasks + edges), and O(bytes) if nothing differs."""
        present = declared.declaration
        if stored.content == present.content:
            return cls(declared, {})
        return cls(declared, present.defined_otherwise(stored), {*stored.names}.issuperset(present.names))

    @property
    def declaration(self) -> Declaration:
        """What to tell the store, so that it has the tasks so."""
        return self.declared.declaration.with_earlier(self.earlier)

    def when_resumed(self, state: State, changes: Iterable[Change]) -> Told:
        """Give what to tell when a run goes on from a state, which these changes lead to."""
        given, numbers, codecs = _given(changes), state.graph.numbers, self.declared.codecs
        kept = {
            name: each
            for name, each in self.earlier.items()
            if name not in given and numbers[name] in codecs and has_result(state.table[numbers[name]])
        }
        return Told(self.declared, kept)

    def when_mended(self, changes: Iterable[Change]) -> Told:
        """Give what to tell with changes to a run that stands still; itself if that is nothing."""
        given = _given(changes)
        if self.has_all and given.isdisjoint(self.earlier):
            return self
        return Told(self.declared, {name: each for name, each in self.earlier.items() if name not in given})


def _given(changes: Iterable[Change]) -> set[str]:
    """Name the tasks that are given a value now: it is as they are declared now."""
    return {each.task for each in changes if isinstance(each, OverrideSaved)}
