"""The table that a person looks at after a run."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing import Flow, Task, current, task
from flowing.errors import ConfigError
from flowing.views.summary import duration


def sample() -> Flow:
    @task
    def fetch() -> int:
        return 1

    @task(depends_on=[fetch], retry=1, retry_backoff_base_ms=0)
    def parse(fetch: int) -> int:
        if current().attempt == 1:
            raise ConnectionError
        return fetch

    @task(depends_on=[parse])
    def store(parse: int) -> int:
        message = "disk\nfull"
        raise OSError(message)

    @task(depends_on=[store], when=lambda store: True)
    def report(store: int) -> int:
        return store

    @task(depends_on=[fetch], when=lambda fetch: False)
    def optional(fetch: int) -> int:
        return fetch

    @task(depends_on=[fetch], detached=True)
    def tell(fetch: int) -> int:
        message = "nobody listens"
        raise ConnectionError(message)

    return Flow(report, optional, fail_fast=False)


def test_each_task_has_a_line_with_state_name_duration_attempts_and_why() -> None:
    flow = sample()
    flow.run()
    lines = flow.summary().splitlines()
    assert lines[0].split() == ["STATE", "TASK", "DURATION", "ATTEMPTS", "WHY"]
    cells = {line.split()[1]: line.split() for line in lines[1:-1]}
    assert cells["fetch"][0] == "SUCCEEDED"
    assert cells["parse"][4] == "2"
    assert " ".join(cells["store"][5:]) == r"OSError: disk\nfull"
    assert " ".join(cells["report"][2:]) == "- 0 task 'store' failed"
    assert " ".join(cells["optional"][2:]) == "- 0 its gate closed"
    assert cells["tell"][2] == "(detached)"
    assert lines[-1] == ("6 tasks: 2 SUCCEEDED, 2 FAILED, 2 SKIPPED, 1 of the failures detached")


def test_columns_stand_below_each_other_and_no_line_ends_in_blanks() -> None:
    flow = sample()
    flow.run()
    lines = flow.summary().splitlines()
    assert all(line == line.rstrip() for line in lines)
    why = lines[0].index("WHY")
    assert all(line[why - 1 : why + 1].strip() == line[why : why + 1].strip() for line in lines[:-1])


def test_before_a_run_everything_is_pending() -> None:
    assert sample().summary().splitlines()[-1] == "6 tasks: 6 PENDING, 0 SUCCEEDED"


def test_an_override_and_a_reason_are_shown() -> None:
    flow = sample()
    flow.run()
    store: Any = next(each for each in flow.tasks if each.name == "store")
    flow.override(store, 1)
    assert "overridden" in flow.summary()

    @task(retry=1, validate=lambda: 1 / 0)
    def refused() -> None: ...

    flow = Flow(refused)
    flow.run()
    assert "ZeroDivisionError: division by zero (a gate raised before the body ran)" in flow.summary()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0, "0.0 ms"),
        (0.0123, "12.3 ms"),
        (1.0, "1.00 s"),
        (119.994, "119.99 s"),
        (120.0, "2.0 min"),
        (7200.0, "120.0 min"),
    ],
)
def test_a_duration_shows_its_size_at_a_glance(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@given(name=st.text(st.characters(), min_size=1, max_size=60), message=st.text(st.characters()))
def test_no_text_of_a_task_reaches_the_terminal_unescaped(name: str, message: str) -> None:
    """[S8] One line a task, and no C0, C1 or Cf character but the newline."""

    def body() -> None:
        raise ValueError(message)

    step: Task[None]
    try:
        step = task(body, name=name)
    except ConfigError:  # most such names are refused; the message is not
        step = task(body, name="name")
    flow = Flow(step)
    flow.run()
    text = flow.summary()
    assert len(text.split("\n")) == 3
    assert not {unicodedata.category(each) for each in text.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(text.splitlines()) == 3


def test_a_long_name_and_a_long_reason_are_cut() -> None:
    def body() -> None:
        raise ValueError("y" * 1000)

    flow = Flow(task(body, name="x" * 200))
    flow.run()
    assert max(map(len, flow.summary().splitlines())) < 300


def test_one_task_is_one() -> None:
    one: Task[int] = task(lambda: 1, name="one")
    assert Flow(one).summary().splitlines()[-1] == "1 task: 1 PENDING, 0 SUCCEEDED"
