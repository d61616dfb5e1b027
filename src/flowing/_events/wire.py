"""Events as plain data, and back: dicts of numbers, texts and lists, as JSON has them. No file, and no JSON.

What is read may be from anybody: every field is looked at, nothing in it names code, and what does not fit raises
`Misfit`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never, cast, get_args

import attrs

from flowing._events.facts import NOT_RECORDED, Forgotten, Recorded
from flowing._no_value import NO_VALUE
from flowing._record import record
from flowing.checkpoint.kept_errors import restore_error, store_error
from flowing.checkpoint.records import StoredError
from flowing.core.events import Event, RunRestored
from flowing.core.status import CommitDue, Invalidated, Known, Past, Provided, Running, Succeeded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flowing.checkpoint.codec.protocol import TaskCodec

Plain: TypeAlias = "dict[str, object]"


class Misfit(Exception):  # noqa: N818 - says what happened; never leaves this package
    """What was read is not what was ever written."""


@record(eq=False)
class Wire:
    """How the events of one graph are written. `codecs` has those of the tasks whose values are written too."""

    tasks: int
    codecs: Mapping[int, TaskCodec]

    def written(self, event: Recorded) -> list[Plain]:
        """Give the lines of one event: its own, and one for each row that it restores."""
        kind = type(event).__name__
        values: Plain = {name: getattr(event, name) for name in FIELDS[kind]}
        task = cast("int | None", values.get("task"))  # every event that has a task has its number
        line: Plain = {"event": kind}
        for name, value in values.items():
            line |= self._field_written(name, value, task)
        rows = event.rows if isinstance(event, RunRestored) else ()
        return [line, *(self._row_written(number, row) for number, row in rows)]

    def _field_written(self, name: str, value: object, task: int | None) -> Plain:
        match name:
            case "value":
                return self._value_written(value, task)
            case "kept":  # what the store had; nobody needs it here
                return {}
            case "error":
                assert isinstance(value, BaseException), value
                return {"error": _error_written(value)}
            case "rows":
                assert isinstance(value, tuple), value
                return {"rows": len(cast("tuple[object, ...]", value))}
            case _:
                return {name: value}

    def _value_written(self, value: object, task: int | None) -> Plain:
        if value is NO_VALUE:
            return {}
        codec = None if task is None else self.codecs.get(task)
        if value is NOT_RECORDED or codec is None:
            return {"value": None}
        return {"value": codec.encode(value).decode("utf-8", "surrogateescape")}

    def _row_written(self, task: int, row: Known) -> Plain:
        past = list(attrs.astuple(row.past))
        match row:
            case Succeeded(run, ended_s, value, stale):
                line: Plain = {"run": _run_written(run), "ended_s": ended_s, "stale": stale}
                line |= self._value_written(value, task)
            case CommitDue(run, ended_s, value):
                line = {"run": _run_written(run), "ended_s": ended_s, **self._value_written(value, task)}
            case Provided(value):
                line = {"past": past, **self._value_written(value, task)}
            case Invalidated():
                line = {"past": past}
            case _:
                assert_never(row)
        return {"row": task, "status": type(row).__name__, **line}

    def read(self, line: Plain) -> tuple[Recorded, int]:
        """Give the event of a line, and how many lines of rows follow.

        Raises:
            Misfit: it is none.
        """
        name = line.get("event")
        fields = FIELDS.get(name) if isinstance(name, str) else None
        if fields is None:
            raise Misfit("it is no event")
        task = self._task(line) if "task" in fields else None
        values = {field: self._field_read(field, line, task) for field in fields}
        rows = _whole(line, "rows", most=self.tasks) if name == "RunRestored" else 0
        if not {*line} <= {"event", *fields}:
            raise Misfit(f"{name} has a field too many")
        assert isinstance(name, str)
        return _KINDS[name](**values), rows

    def _field_read(self, name: str, line: Plain, task: int | None) -> object:
        if name == "task":
            return task
        if name == "value":
            return self._value_read(line, task)
        if name == "tasks":
            return tuple([self._number(each) for each in _list(line, "tasks")])
        return _READERS[name](line, name)

    def _value_read(self, line: Plain, task: int | None) -> object:
        if "value" not in line:
            return NO_VALUE
        codec, text = None if task is None else self.codecs.get(task), line["value"]
        if text is None:
            return NOT_RECORDED
        if not isinstance(text, str):
            raise Misfit("a value is no text")
        return NOT_RECORDED if codec is None else codec.decode(text.encode("utf-8", "surrogateescape"))

    def row_read(self, line: Plain) -> tuple[int, Known]:
        """Give the restored row of a line.

        Raises:
            Misfit: it is none.
        """
        task = self._number(line.get("row"))
        match line.get("status"):
            case "Succeeded":
                value, stale = self._value_read(line, task), _truth(line, "stale")
                return task, Succeeded(_run_read(line), _seconds(line, "ended_s"), value, stale)
            case "CommitDue":
                return task, CommitDue(_run_read(line), _seconds(line, "ended_s"), self._value_read(line, task), None)
            case "Provided":
                return task, Provided(self._value_read(line, task), _past_read(_list(line, "past")))
            case "Invalidated":
                return task, Invalidated(_past_read(_list(line, "past")))
            case _:
                raise Misfit("it is no restored row")

    def _task(self, line: Plain) -> int:
        return self._number(line.get("task"))

    def _number(self, value: object) -> int:
        if type(value) is int and 0 <= value < self.tasks:
            return value
        raise Misfit("it names a task that there is none of")


def _error_written(error: BaseException) -> list[str]:
    stored = store_error(error)
    return [stored.type_name, stored.summary, stored.traceback_text]


def _error_read(line: Plain, name: str) -> BaseException:
    texts = _list(line, name)
    match texts:
        case [str(kind), str(summary), str(traceback)]:
            return restore_error(StoredError(kind, summary, traceback))
        case _:
            raise Misfit("an error is no three texts")


def _run_written(run: Running) -> list[float]:
    return [run.attempt, run.past.attempts, run.past.invalidations, run.started_s]


def _run_read(line: Plain) -> Running:
    match _list(line, "run"):
        case [int() as attempt, attempts, invalidations, started_s] if (
            type(attempt) is int and 0 < attempt <= COUNT_MAX
        ):
            return Running(attempt, _past_read([attempts, invalidations]), _seconds({"s": started_s}, "s"))
        case _:
            raise Misfit("a run is no attempt, its past and its start")


def _past_read(numbers: list[object]) -> Past:
    match numbers:
        case [attempts, invalidations]:
            return Past(_whole({"n": attempts}, "n"), _whole({"n": invalidations}, "n"))
        case _:
            raise Misfit("a past is no two numbers")


COUNT_MAX: Final = 2**53  # beyond that, other programs that read JSON see other numbers


def _whole(line: Plain, name: str, *, most: int = COUNT_MAX) -> int:
    value = line.get(name)
    if type(value) is int and 0 <= value <= most:
        return value
    raise Misfit(f"{name} is no count")


def _seconds(line: Plain, name: str) -> float:
    value = line.get(name)
    if type(value) in {int, float} and math.isfinite(seconds := float(cast("float", value))):
        return seconds
    raise Misfit(f"{name} is no number")


def _truth(line: Plain, name: str) -> bool:
    value = line.get(name)
    if isinstance(value, bool):
        return value
    raise Misfit(f"{name} is neither true nor false")


def _text(line: Plain, name: str) -> str:
    value = line.get(name)
    if isinstance(value, str):
        return value
    raise Misfit(f"{name} is no text")


def _list(line: Plain, name: str) -> list[object]:
    value = line.get(name)
    if isinstance(value, list):
        return cast("list[object]", value)
    raise Misfit(f"{name} is no list")


_READERS: Final[Mapping[str, Callable[[Plain, str], object]]] = {
    "attempt": _whole,
    "epoch": _whole,
    "wait": _whole,
    "commit": _whole,
    "at_s": _seconds,
    "until_s": _seconds,
    "wall_s": _seconds,
    "jitter": _seconds,
    "error": _error_read,
    "retryable": _truth,
    "rerun_detached": _truth,
    "run_id": _text,
    "kept": lambda _line, _name: None,
    "rows": lambda _line, _name: (),  # each on a line of its own, read after it
}

_KINDS: Final[Mapping[str, Callable[..., Any]]] = {kind.__name__: kind for kind in (*get_args(Event), Forgotten)}
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple([field.name for field in attrs.fields(cast("type[attrs.AttrsInstance]", kind))])
    for name, kind in _KINDS.items()
}
