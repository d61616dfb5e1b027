"""The log: silent by default, structured, and unable to hurt anybody."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from flowing import Flow, task
from flowing.shell.log import facts, is_debugging

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def flow() -> Flow:
    @task
    def fine() -> int:
        return 1

    @task(depends_on=[fine], retry=1, retry_backoff_base_ms=1)
    def bad(fine: int) -> int:
        raise ValueError("no\nway")

    @task(depends_on=[fine], detached=True)
    def aside(fine: int) -> int:
        raise KeyError(1)

    return Flow(bad)


def records_of(caplog: pytest.LogCaptureFixture, level: int) -> Iterator[logging.LogRecord]:
    return (record for record in caplog.records if record.levelno == level and record.name == "flowing")


def test_each_final_failure_is_a_warning_and_nothing_else_is(flow: Flow, caplog: pytest.LogCaptureFixture) -> None:
    """Once, though the task was tried twice; what was skipped for it is not mentioned."""
    flow.run()
    assert [record.getMessage() for record in records_of(caplog, logging.WARNING)] == [
        r"task 'bad' failed: ValueError: no\nway",
        "detached task 'aside' failed: KeyError: 1",
    ]


def test_at_debug_each_event_is_a_line(flow: Flow, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "flowing")
    flow.run()
    lines = [record.getMessage() for record in records_of(caplog, logging.DEBUG)]
    assert lines[1:6] == [
        "task 'fine' attempt 1 started",
        "task 'fine' attempt 1 succeeded",
        "task 'bad' attempt 1 started",
        r"task 'bad' attempt 1 failed: ValueError: no\nway",
        "task 'bad' attempt 1 is to be made again after a delay",
    ]
    assert lines[-1] == "the run is over"
    assert len([*records_of(caplog, logging.WARNING)]) == 2, "and no failure is warned of twice"


def test_records_say_the_same_in_attributes(flow: Flow, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "flowing")
    flow.run()
    run_ids = {vars(record)["flowing_run_id"] for record in caplog.records}
    assert len(run_ids) == 1
    assert None not in run_ids
    said = [
        (vars(record)["flowing_event"], vars(record)["flowing_task"], vars(record)["flowing_attempt"], state)
        for record in caplog.records
        if (state := vars(record)["flowing_state"]) is not None
    ]
    assert ("AttemptStarted", "bad", 2, "RUNNING") in said
    assert ("AttemptSucceeded", "fine", 1, "SUCCEEDED") in said
    failures = [each for each in said if each[0] == "TaskFailed"]  # others come from a thread of their own, meanwhile
    assert failures == [("TaskFailed", "bad", 2, "FAILED"), ("TaskFailed", "aside", 1, "FAILED")]


def test_no_attribute_is_one_that_a_record_has_already() -> None:
    """`logging` refuses those with a KeyError, formatters show them as their own."""
    own = vars(logging.LogRecord("n", 0, "p", 0, "m", (), None)) | {"message": 0, "asctime": 0, "taskName": 0}
    assert not facts(event="e").keys() & own.keys()
    assert all(name.startswith("flowing_") for name in facts(event="e"))


def test_a_name_is_escaped_in_attributes_too() -> None:
    """[S8] A formatter may write them as they are."""
    assert facts(event="e", task="a\x1b[31m\n")["flowing_task"] == r"a\x1b[31m\n"


def test_nobody_listens_unless_somebody_debugs(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """So lines that nobody wants cost nothing, at any event; the level is asked once a run."""
    heard: list[bool] = []
    observe = flow._observers.observe

    def look(event: object) -> None:
        heard.append(flow._observers.listening)
        observe(event)  # type: ignore[arg-type]  # it is one

    monkeypatch.setattr(flow._observers, "observe", look)
    flow.run()
    assert heard
    assert not any(heard)
    logging.getLogger("flowing").setLevel(logging.DEBUG)
    try:
        flow.run()
    finally:
        logging.getLogger("flowing").setLevel(logging.NOTSET)
    assert heard[-1], "control"
    assert not flow._observers.listening, "and it is over with the run"


def test_a_logger_that_raises_is_taken_for_one_that_does_not_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R20] Then the run goes on without a diary."""

    def refuse(_: int) -> bool:
        raise OSError

    monkeypatch.setattr(logging.getLogger("flowing"), "isEnabledFor", refuse)
    assert not is_debugging()


def test_a_handler_that_raises_at_debug_changes_nothing(flow: Flow) -> None:
    """[R20] A record is made for each event, and each handler call ends in an error."""

    class Broken(logging.Handler):
        calls = 0

        @override
        def handle(self, record: logging.LogRecord) -> bool:
            Broken.calls += 1
            raise BrokenPipeError

    log, broken = logging.getLogger("flowing"), Broken()
    log.addHandler(broken)
    log.setLevel(logging.DEBUG)
    try:
        results = flow.run()
    finally:
        log.removeHandler(broken)
        log.setLevel(logging.NOTSET)
    assert results["fine"].value == 1
    assert Broken.calls > 5


SCRIPT = """
import logging
from flowing import Flow, task
@task
def bad():
    raise ValueError
{}
Flow(bad).run()
"""


@pytest.mark.parametrize(("setup", "printed"), [("", False), ("logging.basicConfig()", True)])
def test_nothing_is_printed_unless_the_program_asks_for_it(setup: str, printed: bool) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(setup)], capture_output=True, text=True, check=True)
    assert ("task 'bad' failed" in done.stderr) is printed
    assert done.stdout == ""
