"""Recording a flow, and looking at any moment of what it did."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from flowing import (
    ConfigError,
    EventLogError,
    EventsLost,
    Flow,
    FlowRunningError,
    JsonCodec,
    MemoryStore,
    Observation,
    RestoredError,
    SerializationError,
    StepState,
    Task,
    read_events,
    record,
    replay,
    task,
)
from flowing.core import AttemptStarted, CommitStarted, RunFinished, RunRestored
from flowing.events import NOT_RECORDED, Forgotten
from tests.unit.testing.flows import Shop

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flowing import Results

SECRET = "canary-90aa"
GUARD_S = 60


class Numbers:
    """A flow that fails once, and is then as it should be."""

    def __init__(self, **options: MemoryStore) -> None:
        calls: list[int] = []

        @task
        def one() -> int:
            return 1

        @task(depends_on=[one], retry=1, retry_backoff_base_ms=1)
        def two(one: int) -> int:
            calls.append(1)
            if len(calls) < 3:
                raise ValueError(len(calls))
            return one + 1

        @task(depends_on=[two], detached=True)
        def tell(two: int) -> None: ...

        self.one, self.two, self.tell = one, two, tell
        self.flow = Flow(two, checkpoint=options.get("checkpoint"))


def seen(results: Results) -> Mapping[str, tuple[object, ...]]:
    """Give all of the results but the values."""
    return {
        name: (
            each.state,
            each.attempts,
            each.duration_s,
            each.started_at,
            str(each.error),
            each.reason,
            each.overridden,
        )
        for name, each in results.items()
    }


def test_a_recording_leads_to_the_results_without_the_values() -> None:
    numbers = Numbers()
    with record(numbers.flow) as recording:
        assert not numbers.flow.run().ok
        after_one = replay(numbers.flow, recording)
        assert seen(after_one) == seen(numbers.flow.results)
        assert numbers.flow.resume().ok
    again = replay(numbers.flow, recording)
    assert seen(again) == seen(numbers.flow.results)
    assert again["two"].value is NOT_RECORDED
    assert numbers.flow.value(numbers.two) == 2


def test_any_moment_can_be_looked_at() -> None:
    numbers = Numbers()
    with record(numbers.flow) as recording:
        numbers.flow.run()
    states = [
        replay(numbers.flow, recording, at=count)[numbers.two].state for count in range(len(recording.events) + 1)
    ]
    assert states[0] is StepState.PENDING
    assert StepState.RUNNING in states
    assert states[-1] is StepState.FAILED
    assert replay(numbers.flow, recording, at_s=-1)[numbers.one].state is StepState.PENDING
    assert seen(replay(numbers.flow, recording, at_s=1e9)) == seen(numbers.flow.results)


def test_a_recording_ends_when_it_is_closed() -> None:
    numbers = Numbers()
    recording = record(numbers.flow)
    numbers.flow.run()
    recording.close()
    count = len(recording.events)
    numbers.flow.run()
    assert len(recording.events) == count > 5
    assert not numbers.flow._observers.listening


def test_what_was_before_the_recording_is_known_in_it() -> None:
    numbers = Numbers()
    numbers.flow.run()
    with record(numbers.flow) as recording:
        assert type(recording.events[1]) is RunRestored
        assert replay(numbers.flow, recording)[numbers.one].state is StepState.SUCCEEDED
        numbers.flow.resume()
    assert seen(replay(numbers.flow, recording)) == seen(numbers.flow.results)


def test_overrides_invalidations_and_a_second_run_are_recorded() -> None:
    numbers = Numbers()
    with record(numbers.flow) as recording:
        numbers.flow.override(numbers.two, 5)
        assert seen(replay(numbers.flow, recording)) == seen(numbers.flow.results)
        numbers.flow.run()
        numbers.flow.invalidate(numbers.one)
        assert seen(replay(numbers.flow, recording)) == seen(numbers.flow.results)
        numbers.flow.resume()
        numbers.flow.run()
        assert seen(replay(numbers.flow, recording)) == seen(numbers.flow.results)
    assert sum(type(event) is Forgotten for event in recording.events) == 2


def test_commits_and_what_was_read_are_recorded() -> None:
    store = MemoryStore()
    first = Numbers(checkpoint=store)
    with first.flow, record(first.flow) as recording:
        first.flow.run()
        assert seen(replay(first.flow, recording)) == seen(first.flow.results)
    assert CommitStarted in map(type, recording.events)
    second = Numbers(checkpoint=store)
    with second.flow, record(second.flow) as recording:
        second.flow.resume()
        second.flow.resume()
        assert seen(replay(second.flow, recording)) == seen(second.flow.results)
    assert RunRestored in map(type, recording.events)


def test_a_run_cannot_be_recorded_from_its_middle() -> None:
    refused: list[FlowRunningError] = []
    waiting: Task[None] = task(lambda: begin(), name="waiting")  # noqa: PLW0108 - it is defined below
    flow = Flow(waiting)

    def begin() -> None:
        with pytest.raises(FlowRunningError, match="begin to record before") as caught:
            record(flow)
        refused.append(caught.value)

    assert flow.run().ok
    assert refused


def test_a_recording_loses_nothing_where_a_listener_would() -> None:
    """[R19] Control: the same flow, heard by a listener that blocks."""
    steps = [task(lambda: None, name=f"t{number}") for number in range(6000)]
    flow = Flow(*steps)
    go_on = threading.Event()
    heard: list[Observation] = []

    def listener(seen: Observation) -> None:
        go_on.wait(GUARD_S)
        heard.append(seen)

    with record(flow) as recording, flow.subscribe(listener) as subscription:
        assert flow.run().ok
        go_on.set()
        assert subscription.drain(GUARD_S)
    assert sum(type(event) is AttemptStarted for event in recording.events) == 6000
    assert any(isinstance(each.event, EventsLost) for each in heard)
    with pytest.raises(EventLogError, match=r"\d+ events are missing.*use record\(flow\)"):
        replay(flow, heard)


def test_what_a_listener_heard_can_be_played() -> None:
    numbers = Numbers()
    heard: list[Observation] = []
    with numbers.flow.subscribe(heard.append) as subscription:
        numbers.flow.run()
        assert subscription.drain(GUARD_S)
    played = replay(numbers.flow, heard)
    assert seen(played) == seen(numbers.flow.results)
    assert played[numbers.one].value == 1


def test_a_file_leads_to_the_same_results(tmp_path: Path) -> None:
    numbers = Numbers()
    with record(numbers.flow) as recording:
        numbers.flow.run()
        numbers.flow.resume()
        recording.write(tmp_path / "run.jsonl")
    log = read_events(tmp_path / "run.jsonl")
    assert log.graph == numbers.flow._compiled.graph
    assert seen(replay(numbers.flow, log)) == seen(numbers.flow.results)
    assert seen(replay(log.graph, log)) == seen(numbers.flow.results), "also without the program"


def test_errors_come_back_as_they_were_shown(tmp_path: Path) -> None:
    numbers = Numbers()
    with record(numbers.flow) as recording:
        failed = numbers.flow.run()[numbers.two]
        recording.write(tmp_path / "run.jsonl")
    again = replay(numbers.flow, read_events(tmp_path / "run.jsonl"))[numbers.two].error
    assert isinstance(again, RestoredError)
    assert (again.type_name, again.traceback_text) == ("ValueError", failed.traceback)


def test_values_are_kept_with_a_codec_and_with_nothing_else(tmp_path: Path) -> None:
    """[S11] The file of a recording without a codec has no value."""

    @task
    def login() -> str:
        return SECRET

    flow = Flow(login)
    for codec in (None, JsonCodec()):
        path = tmp_path / f"{codec is None}.jsonl"
        with record(flow, codec=codec) as recording:
            flow.run()
            recording.write(path)
        assert (SECRET in path.read_text("utf-8")) is (codec is not None)
        assert (SECRET in repr([vars_of(event) for event in recording.events])) is (codec is not None)
    log = read_events(tmp_path / "False.jsonl", flow=flow, codec=JsonCodec())
    assert replay(flow, log)[login].value == SECRET
    without = read_events(tmp_path / "False.jsonl")
    assert replay(flow, without)["login"].value is NOT_RECORDED


def vars_of(event: object) -> list[object]:
    return [getattr(event, field.name) for field in getattr(event, "__attrs_attrs__", ())]


def test_what_a_codec_cannot_store_is_refused_when_the_recording_begins() -> None:
    @task
    def handle() -> threading.Lock:
        return threading.Lock()

    with pytest.raises(SerializationError, match="handle"):
        record(Flow(handle), codec=JsonCodec())


def test_a_log_of_another_flow_is_refused(tmp_path: Path) -> None:
    numbers = Numbers()
    with record(numbers.flow) as recording:
        numbers.flow.run()
        recording.write(tmp_path / "run.jsonl")
    other = Flow(task(lambda: 1, name="other"))
    for log in (recording, read_events(tmp_path / "run.jsonl")):
        with pytest.raises(EventLogError, match="of another flow"):
            replay(other, log)
    with pytest.raises(EventLogError, match="of another flow"):
        read_events(tmp_path / "run.jsonl", flow=other, codec=JsonCodec())


@pytest.mark.parametrize("options", [{"at": 1, "at_s": 1.0}, {"at": -1}])
def test_a_moment_is_given_in_one_way(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="a number of events, 0 or more, or seconds"):
        replay(Shop().flow, [], **options)


def test_a_codec_without_a_flow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="both flow= and codec="):
        read_events(tmp_path / "run.jsonl", codec=JsonCodec())


CHILD = """
import json, sys
seen, watching = [], False
def look(event, args):
    if watching:
        plain = (str, bytes, int, float, list, tuple, type(None))
        seen.append((event, repr([each if type(each) in plain else type(each) for each in args])))
sys.addaudithook(look)
from flowing import read_events, replay
import flowing._events.log
read_events(sys.argv[1])
watching = True
log = read_events(sys.argv[2])
results = replay(log.graph, log)
for each in results.values():
    each.traceback
repr(log), repr(results)
if sys.argv[3:]:
    exec("control = 1")
watching = False
print(json.dumps([len(log.events), seen]))
"""


@pytest.mark.parametrize("control", [False, True])
def test_reading_a_file_runs_nothing_of_it(tmp_path: Path, control: bool) -> None:
    """[S1] Seen by an audit hook: no import, exec, compile or pickle, and no text of the file in any event."""

    def canary() -> None:
        raise ValueError(f"__import__('os').system('{SECRET}')")

    hostile: Task[None] = task(canary, name=f"{SECRET}; import os")
    flow = Flow(hostile)
    with record(flow) as recording:
        flow.run()
    innocent, path = tmp_path / "innocent", tmp_path / "hostile"
    recording.write(innocent)
    text = innocent.read_text("ascii")
    path.write_text(text.replace('"value":null', f'"value":"{SECRET}"').replace("ValueError", f"{SECRET}.Evil"))
    command = [sys.executable, "-c", CHILD, str(innocent), str(path), *["control"] * control]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    count, audited = json.loads(done.stdout)
    assert count == len(recording.events)
    refused = ("import", "exec", "compile", "pickle.", "marshal.", "code.", "os.system", "subprocess", "ctypes")
    found = [each for each in audited if each[0].startswith(refused) or SECRET in each[1]]
    assert bool(found) is control
    assert any(event == "open" for event, _ in audited), "control: the hook was looking"


def test_the_last_event_of_a_run_is_its_end() -> None:
    numbers = Numbers()
    with record(numbers.flow) as recording:
        numbers.flow.run()
    assert type(recording.events[-1]) is RunFinished
