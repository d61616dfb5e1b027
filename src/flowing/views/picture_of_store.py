"""Make a picture of a run that is stored: of what its file says, and nothing else. Reads no file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from attrs import evolve

from flowing._text import counted, one_line
from flowing.checkpoint.records import (
    AttemptMarked,
    EndNoted,
    FailureSaved,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    Saved,
)
from flowing.results import StepState
from flowing.views.picture import DrawnTask, Picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowing.checkpoint.declaration import Definition
    from flowing.checkpoint.records import SavedRun


def picture_of_saved(saved: SavedRun, *, title: str = "") -> Picture:
    """Look at a stored run. A file knows no detached task, no waiting and no value, so none is drawn. O(tasks + edges).

    Raises:
        CheckpointCorrupt: how the tasks were declared can't be read.
    """
    definitions = _in_order(saved.declaration.definitions)
    places = {each.name: place for place, each in enumerate(definitions)}
    tasks: list[DrawnTask] = []
    for each in definitions:
        drawn = _drawn(each, saved.saved.get(each.name))
        crashes = saved.crashes.get(each.name, 0)
        if crashes and drawn.state is StepState.PENDING:
            drawn = evolve(drawn, why=f"the process died {counted(crashes, 'time')} while it was running")
        tasks.append(evolve(drawn, dependencies=_places(each, places)))
    notes = [f"{one_line(str(each))}" for each in saved.damage]
    if not saved.finished and any(each.state is StepState.PENDING for each in tasks):
        notes.append("The file does not say which of the PENDING tasks are running, or were when the process ended.")
    return Picture(tasks=tuple(tasks), title=title or f"run {saved.run_id}", run_id=saved.run_id, notes=tuple(notes))


def _in_order(definitions: Sequence[Definition]) -> Sequence[Definition]:
    """Put each after those that it depends on, else keep the order: new tasks of a resume are stored last."""
    by_name = {each.name: each for each in definitions}
    placed: dict[str, Definition] = {}
    for each in definitions:
        waiting = [each]
        entered: set[str] = set()
        while waiting:
            last = waiting[-1]
            first_visit = last.name not in entered
            entered.add(last.name)
            missing = [
                by_name[needed]
                for needed in reversed(last.dependencies)
                if first_visit and needed in by_name and needed not in placed and needed not in entered
            ]
            if missing:
                waiting += missing
            else:
                placed.setdefault(last.name, last)
                waiting.pop()
    return tuple(placed.values())


def _places(definition: Definition, places: Mapping[str, int]) -> tuple[int, ...]:
    """Find what it depends on: what stands before it, for a file can say anything."""
    needed = [places.get(name, len(places)) for name in dict.fromkeys(definition.dependencies)]
    return tuple([place for place in needed if place < places[definition.name]])


def _drawn(definition: Definition, last: Saved | None) -> DrawnTask:
    plain = DrawnTask(name=definition.name)
    match last:
        case None:
            return plain
        case ResultSaved():
            return evolve(
                plain,
                state=StepState.SUCCEEDED,
                attempts=last.attempt,
                started_s=_sane(last.began_s),
                duration_s=_sane(last.duration_s),
                value=f"{one_line(definition.shown_type)}, {len(last.payload):,} bytes stored",
            )
        case OverrideSaved():
            shown = f"{one_line(definition.shown_type)}, {len(last.payload):,} bytes stored"
            return evolve(plain, state=StepState.SUCCEEDED, overridden=True, why="overridden", value=shown)
        case FailureSaved():
            return evolve(
                plain,
                state=StepState.FAILED,
                attempts=last.attempt,
                started_s=_sane(last.began_s) if last.attempt else None,
                duration_s=_sane(last.duration_s) if last.attempt else None,
                why=one_line(last.error.summary),
                traceback="\n".join(map(one_line, last.error.traceback_text.splitlines())),
                root_cause=definition.name,
            )
        case EndNoted():
            state = StepState(last.state)
            return evolve(plain, state=state, attempts=last.attempt, why=one_line(last.reason))
        case AttemptMarked():
            why = f"attempt {last.attempt} began, and nobody knows how it ended"
            return evolve(plain, attempts=last.attempt, started_s=_sane(last.began_s), why=why)
        case ResultDropped():
            return evolve(plain, attempts=last.past.attempts)
        case _:
            assert_never(last)


_YEAR_5000_S: Final = 95_617_584_000.0


def _sane(time_s: float) -> float | None:
    """Give a time if it can be one, for a file can say anything."""
    return time_s if 0.0 <= time_s <= _YEAR_5000_S else None
