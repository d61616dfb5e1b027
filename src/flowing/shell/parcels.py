"""Bodies on their way to another process, and what they make on the way back: as bytes, packed and unpacked here.

flowing packs by itself, whatever the executor would do: what can't be packed is told from what the body raised, and
nothing that can't be unpacked reaches an executor, which would break. Nothing here starts a process.
"""

from __future__ import annotations

import io
import pickle
import time
import traceback
from importlib.util import find_spec
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, cast

from typing_extensions import override

from flowing._bodies import Body, BoundCall
from flowing._record import record
from flowing._task.functions import show_type
from flowing._task.references import reduce_function
from flowing._text import describe_error, one_line, type_name
from flowing.core.status import Past, Running
from flowing.errors import RestoredError, UnsendableError
from flowing.shell.attempt import CURRENT, Attempt, Course
from flowing.shell.tracebacks import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FRAMES_MAX: Final = 8  # of a traceback, the last ones


@record
class About:
    """What `current()` tells a body in another process. `left_s` is the time to its deadline, for clocks differ."""

    task: str
    run_id: str
    attempt: int
    past: Past
    left_s: float | None
    by_value: bool


@record
class Call:
    """A function and its arguments."""

    function: Callable[..., object]
    positional: tuple[object, ...]
    keywords: Mapping[str, object]


def about(attempt: Attempt, *, by_value: bool) -> About:
    """Say what `current()` is to tell. `by_value` if what has no name elsewhere may be sent too."""
    deadline_s = attempt.deadline_s
    return About(
        attempt.body.name,
        attempt.course.run_id,
        attempt.number,
        attempt.row.past,
        None if deadline_s is None else max(deadline_s - attempt.course.clock(), 1e-9),
        by_value,
    )


def packed_call(call: Call, note: About) -> bytes:
    """Pack a call.

    Raises:
        UnsendableError: it can't be; names the task, the part of it, and the way out.
    """
    try:
        return _packed((note, _packed(call, by_value=note.by_value)), by_value=False)
    except Exception as error:
        what = _what_fails(call, by_value=note.by_value)
        way_out = (
            "pip install cloudpickle, which can"
            if note.by_value and find_spec("cloudpickle") is None
            else "put the function into a module, send what can be pickled, or run the task here, with executor=None"
            if note.by_value
            else "put it into a module, or use loky's executor, which can send closures and lambdas: "
            "executor=loky.get_reusable_executor; or run the task here, with executor=None"
        )
        message = (
            f"task {one_line(note.task)!r} can't be sent to another process: {what} can't be pickled "
            f"({_reason(error)}); {way_out}"
        )
        raise UnsendableError(message, task=note.task, what=what) from error


def _what_fails(call: Call, *, by_value: bool) -> str:
    """Name the first part of a call that can't be packed; never its value (FAULTS S11)."""
    parts: list[tuple[str, object]] = [("its function", call.function)]
    parts += [(f"argument {number}", each) for number, each in enumerate(call.positional, start=1)]
    parts += [(f"argument {name!r}", each) for name, each in call.keywords.items()]
    for name, part in parts:
        try:
            _packed(part, by_value=by_value)
        except Exception:  # noqa: BLE001 - whatever it is, this is the part
            return f"{name}, {show_type(part)},"
    return "the call"


def carry_out(parcel: bytes) -> bytes:
    """Run what was packed, in the process where this is called, and pack how it ended. Never raises."""
    # proof of both casts: `packed_call` packs these
    note, packed = cast("tuple[About, bytes]", pickle.loads(parcel))  # noqa: S301 - by the process of the flow
    try:
        call = cast("Call", pickle.loads(packed))  # noqa: S301 - as above
    except BaseException as error:  # noqa: BLE001 - whatever it is, the flow is to hear of it
        message = (
            f"task {one_line(note.task)!r} can't be unpacked in the process that is to run it ({_reason(error)}); "
            f"what it needs must be importable there: put it into a module"
        )
        return _packed_error(note, UnsendableError(message, task=note.task, what="the call"))
    token = CURRENT.set(_attempt(note, call))
    try:
        value = call.function(*call.positional, **call.keywords)
    except BaseException as error:  # noqa: BLE001 - D12: whatever a body raises is its result
        return _packed_error(note, error)
    finally:
        CURRENT.reset(token)
    try:
        return _packed((value, None, ()), by_value=note.by_value)
    except BaseException as error:  # noqa: BLE001 - as above
        message = (
            f"task {one_line(note.task)!r} can't send its result back: {show_type(value)} can't be pickled "
            f"({_reason(error)}); return plain data, or run the task here, with executor=None"
        )
        return _packed_error(note, UnsendableError(message, task=note.task, what="the result"))


def unpacked(parcel: bytes, task: str) -> object:
    """Give the value of a call that was carried out.

    Raises:
        UnsendableError: it can't be unpacked here.
        BaseException: what the body raised.
    """
    error: BaseException | None
    try:
        # proof: `carry_out` packs these three
        value, error, places = cast("tuple[object, BaseException | None, tuple[str, ...]]", pickle.loads(parcel))  # noqa: S301 - by a process of the user's, from a body of this flow
    except BaseException as fault:
        message = (
            f"the result of task {one_line(task)!r} can't be unpacked ({_reason(fault)}); return plain data, or run "
            f"the task here, with executor=None"
        )
        raise UnsendableError(message, task=task, what="the result") from fault
    if error is None:
        return value
    for place in places:
        BaseException.add_note(error, place)
    raise error


def _attempt(note: About, call: Call) -> Attempt:
    """Make what `current()` gives, on the clock of this process."""
    body = Body(note.task, BoundCall(call.function), timeout_s=note.left_s)
    running = Running(note.attempt, note.past, time.monotonic())
    return Attempt(0, running, 0, body, (), Course(note.run_id, time.monotonic))


def _packed_error(note: About, error: BaseException) -> bytes:
    """Pack an error, if it comes back as what it was; else its type's name and its words."""
    clean(error, keep_frames=True)
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    lines = [f'  File "{each.filename}", line {each.lineno}, in {each.name}' for each in frames]
    places = ("in another process:", *lines)
    try:
        parcel = _packed((None, error, places), by_value=note.by_value)
        if type(pickle.loads(parcel)[1]) is type(error):  # noqa: S301 - packed in the line before
            return parcel
    except BaseException:  # noqa: BLE001, S110 - many errors can't be pickled, or unpickled; their words can
        pass
    plain = RestoredError(describe_error(error), type_name=type_name(error), traceback_text="\n".join(places))
    return _packed((None, plain, places), by_value=False)


def _packed(what: object, *, by_value: bool) -> bytes:
    """Pickle by name; and by value what has no name, if that is wanted, cloudpickle is there, and it helps."""
    try:
        data = _pickled(what)
    except Exception:
        if not by_value or find_spec("cloudpickle") is None:
            raise
    else:
        if not by_value or b"__main__" not in data or find_spec("cloudpickle") is None:
            return data
    from flowing.shell.by_value import pickled_by_value  # noqa: PLC0415 - loads what executors that use it bring along

    return pickled_by_value(what)


class _Pickler(pickle.Pickler):
    """Pickles the function of a decorated task by the task's name; the function's own name leads to the task."""

    @override
    def reducer_override(self, obj: object) -> Any:
        if type(obj) is not FunctionType:
            return NotImplemented
        stands_for = reduce_function(obj)
        return NotImplemented if stands_for is obj else stands_for.__reduce__()


def _pickled(what: object) -> bytes:
    data = io.BytesIO()
    _Pickler(data, pickle.HIGHEST_PROTOCOL).dump(what)
    return data.getvalue()


def _reason(error: BaseException) -> str:
    return one_line(describe_error(error), length_max=300)
