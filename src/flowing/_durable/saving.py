"""What is written of a run: rows of its table as records for a store. Pure, but for encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._record import record
from flowing._rows import step_result
from flowing.checkpoint import EndNoted, FailureSaved, OverrideSaved, ResultDropped, ResultSaved, store_error
from flowing.core.run_rules import past_of
from flowing.core.state import has_result
from flowing.core.status import (
    Cancelled,
    CommitDue,
    Failed,
    Invalidated,
    Provided,
    Rejected,
    Running,
    Skipped,
    Status,
    Succeeded,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from flowing.checkpoint import Saved, TaskCodec
    from flowing.core.state import State, Times


@record
class Writer:
    """Words what happened in one flow. `codecs` are those of the tasks whose results are stored, by number."""

    names: Sequence[str]
    codecs: Mapping[int, TaskCodec]

    def results(self, due: Sequence[tuple[int, CommitDue]], times: Times) -> list[Saved]:
        """Word results that are about to count. Of tasks whose results are not stored there are none."""
        names, codecs, shift_s = self.names, self.codecs, times.wall_s - times.at_s
        said: list[Saved] = []
        for task, row in due:
            run = row.run
            assert type(row.kept) is bytes, "a codec makes bytes"
            began_s, took_s = run.started_s + shift_s, row.ended_s - run.started_s
            fingerprint = codecs[task].fingerprint
            said.append(ResultSaved(names[task], row.kept, fingerprint, run.attempt, run.past, began_s, took_s))
        return said

    def begun(self, state: State) -> list[Saved]:
        """Word what a new run begins with: values that were given before it. O(tasks)."""
        said = [self._override(task, row) for task, row in enumerate(state.table) if isinstance(row, Provided)]
        return [each for each in said if each is not None]

    def dropped(self, before: State, after: State) -> list[Saved]:
        """Word which results of before are no results any more. O(tasks)."""
        return [
            ResultDropped(self.names[task], past_of(row))
            for task, (old, row) in enumerate(zip(before.table, after.table, strict=True))
            if old is not row and has_result(old) and not has_result(row)
        ]

    def mended(self, before: State, after: State) -> list[Saved]:
        """Word what an override or an invalidation changed. O(tasks).

        Raises:
            SerializationError: a value that was given can't be stored.
        """
        said = [self._mended(task, row, after) for task, row in _changed(before, after)]
        return [each for each in said if each is not None]

    def _mended(self, task: int, row: Status, state: State) -> Saved | None:
        match row:
            case Invalidated(past):
                return ResultDropped(self.names[task], past)
            case Provided():
                return self._override(task, row)
            case Succeeded(run, ended_s, value, stale) if task in self.codecs and state.run.times is not None:
                codec, shift_s = self.codecs[task], state.run.times.wall_s - state.run.times.at_s
                return ResultSaved(
                    self.names[task],
                    codec.encode(value),
                    codec.fingerprint,
                    run.attempt,
                    run.past,
                    run.started_s + shift_s,
                    ended_s - run.started_s,
                    stale,
                )
            case _:
                return None

    def _override(self, task: int, row: Provided) -> OverrideSaved | None:
        codec = self.codecs.get(task)
        if codec is None:
            return None
        return OverrideSaved(self.names[task], codec.encode(row.value), codec.fingerprint, row.past)

    def ends(self, before: State, after: State, *, marked: AbstractSet[int]) -> list[Saved]:
        """Word how tasks ended that made no result, since `before`. O(tasks).

        Of those in `marked` nothing is said: what is stored stays, that nobody knows how they ended.
        """
        changed = ((task, row) for task, row in _changed(before, after) if type(row) is not Succeeded)
        said = [self._end(task, row, after) for task, row in changed if task not in marked]
        return [each for each in said if each is not None]

    def _end(self, task: int, row: Status, state: State) -> Saved | None:
        name, times = self.names[task], state.run.times
        assert times is not None, "the run has begun"
        match row:
            case Failed(failure):
                run = failure.run
                began_s = times.wall_s + (run.started_s - times.at_s)
                error = store_error(failure.error)
                return FailureSaved(name, error, run.attempt, run.past, began_s, failure.ended_s - run.started_s)
            case Rejected(error):
                return FailureSaved(name, store_error(error), 0, row.past)
            case Skipped():
                return EndNoted(name, "SKIPPED", step_result(state, task).reason or "", 0, row.past)
            case Running() | Cancelled():
                run = row if isinstance(row, Running) else row.run
                return EndNoted(name, "CANCELLED", step_result(state, task).reason or "", run.attempt, run.past)
            case _:
                return None


def _changed(before: State, after: State) -> Iterator[tuple[int, Status]]:
    """Walk the rows that are not the same records any more. O(tasks)."""
    for task, (old, row) in enumerate(zip(before.table, after.table, strict=True)):
        if old is not row:
            yield task, row
