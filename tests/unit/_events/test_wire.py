"""Every event of the core can be written as plain data and read back; nothing else can be read."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowing import JsonCodec, RestoredError, ResultUnreadable
from flowing._events.facts import NOT_RECORDED, Forgotten, Recorded
from flowing._events.wire import COUNT_MAX, FIELDS, Misfit, Plain, Wire
from flowing.core import NO_VALUE, Event, RunRestored
from flowing.core.status import CommitDue, Invalidated, Past, Provided, Running, Succeeded

TASKS = 4
counts = st.integers(0, COUNT_MAX)
seconds = st.floats(allow_nan=False, allow_infinity=False)
tasks = st.integers(0, TASKS - 1)
values = st.sampled_from([NO_VALUE, NOT_RECORDED])
pasts = st.builds(Past, counts, counts)
runs = st.builds(Running, st.integers(1, COUNT_MAX), pasts, seconds)
rows = st.one_of(
    st.builds(Succeeded, runs, seconds, values, st.booleans()),
    st.builds(CommitDue, runs, seconds, values, st.none()),
    st.builds(Provided, values, pasts),
    st.builds(Invalidated, pasts),
)
texts = st.text()  # two halves of a pair, each by itself, would come back as one character
errors = st.builds(lambda a, b, c: RestoredError(a, type_name=b, traceback_text=c), texts, texts, texts)
FIELD = {
    "task": tasks,
    "attempt": counts,
    "epoch": counts,
    "wait": counts,
    "commit": counts,
    "at_s": seconds,
    "until_s": seconds,
    "wall_s": seconds,
    "jitter": seconds,
    "value": values,
    "kept": st.none(),
    "error": errors,
    "retryable": st.booleans(),
    "rerun_detached": st.booleans(),
    "run_id": texts,
    "tasks": st.lists(tasks).map(tuple),
    "rows": st.lists(st.tuples(tasks, rows), unique_by=itemgetter(0)).map(tuple),
}
KINDS = {kind.__name__: kind for kind in (*get_args(Event), Forgotten)}


def test_it_knows_every_event_of_the_core() -> None:
    """An event that is added to the core is written too, or this file does not know its fields."""
    assert FIELDS.keys() == KINDS.keys()
    assert {name for names in FIELDS.values() for name in names} == FIELD.keys()
    assert len(KINDS) == 26


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=30)
@given(data=st.data())
def test_what_is_written_is_read_back(kind: str, data: st.DataObject) -> None:
    event: Recorded = KINDS[kind](**{name: data.draw(FIELD[name]) for name in FIELDS[kind]})
    assert shown(sent(event)) == shown(event)


def sent(event: Recorded) -> Recorded:
    """Write an event as JSON, and read it back."""
    wire = Wire(TASKS, {})
    first, *rest = [json.loads(json.dumps(line, allow_nan=False)) for line in wire.written(event)]
    read, count = wire.read(first)
    assert count == len(rest)
    if not isinstance(read, RunRestored):
        return read
    return attrs.evolve(read, rows=tuple([wire.row_read(line) for line in rest]))


def shown(event: Recorded) -> object:
    """Show all that an event has; of its error what it says."""
    fields = {name: getattr(event, name) for name in FIELDS[type(event).__name__]}
    error = fields.pop("error", None)
    return type(event), fields, None if error is None else (error.summary, error.type_name, error.traceback_text)


LINE: Plain = {"event": "AttemptStarted", "task": 0, "attempt": 1, "epoch": 0, "at_s": 1.0}
FAILED: Plain = {**LINE, "event": "AttemptFailed", "error": ["T", "T: s", "tb"], "retryable": True, "jitter": 0.0}
RESTORED: Plain = {"event": "RunRestored", "run_id": "r", "epoch": 0, "at_s": 1.0, "wall_s": 1.0, "rows": 1}


@pytest.mark.parametrize("line", [LINE, FAILED, RESTORED])
def test_the_lines_below_are_right_but_for_what_is_changed(line: Plain) -> None:
    """Control."""
    Wire(TASKS, {}).read(line)


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"event": 3},
        {"event": ["AttemptStarted"]},
        {"event": "os.system"},
        {**LINE, "more": 1},
        {**LINE, "task": TASKS},
        {**LINE, "task": -1},
        {**LINE, "task": True},
        {**LINE, "task": "0"},
        {**LINE, "attempt": -1},
        {**LINE, "attempt": 1.0},
        {**LINE, "epoch": COUNT_MAX + 1},
        {**LINE, "at_s": "1"},
        {**LINE, "at_s": None},
        {**LINE, "at_s": float("inf")},
        {**LINE, "at_s": True},
        {key: value for key, value in LINE.items() if key != "at_s"},
        {**FAILED, "error": "T"},
        {**FAILED, "error": ["T", "s"]},
        {**FAILED, "error": ["T", "s", 3]},
        {**FAILED, "retryable": 1},
        {**FAILED, "value": 5},
        {**RESTORED, "rows": TASKS + 1},
        {**RESTORED, "run_id": None},
        {"event": "ResultsInvalidated", "tasks": 1},
        {"event": "ResultsInvalidated", "tasks": [TASKS]},
    ],
)
def test_everything_else_is_refused(line: Plain) -> None:
    with pytest.raises(Misfit):
        Wire(TASKS, {}).read(line)


ROW: Plain = {"row": 0, "status": "Succeeded", "run": [1, 0, 0, 1.0], "ended_s": 2.0, "stale": False, "value": None}


@pytest.mark.parametrize(
    "line",
    [
        {**ROW, "row": TASKS},
        {**ROW, "status": "Ready"},
        {**ROW, "run": [0, 0, 0, 1.0]},
        {**ROW, "run": [True, 0, 0, 1.0]},
        {**ROW, "run": [1, -1, 0, 1.0]},
        {**ROW, "run": [1, 0, 0]},
        {**ROW, "ended_s": None},
        {**ROW, "stale": 0},
        {"row": 0, "status": "Provided", "past": [1]},
        {"row": 0, "status": "Invalidated", "past": [1, "1"]},
    ],
)
def test_a_restored_row_that_does_not_fit_is_refused(line: Plain) -> None:
    assert Wire(TASKS, {}).row_read(ROW), "control"
    with pytest.raises(Misfit):
        Wire(TASKS, {}).row_read(line)


def test_with_a_codec_values_are_written_too_and_read_by_the_type() -> None:
    codec = JsonCodec().prepare("a", list[int])
    wire, without = Wire(TASKS, {0: codec}), Wire(TASKS, {})
    event = KINDS["AttemptSucceeded"](0, 1, 0, 1.0, [1, 2])
    (line,) = wire.written(event)
    assert wire.read(line)[0] == event
    assert without.read(line)[0].value == NOT_RECORDED  # type: ignore[union-attr]  # it is a success
    assert "[1" not in json.dumps(without.written(event)), "no value without a codec"
    with pytest.raises(ResultUnreadable):
        wire.read({**line, "value": '"text"'})


def test_a_payload_may_have_any_bytes() -> None:
    class Bytes:
        fingerprint, shown_type = 0, "bytes"

        def encode(self, value: object) -> bytes:
            assert isinstance(value, bytes)
            return value

        def decode(self, payload: bytes) -> object:
            return payload

    wire = Wire(TASKS, {0: Bytes()})
    event = KINDS["ResultProvided"](0, bytes(range(256)))
    (line,) = wire.written(event)
    assert wire.read(json.loads(json.dumps(line)))[0] == event
