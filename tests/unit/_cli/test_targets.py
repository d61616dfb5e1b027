"""Where a flow is: what is found, and how what is not found is said in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit._cli import program

if TYPE_CHECKING:
    from pathlib import Path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return program.run(capsys, "check", *arguments)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "flowing check: the following arguments are required: module:flow (see flowing check --help)"),
        (["--nothing"], "flowing check: the following arguments are required: module:flow (see flowing check --help)"),
        (["program"], "flowing: 'program' does not say where the flow is; write module:flow or file.py:flow"),
        (["program:"], "flowing: 'program:' does not say where the flow is; write module:flow or file.py:flow"),
        ([":flow"], "flowing: ':flow' does not say where the flow is; write module:flow or file.py:flow"),
        (["a/b.py:flow"], "flowing: there is no file 'a/b.py'"),
        (["program.py:flow"], "flowing: 'program.py:flow': there is no 'flow' in it"),
        (
            ["aside/json.py:flow"],
            "flowing: 'aside/json.py' has the name of module 'json', which is loaded already; rename the file",
        ),
        (
            ["broken.py:flow"],
            "flowing: importing 'broken.py' raised SyntaxError: invalid syntax (broken.py, line 1) (broken.py:1)",
        ),
        (["nothing:flow"], "flowing: there is no module 'nothing' here or where Python looks for it"),
        (["package.no:flow"], "flowing: there is no module 'package.no' here or where Python looks for it"),
        (["program:flow"], "flowing: 'program:flow': there is no 'flow' in it"),
        (["program:Flows.none"], "flowing: 'program:Flows.none': there is no 'none' in it"),
        (["program:fetch"], "flowing: 'program:fetch' is a task; name a flow that has it: Flow(fetch)"),
        (
            ["program:__name__"],
            "flowing: 'program:__name__' is neither a Flow nor a function; it is a value of type str",
        ),
        (
            ["program:make_for"],
            "flowing: 'program:make_for' can't be called with nothing: missing a required argument: 'name'",
        ),
        (
            ["program:make_nothing"],
            "flowing: 'program:make_nothing' returns no Flow but a value of type NoneType; let it return the flow",
        ),
        (["program:fail"], r"flowing: calling 'program:fail' raised OSError: no\nsuch thing (program.py:42)"),
        (["program:leave"], "flowing: calling 'program:leave' raised SystemExit: 3 (program.py:46)"),
        (
            ["broken:flow"],
            "flowing: importing 'broken' raised SyntaxError: invalid syntax (broken.py, line 1) (broken.py:1)",
        ),
        (
            ["importing:flow"],
            "flowing: importing 'importing' raised ModuleNotFoundError: No module named 'not_there' (importing.py:1)",
        ),
        (["..program:flow"], None),
        (["builtins:dict.fromkeys"], None),
        (["builtins:iter"], None),
    ],
)
def test_wrong_use_is_one_line(
    capsys: pytest.CaptureFixture[str], folder: Path, arguments: list[str], line: str | None
) -> None:
    status, output, errors = run(capsys, *arguments)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    if line is not None:
        assert errors == line + "\n"


UNGUARDED = "from flowing import Flow, task\n\n@task\ndef one():\n    return 1\n\nflow = Flow(one)\nflow.run()\n"


@pytest.mark.parametrize("verb", ["check", "graph", "run"])
def test_a_module_that_runs_its_flow_when_it_is_imported_is_told_of(
    capsys: pytest.CaptureFixture[str], folder: Path, verb: str
) -> None:
    """With the way out; what was asked for is done."""
    (folder / "unguarded.py").write_text(UNGUARDED, encoding="utf-8")
    status, output, errors = program.run(capsys, verb, "unguarded.py:flow")
    assert (status, bool(output)) == (0, True)
    assert errors == (
        "flowing: 'unguarded.py:flow' was run by its module already, when that was imported; "
        'put what runs it below `if __name__ == "__main__":`\n'
    )


def test_a_flow_that_was_run_by_somebody_else_is_not(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """As where the command line is used twice in one process."""
    (folder / "guarded.py").write_text(UNGUARDED.replace("flow.run()\n", ""), encoding="utf-8")
    for _ in range(2):
        assert program.run(capsys, "run", "guarded.py:flow")[2] == ""
