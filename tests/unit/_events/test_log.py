"""A file of events: whole or not there, its owner's alone, and refused where it is damaged."""

from __future__ import annotations

import contextlib
import json
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowing import EventLogError
from flowing._events import log as log_module
from flowing._events.facts import Forgotten
from flowing._events.log import EventLog, read, write
from flowing.core import (
    AttemptFailed,
    Limits,
    Node,
    Policy,
    RunRequested,
    RunRestored,
    compile_graph,
)
from flowing.core.status import Past, Provided

if TYPE_CHECKING:
    from pathlib import Path

GRAPH = compile_graph(
    [
        Node("first\ud800\x1b[31m", policy=Policy(retries=2, backoff_base_s=0.5, backoff_max_s=7, jitter=True)),
        Node("second", ("first\ud800\x1b[31m",)),
        Node("aside", ("second",), detached=True),
    ],
    Limits(workers=3, abandoned=0, fail_fast=False),
)
LOG = EventLog(
    GRAPH,
    (
        Forgotten(0),
        RunRestored("r", 0, 1.0, 2.0, ((0, Provided(None, Past(1, 2))),)),
        RunRequested(1.0, 2.0, "r"),
        AttemptFailed(task=0, attempt=1, epoch=0, at_s=3.0, error=ValueError("é\n"), retryable=True, jitter=0.25),
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "events.jsonl"
    write(made, LOG, {})
    return made


def test_it_comes_back_with_its_graph(path: Path) -> None:
    again = read(path, {})
    assert again.graph == GRAPH
    assert [type(event) for event in again.events] == [type(event) for event in LOG.events]
    assert again.events[2] == LOG.events[2]


def test_it_is_one_json_object_a_line(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
    assert len(lines) == 1 + GRAPH.size + len(LOG.events) + 1, "a head, the tasks, the events, and a row of one of them"
    assert lines[0] == {"flowing": "events", "format": 1, "tasks": 3, "events": 4, "limits": [3, 0, False]}


def test_it_is_for_its_owner_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_replaced_and_not_followed(path: Path, tmp_path: Path) -> None:
    """What the link names is left alone."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("mine")
    link.symlink_to(target)
    write(link, LOG, {})
    assert target.read_text() == "mine"
    assert not link.is_symlink()


def test_what_can_not_be_written_leaves_what_was_there(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    nan = EventLog(GRAPH, (RunRequested(float("nan"), 0.0, "r"),))
    with pytest.raises(ValueError, match="JSON"):
        write(path, nan, {})
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    ("line", "text", "complaint"),
    [
        (1, "", "the file ends before it should"),
        (1, "{}\n", "it is not the head"),
        (1, "[]\n", "it is no object"),
        (1, '{"flowing":"events","format":2}\n', "another format"),
        (1, '{"flowing":"events","format":1,"tasks":-1}\n', "tasks is no count"),
        (1, '{"flowing":"events","format":1,"tasks":3,"events":4,"limits":[0,0,true]}\n', "limits"),
        (1, '{"flowing":"events","format":1,"tasks":3,"events":5,"limits":[1,0,true]}\n', "ends before it should"),
        (1, '{"flowing":"events","format":1,"tasks":3,"events":3,"limits":[1,0,true]}\n', "goes on after"),
        (2, '{"task":1}\n', "it is no task"),
        (2, '{"task":"x","needs":[0],"detached":false,"retry":[0,1,1,false]}\n', "does not come before it"),
        (2, '{"task":"x","needs":[],"detached":false,"retry":[-1,1,1,false]}\n', "retry is no policy"),
        (2, '{"task":"x","needs":[],"detached":true,"retry":[0,1,1,false]}\n', "depends on the detached task"),
        (2, '{"task":"second","needs":[],"detached":false,"retry":[0,1,1,false]}\n', "two tasks are named"),
        (5, '{"event":"Nothing"}\n', "it is no event"),
        (5, "[" * 100_000 + "\n", "it is no JSON"),
        (5, '{"event":"Forgotten","epoch":' + "1" * 10_000 + "}\n", "it is no JSON"),
        (5, '{"event":"Forgotten","epoch":NaN}\n', "NaN is no JSON"),
        (5, "\udcff\n", "it is no JSON"),
        (7, '{"row":9}\n', "a task that there is none of"),
    ],
)
def test_what_is_damaged_is_refused_with_its_line(path: Path, line: int, text: str, complaint: str) -> None:
    lines = path.read_text("ascii").splitlines(keepends=True)
    lines[line - 1] = text
    if not text:
        lines = []
    path.write_bytes("".join(lines).encode("utf-8", "surrogateescape"))
    with pytest.raises(EventLogError, match=complaint) as caught:
        read(path, {})
    assert caught.value.path == str(path)
    assert caught.value.line is not None
    assert "events.jsonl" in str(caught.value)


def test_tasks_that_are_not_in_start_order_are_refused(tmp_path: Path) -> None:
    """Their numbers would mean other tasks (D18)."""
    task = '{{"task":"{}","needs":{},"detached":false,"retry":[0,1,1,false]}}'
    head = '{"flowing":"events","format":1,"tasks":3,"events":0,"limits":[1,0,true]}'
    path = tmp_path / "events.jsonl"
    for names, refused in ((("long", "after"), False), (("short", "long"), True)):
        needs = [0] if not refused else [1]
        lines = [head, task.format(names[0], []), task.format(names[1], needs if not refused else [])]
        lines.append(task.format("last", needs))
        path.write_text("\n".join(lines) + "\n")
        if refused:
            with pytest.raises(EventLogError, match="the tasks are not in their order"):
                read(path, {})
        else:
            assert read(path, {}).graph.size == 3


def test_a_line_that_is_too_long_is_refused_before_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "LINE_MAX", 20)
    with pytest.raises(EventLogError, match=r"line 1 of .* longer than 20 characters"):
        read(path, {})


@settings(max_examples=30)
@given(data=st.data())
def test_a_file_with_any_bytes_changed_is_read_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("changed") / "events.jsonl"
    write(path, LOG, {})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path.write_bytes(content)
    with contextlib.suppress(EventLogError):
        read(path, {})
