"""Faults of text and data that somebody else chose: nothing is interpreted, and nothing secret is shown."""

from __future__ import annotations

import ast
import logging
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import flowing
from flowing import EventsLost, Flow, FlowFailed, FlowingError, Observation, Results, Task, task

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(flowing.__file__).parent
ROOT = Path(__file__).parents[3]

NAMES = [
    "%s %n %(name)s %d",
    "{0} {name.__class__} {",
    "'; DROP TABLE results; --",
    "../../etc/passwd",
    "C:\\x",
    "file:x?mode=rwc",
    "${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "$(reboot) `reboot`",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_data(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """[S7] It is shown as it is, in every output there is, and in a log record it is no pattern."""

    def body(**values: object) -> None:
        message = f"error of {name}"
        raise ValueError(message)

    first: Task[int] = task(lambda: 1, name=f"first {name}")
    bad: Task[None] = task(body, name=name, depends_on=[first])
    flow = Flow(bad)
    results = flow.run()
    assert name in flow.summary()
    assert name in str(results[bad].traceback)
    with pytest.raises(FlowFailed) as caught:
        results.raise_on_failure()
    assert f"error of {name}" in str(caught.value.exceptions[0])

    def listener(observation: Observation) -> None:
        raise ValueError(name)

    with flow.subscribe(listener) as subscription:
        flow.run()
        assert subscription.drain(60)
    assert name in caplog.records[0].getMessage()


SECRET = "canary-7f3a"


def test_no_argument_local_or_value_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """[S11] Only what the user's own message says."""
    caplog.set_level(logging.DEBUG)

    @task
    def login(password: str = SECRET) -> str:
        return password

    @task(depends_on=[login], retry_until=lambda value: False)
    def use(login: str) -> str:
        token = login
        return token * 2

    @task(depends_on=[login], validate=lambda login: 1 / 0)
    def check(login: str) -> str:
        return login

    @task(depends_on=[login])
    def fail(login: str) -> str:
        token = login
        raise ValueError(len(token))

    flow = Flow(use, check, fail, fail_fast=False)
    seen: list[Observation] = []
    with flow.subscribe(seen.append) as subscription:
        results = flow.run()
        flow.override(login, SECRET)
        flow.resume()
        assert subscription.drain(60)
    outputs = [flow.summary(), repr(flow), repr(results), repr(seen), repr(login), caplog.text]
    outputs += [repr(result) + str(result.traceback) for result in results.values()]
    outputs += [f"{error!r} {error}" for error in _errors(results)]
    assert not [output for output in outputs if SECRET in output]
    assert SECRET in flow.value(login), "control: it was there to be shown"


def _errors(results: Results) -> Iterator[BaseException]:
    for result in results.values():
        if result.error is not None:
            yield result.error
    try:
        results.raise_on_failure()
    except FlowFailed as failed:
        yield failed
        yield from failed.exceptions
    for name in ("login", "check"):
        try:
            _ = results[name].value
        except FlowingError as error:
            yield error


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def _calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def _modules() -> dict[str, ast.Module]:
    return {str(path.relative_to(SOURCE)): ast.parse(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")}


def test_two_things_read_pickles_and_nothing_runs_text() -> None:
    """[S3] The codec that must be asked for, and says that it trusts; and what executors carry, which are asked for."""
    modules = _modules()
    assert len(modules) > 20
    refused = {"pickle", "marshal", "shelve", "code", "runpy", "imp", "subprocess"}
    assert {name for name, tree in modules.items() if refused & set(_imports(tree))} == {
        "checkpoint/codec/pickled.py",
        "shell/by_value.py",
        "shell/parcels.py",
    }
    run = {"eval", "exec", "compile", "__import__"}
    assert [name for name, tree in modules.items() if run & set(_calls(tree))] == []


def test_no_pattern_of_ours_can_be_made_to_run_for_ever() -> None:
    """[S14] There is none."""
    assert [name for name, tree in _modules().items() if "re" in set(_imports(tree))] == []


def test_the_checks_of_the_source_see_what_they_look_for() -> None:
    """Control for the two above."""
    tree = ast.parse("import re, pickle.x\nfrom marshal import loads\ndef f():\n    eval('1')\n")
    assert list(_imports(tree)) == ["re", "pickle", "marshal"]
    assert list(_calls(tree)) == ["eval"]


def test_the_package_stands_on_three_others() -> None:
    """[S13] Each further dependency is a decision."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = sorted(each.split(">")[0].split("=")[0].strip() for each in project["dependencies"])
    assert names == ["attrs", "cattrs", "typing-extensions"]


def test_what_a_listener_missed_has_no_text_of_a_task() -> None:
    assert repr(EventsLost(3)) == "EventsLost(count=3)"
