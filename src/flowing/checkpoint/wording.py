"""What is said when a checkpoint can't do what was asked: each message names the task or the path, and the way out."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

from flowing._text import one_line
from flowing.errors import (
    AttemptUncertain,
    CheckpointError,
    CheckpointLocked,
    CrashLoop,
    FlowChangedError,
    ForkedProcessError,
    ResultUnreadable,
)

if TYPE_CHECKING:
    from flowing.checkpoint.declaration import Differences

_LINES_MAX: Final = 20

# What text is escaped with. Python would import it at the first use, which may be a text out of a file: while one is
# read, nothing is imported (FAULTS S1).
codecs.lookup("unicode_escape")


def quoted(text: str) -> str:
    """Show a name or a path."""
    return repr(one_line(text))


def flow_changed(differences: Differences, *, path: str, run_id: str) -> FlowChangedError:
    """Say what differs from the declaration that a run was stored with."""
    lines = differences.describe()
    shown = "".join(f"\n  {line}" for line in lines[:_LINES_MAX])
    more = f"\n  ... and {len(lines) - _LINES_MAX} more" if len(lines) > _LINES_MAX else ""
    rerun = "say Flow(on_change='rerun') to run the changed tasks again"
    if all(each.is_readable for each in differences.changed):
        ways = f"begin anew with run(), or {rerun}, or on_change='keep' to keep their results"
    else:  # a result of another type could not be read
        ways = f"begin anew with run(), or {rerun}"
    message = (
        f"the flow is not the one whose run {quoted(run_id)} is in {quoted(path)}:{shown}{more}\nchange it back, {ways}"
    )
    return FlowChangedError(message, path=path, task=differences.changed[0].task if differences.changed else None)


def crash_loop(task: str, *, crashes: int) -> CrashLoop:
    """Say that a task took the process down too often."""
    message = (
        f"task {quoted(task)} was running each of the {crashes} times that the process died; find out what it does to "
        f"the process, then resume(), or give it a result with override()"
    )
    error = CrashLoop(message, task=task)
    error.crashes = crashes
    return error


def uncertain(task: str, *, attempt: int) -> AttemptUncertain:
    """Say that nobody knows whether an attempt took place."""
    message = (
        f"attempt {attempt} of task {quoted(task)} was running when the process died or the run was broken off, and "
        f"it is declared at_most_once: see whether its effect took place, then give it a result with override(), or "
        f"have it run again with invalidate() and resume()"
    )
    return AttemptUncertain(message, task=task)


def made_for_another_type(task: str, *, shown_type: str) -> ResultUnreadable:
    """Say that a result was stored for another type or codec."""
    message = (
        f"the stored result of task {quoted(task)} was made for another type than {one_line(shown_type)}, which it "
        f"has now; change the type back, or let the task run again with on_unreadable='recompute'"
    )
    return ResultUnreadable(message, task=task)


def another_codec(run_id: str, *, path: str, stored: str, present: str) -> CheckpointError:
    """Say that a run was stored with another codec."""
    message = (
        f"run {quoted(run_id)} in {quoted(path)} was stored with the codec {quoted(stored)}, and the store has "
        f"{quoted(present)}; give it the codec that the run was stored with, or begin anew with run()"
    )
    return CheckpointError(message, path=path)


def run_exists(run_id: str, *, path: str) -> CheckpointError:
    """Say that a run's name is taken."""
    message = (
        f"{quoted(path)} has a run {quoted(run_id)} already; go on with it by resume(), give the new one another "
        f"run_id, or forget() the old one"
    )
    return CheckpointError(message, path=path)


def no_such_run(run_id: str, *, path: str) -> CheckpointError:
    """Say that a run is not in the file."""
    message = f"{quoted(path)} has no run {quoted(run_id)}; `python -m flowing show` lists those that it has"
    return CheckpointError(message, path=path)


def locked(path: str, *, pid: int | None = None, host: str | None = None, since: str | None = None) -> CheckpointLocked:
    """Say who holds a checkpoint."""
    who = f"process {pid} on {one_line(host or 'an unknown host')}" if pid is not None else "another process"
    when = f" since {one_line(since)}" if since else ""
    message = (
        f"{quoted(path)} is held by {who}{when}; wait until that ends, or give this flow a checkpoint of its own "
        f"(`python -m flowing show` can look at it meanwhile)"
    )
    return _locked(message, path, pid=pid, host=host, since=since)


def locked_here(path: str, *, pid: int, host: str | None = None, since: str | None = None) -> CheckpointLocked:
    """Say that it is this very process that holds a checkpoint: waiting would not help."""
    when = f" since {one_line(since)}" if since else ""
    message = (
        f"{quoted(path)} is held by another flow of this very process {pid}{when}; close() that flow, use it in a "
        f"`with` block, or go on with it in place of this one (in a notebook, `Out` and the tracebacks of old cells "
        f"keep flows); or give this one a checkpoint of its own"
    )
    return _locked(message, path, pid=pid, host=host, since=since)


def _locked(message: str, path: str, *, pid: int | None, host: str | None, since: str | None) -> CheckpointLocked:
    error = CheckpointLocked(message, path=path)
    error.pid, error.host, error.since = pid, host, since
    return error


def moved(path: str, *, gone: str) -> CheckpointError:
    """Say that one of the files of a checkpoint was taken away from the flow that holds it."""
    message = (
        f"{quoted(gone)} is not the file any more that this flow holds: it was removed, replaced or moved, and what is "
        f"written would be lost; put it back, or close() the flow: the next call then goes on with what is at "
        f"{quoted(path)}, or begins a new file (until then, results are on the flow)"
    )
    return CheckpointError(message, path=path)


def forked(path: str, *, owner: int) -> ForkedProcessError:
    """Say that a child may not use what its parent holds."""
    message = (
        f"process {owner} holds the checkpoint {quoted(path)}, and this one was forked from it; use it there, or make "
        f"a Flow with a checkpoint of its own in the child"
    )
    return ForkedProcessError(message)
