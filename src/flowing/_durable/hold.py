"""A flow's hold on its store: opens it, reads the run, and has everything written that must not be lost.

The caller's side of it; `scribe` is the workers'. No scheduling, and nothing of a file.
"""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final, Never, final

from attrs import evolve

from flowing._bodies import BoundCall
from flowing._durable.aside import Aside
from flowing._durable.declaring import bodies_that_keep, declared
from flowing._durable.leaving import LEAVE_S, closed_in_the_end
from flowing._durable.restoring import Now, OnChange, OnUnreadable, Reader, with_inputs, with_unstored
from flowing._durable.saving import Writer
from flowing._durable.scribe import Scribe
from flowing._durable.told import Told
from flowing._record import record
from flowing._text import describe_error, type_name
from flowing.checkpoint import OnFiles, RunBegun, RunFinished, RunResumed, SqliteStore, Store
from flowing.checkpoint.collector import collector_paused
from flowing.checkpoint.wording import forked, uncertain
from flowing.core.state import Idle, has_result, initial
from flowing.core.status import Running
from flowing.errors import AttemptUncertain, CheckpointError, ConfigError, CrashLoop
from flowing.shell.log import inform, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowing._bodies import Body
    from flowing._compile import Compiled
    from flowing._durable.restoring import Restored
    from flowing.checkpoint import Change, Saved
    from flowing.core.state import State, Times


@record(eq=False)
class _Doubt:
    """A mend whose commit failed, so that nobody knows whether it is stored; the first of its changes tells."""

    before: State
    after: State
    change: Saved


@final
class Hold:
    """One flow, one store. Opened at the first use, and held until `close`.

    What a caller asks of the store is done aside, where an interrupt of the caller can't hit it. So one may come
    between what is stored and what the caller remembers; each call looks for that first.
    """

    def __init__(
        self,
        checkpoint: str | os.PathLike[str] | Store,
        compiled: Compiled,
        *,
        on_change: OnChange,
        on_unreadable: OnUnreadable,
        max_crashes: int,
    ) -> None:
        """Make ready to store the results of every task; opens nothing.

        Raises:
            SerializationError: results of a task can't be stored; names it, the type and the ways out.
            ConfigError: the path can't be one.
        """
        self._store: Final = _store_of(checkpoint)
        self._path: Final = str(getattr(self._store, "path", type(self._store).__name__))
        self._declared: Final = declared(compiled, self._store.codec)
        self._bodies: Final = bodies_that_keep(compiled.bodies, self._declared.codecs)
        self._writer: Final = Writer(compiled.graph.names, self._declared.codecs)
        self._reader: Final = Reader(
            graph=compiled.graph,
            declared=self._declared,
            path=self._path,
            on_change=on_change,
            on_unreadable=on_unreadable,
            max_crashes=max_crashes,
        )
        self._turn: Final = threading.Lock()  # the store takes one call at a time
        self._aside: Final = Aside(self._turn)
        self._pid: int | None = None  # the process that has it open
        self._keep_open: Callable[[], None] | None = None  # undoes that it is closed when nobody closes it
        self._run_id: str | None = None  # the run that the store is at
        self._truth: State | None = None  # what to go on from, until the caller is known to have heard of it
        self._doubt: _Doubt | None = None
        self._unwritten: list[Saved] = []  # what reading the run changed in it
        self._finished = False  # the run is, and the store knows
        self._told = Told(self._declared, {})
        self._refused: dict[int, CheckpointError] = {}
        self._scribe: Scribe | None = None
        self._busy: Final[list[Scribe]] = []  # the one whose session goes on

    # ── before a session ─────────────────────────────────────────────────────────────────────────

    def take_over(self, state: State, *, anew: bool) -> State:
        """Give the state to go on from: that of the stored run, unless `state` is that already.

        With `anew` only to begin a new run: then results are not read, and it is said if there is a run that was not
        finished.

        Raises:
            CheckpointError: it can't be opened, or read; the subclass and the message say why, and the way out.
            ForkedProcessError: a process that this one was forked from holds it.
        """
        if self._pid not in (None, os.getpid()):
            assert self._pid is not None
            raise forked(self._path, owner=self._pid)
        return self._aside.do(partial(self._taken_over, state, anew=anew))

    def _taken_over(self, state: State, *, anew: bool) -> State:
        if self._pid is None:
            self._open()
            try:
                return self._read(state, anew=anew)
            except BaseException:
                self._close()
                raise
        if isinstance(self._store, OnFiles):
            self._store.check_files()
        self._end_scribe(state)
        if self._doubt is not None:
            self._resolve(self._doubt)
        if self._truth is not None:
            state = self._truth
        if self._run_id != _id_of(state):
            return self._read(state, anew=anew, known=_id_of(state))
        if anew and not isinstance(state.phase, Idle) and not all(has_result(row) for row in state.table):
            _warn_of_unfinished_run()
        return state

    def _open(self) -> None:
        for warning in self._store.open():
            warn("%s", warning)
        self._pid = os.getpid()
        self._keep_open = closed_in_the_end(self, self._store, self._turn, self._busy)

    def _read(self, state: State, *, anew: bool, known: str | None = None) -> State:
        """Read the run that is stored, unless it is the `known` one; without one the flow has not begun."""
        if anew:
            self._look_for_unfinished_run()
            return state
        with collector_paused():
            found = self._restored(known)
        if found is None:
            as_it_is = self._run_id is not None or isinstance(state.phase, Idle)
            return state if as_it_is else initial(state.graph, epoch=state.epoch + 1)
        for warning in found.warnings:
            warn("%s", warning)
        self._unwritten = [] if found.state is found.stored else self._writer.dropped(found.stored, found.state)
        self._refused, self._finished = dict(found.refused), found.finished
        self._truth = found.state
        return found.state

    def _restored(self, known: str | None) -> Restored | None:
        """Read the run that is stored; None where there is none, or it is the `known` one."""
        saved = self._store.load(accept_damage=self._reader.on_unreadable == "recompute")
        self._run_id = None if saved is None else saved.run_id
        if saved is None or saved.run_id == known:
            return None
        self._told = Told.by(saved.declaration, self._declared)
        return self._reader.restored(saved, Now(time.monotonic(), time.time()))

    def _look_for_unfinished_run(self) -> None:
        try:
            saved = self._store.load(accept_damage=True)
        except CheckpointError as error:
            warn("run() begins a new run beside one that can't be read: %s", describe_error(error))
        else:
            if saved is not None and not saved.finished:
                _warn_of_unfinished_run()

    def _resolve(self, doubt: _Doubt) -> None:
        """Find out whether the mend that failed was stored all the same."""
        saved = self._store.load(accept_damage=True)
        stored = saved is not None and saved.saved.get(doubt.change.task) == doubt.change
        self._truth, self._doubt = doubt.after if stored else doubt.before, None
        if saved is not None:
            self._told = Told.by(saved.declaration, self._declared)
        if stored:
            self._unwritten, self._finished = [], False
            self._decided(doubt.before, doubt.after)

    def _end_scribe(self, state: State) -> None:
        """Let no thread of the last session write any more; refuse what it broke off and may not begin again."""
        self._busy.clear()
        if self._scribe is None:
            return
        self._scribe.end()
        for task in self._scribe.begun:
            row = state.table[task]
            if isinstance(row, Running):
                self._refused[task] = uncertain(state.graph.names[task], attempt=row.attempt)
        self._scribe = None

    def new_run_id(self) -> str:
        """Name a run that begins."""
        return self._store.run_id or os.urandom(16).hex()

    def before_resume(self, state: State) -> State:
        """Have tasks whose values are not stored run again where they are needed."""
        return with_unstored(state, self._declared.unstored)

    def with_inputs(self, state: State, values: Mapping[int, object]) -> State:
        """Give a stored run values of parameters that it lacks; they are written when it goes on.

        Raises:
            SerializationError: a value can't be stored.
        """
        given = with_inputs(state, values)
        names = {given.graph.names[task] for task in values}
        self._unwritten += [each for each in self._writer.begun(given) if each.task in names]
        return given

    def has_begun(self, before: State, state: State, *, anew: bool) -> Scribe:
        """Write that a run begins, with what was given before it, or that it goes on; give who writes for its workers.

        Raises:
            SerializationError: a value that was given before the run can't be stored.
            CheckpointError: it has not begun, or nobody knows.
        """
        return self._aside.do(partial(self._begun if anew else self._resumed, before, state))

    def _begun(self, _before: State, state: State) -> Scribe:
        times = _times_of(state)
        changes = [RunBegun(times.id, times.wall_s, self._declared.declaration), *self._writer.begun(state)]
        self._truth, self._run_id = None, _UNKNOWN
        self._store.commit(changes)
        self._run_id = times.id
        self._unwritten, self._refused, self._finished = [], {}, False
        self._told = Told(self._declared, {})
        return self._scribe_for(state)

    def _resumed(self, before: State, state: State) -> Scribe:
        self._truth = None
        finished = all(has_result(row) for row in state.table)
        if finished:
            inform("the run is finished: its results are given back, and nothing was started")
        if not (finished and self._finished):
            changes = [*self._unwritten, *self._writer.dropped(before, state)]
            told = self._told.when_resumed(state, changes)
            self._store.commit([RunResumed(state.epoch, told.declaration), *changes])
            self._unwritten, self._finished, self._told = [], False, told
        return self._scribe_for(state)

    def _scribe_for(self, state: State) -> Scribe:
        marked = self._declared.at_most_once - self._refused.keys()
        self._scribe = Scribe(self._store, self._turn, self._writer, _times_of(state), marked=marked)
        self._busy[:] = [self._scribe]
        return self._scribe

    @property
    def bodies(self) -> Sequence[Body]:
        """What to run for each task: where it must not run, a gate that says why."""
        if not self._refused:
            return self._bodies
        bodies = list(self._bodies)
        for task, error in self._refused.items():
            bodies[task] = evolve(bodies[task], when=None, validate=BoundCall(partial(_refuse, error)))
        return bodies

    # ── after it ─────────────────────────────────────────────────────────────────────────────────

    def has_ended_with(self, before: State, after: State) -> None:
        """Write how the tasks ended that made no result, and whether the run is finished.

        Raises:
            CheckpointError: it is not stored; all results are.
        """
        self._aside.do(partial(self._ended, before, after))

    def _ended(self, before: State, after: State) -> None:
        self._busy.clear()
        if self._finished:
            return
        uncertain_tasks = {task for task, error in self._refused.items() if isinstance(error, AttemptUncertain)}
        if self._scribe is not None:
            uncertain_tasks |= {task for task in self._scribe.begun if isinstance(after.table[task], Running)}
        changes: list[Change] = [*self._writer.ends(before, after, marked=uncertain_tasks)]
        finished = all(has_result(row) for row in after.table)
        if finished:
            changes.append(RunFinished())
        if changes:
            self._store.commit(changes)
        self._finished = finished
        self._refused = {task: error for task, error in self._refused.items() if not isinstance(error, CrashLoop)}

    def is_mended(self, before: State, after: State) -> None:
        """Write an override or an invalidation, in one transaction, before it counts.

        Raises:
            SerializationError: the value can't be stored.
            CheckpointError: nothing was changed, or nobody knows; the next call finds out.
        """
        changes = self._writer.mended(before, after)
        if isinstance(after.phase, Idle):  # before the first run there is none to write to
            return
        self._aside.do(partial(self._write_mend, changes, before, after))

    def _write_mend(self, changes: Sequence[Saved], before: State, after: State) -> None:
        self._truth = None
        if changes:
            self._doubt = _Doubt(before, after, changes[0])
            told, known = self._told.when_mended([*self._unwritten, *changes]), self._told
            first = [] if told is known else [RunResumed(before.epoch, told.declaration)]
            self._store.commit([*first, *self._unwritten, *changes])
            self._doubt, self._truth, self._told = None, after, told
            self._unwritten, self._finished = [], False
        self._decided(before, after)

    def _decided(self, before: State, after: State) -> None:
        """Let those run again of which a mend said what becomes of them."""
        for task, (old, row) in enumerate(zip(before.table, after.table, strict=True)):
            if old is not row:
                self._refused.pop(task, None)

    def close(self) -> None:
        """Let go of the store; the next use takes hold of it again. In a forked child it is the parent's."""
        if self._pid == os.getpid():
            self._aside.do(self._close)
        elif self._pid is not None:
            self._close()

    def _close(self) -> None:
        self._busy.clear()
        if self._scribe is not None:
            self._scribe.end()
        self._pid = self._run_id = self._truth = self._doubt = self._scribe = None
        self._unwritten, self._refused, self._finished = [], {}, False
        if self._keep_open is not None:
            self._keep_open()
        self._store.close()

    def leave(self) -> None:
        """Let go at the exit of the process, also while a run goes on in other threads: those wait for the end then."""
        if self._pid == os.getpid() and self._turn.acquire(timeout=LEAVE_S):
            if self._busy:
                self._busy[0].leave()  # the turn stays taken
                self._store.close()
            else:
                self._close()
                self._turn.release()


def _store_of(checkpoint: str | os.PathLike[str] | Store) -> Store:
    if isinstance(checkpoint, str | os.PathLike):
        return SqliteStore(checkpoint)
    if not hasattr(checkpoint, "commit"):
        message = f"Flow has checkpoint=<{type_name(checkpoint)}>; it must be a path, or a store"
        raise ConfigError(message)
    return checkpoint


_UNKNOWN: Final = ""  # no run is called that


def _id_of(state: State) -> str | None:
    return None if state.run.times is None else state.run.times.id


def _times_of(state: State) -> Times:
    assert state.run.times is not None, "the run has begun"
    return state.run.times


def _warn_of_unfinished_run() -> None:
    warn("run() begins a new run; the one before is not finished, and resume() would have gone on with it")


def _refuse(error: CheckpointError) -> Never:
    raise error
