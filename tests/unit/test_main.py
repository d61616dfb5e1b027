"""The command line: what it prints, and its exit status. A user's mistake is one line, never a traceback."""

from __future__ import annotations

import io
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from flowing.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = """
    from flowing import Depends, Flow, task


    @task
    def fetch() -> int:
        return 1


    @task(depends_on=[fetch])
    def process(
        fetch: str,
    ) -> int:
        return len(fetch)


    @task(depends_on=[fetch])
    def total(fetch: float, unknown: "Nowhere" = Depends(fetch)) -> float:
        return fetch


    wrong = Flow(process)
    right = Flow(total)


    class Flows:
        wrong = wrong


    def make():
        return right


    def make_for(name):
        return right


    def make_nothing():
        pass


    def fail():
        raise OSError("no\\nsuch thing")


    def leave():
        raise SystemExit(3)


    def refused():
        @task(depends_on=[fetch])
        def total(fetched: int) -> int:
            return fetched
"""
WRONG = (
    'program.py:11: error: Task "fetch" makes "int", but task "process" takes it as "str"; change the '
    'parameter\'s type, or depend on a task that makes "str"\n'
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a folder with a program, and forget what was imported from it."""
    files = {
        "program.py": PROGRAM,
        "mistaken.py": "import flowing\n\n@flowing.task\ndef needy(x): ...\n",
        "broken.py": "def f(:\n",
        "failing.py": "import json\n\njson.loads('')\n",
        "importing.py": "import not_there\n",
        "package/__init__.py": "",
        "package/inside.py": "from program import right\n",
    }
    (tmp_path / "package").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(dedent(text).lstrip())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"program", "mistaken", "broken", "failing", "importing", "package"}:
            del sys.modules[name]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(["check", *arguments])
    except SystemExit as end:
        status = int(str(end.code))
    printed = capsys.readouterr()
    return status, printed.out, printed.err


# ── what is found ────────────────────────────────────────────────────────────────────────────────


def test_a_finding_is_one_line_with_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    """[G7] Exit status 1."""
    last = "1 error; 1 value passed between tasks, 0 unchecked\n"
    assert run(capsys, "program:wrong") == (1, WRONG + last, "")


def test_what_is_unchecked_is_counted_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """[G7] Exit status 0."""
    last = "0 errors; 2 values passed between tasks, 1 unchecked (--unchecked lists them)\n"
    assert run(capsys, "program:right") == (0, last, "")


def test_what_is_unchecked_is_listed_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """[G7] As a note, which is no error either."""
    note = (
        'program.py:17: note: What task "fetch" makes is not compared with what task "total" takes as parameter '
        '"unknown": the annotation "Nowhere" can\'t be evaluated (NameError: name \'Nowhere\' is not defined)\n'
    )
    last = "0 errors; 2 values passed between tasks, 1 unchecked\n"
    assert run(capsys, "--unchecked", "program:right") == (0, note + last, "")


@pytest.mark.parametrize("target", ["program:make", "package.inside:right", "package:inside.right"])
def test_a_flow_is_found(capsys: pytest.CaptureFixture[str], target: str) -> None:
    """Made by a function, in a module of a package, or at the end of a dotted path."""
    if target == "package:inside.right":
        run(capsys, "package.inside:right")
    assert run(capsys, target)[0] == 0


def test_several_flows_are_checked_and_a_finding_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    """[G7] They often share tasks."""
    status, output, _ = run(capsys, "program:right", "program:wrong", "program:Flows.wrong")
    assert (status, output.count(WRONG)) == (1, 1)


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("mistaken:flow", "mistaken.py:3: error: task 'needy' needs a value for 'x'"),
        ("program:refused", "program.py:50: error: task 'total' needs a value for 'fetched'"),
    ],
)
def test_a_declaration_that_is_refused_is_a_finding(capsys: pytest.CaptureFixture[str], target: str, line: str) -> None:
    """[G6] With the line of the user's that made it."""
    status, output, errors = run(capsys, target)
    assert (status, errors) == (1, "")
    assert output.startswith(line)
    assert output.count("\n") == 2


# ── wrong use: one line, exit status 2 ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "flowing check: the following arguments are required: module:flow (see flowing check --help)"),
        (["--nothing"], "flowing check: the following arguments are required: module:flow (see flowing check --help)"),
        (["program"], "flowing: 'program' does not say where the flow is; write module:flow"),
        (["program:"], "flowing: 'program:' does not say where the flow is; write module:flow"),
        ([":flow"], "flowing: ':flow' does not say where the flow is; write module:flow"),
        (["a/b.py:flow"], "flowing: 'a/b.py:flow' names a file; write the module: a.b:flow"),
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


def test_an_error_is_placed_in_the_last_line_of_the_users(capsys: pytest.CaptureFixture[str]) -> None:
    """Not where the import machinery, or flowing, is."""
    _, _, errors = run(capsys, "failing:flow")
    assert errors.startswith("flowing: importing 'failing' raised JSONDecodeError")


def test_a_verb_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["chekc"]):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_ctrl_c_is_no_mistake(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "program.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        main(["check", "program:flow"])


def test_a_name_that_the_terminal_cannot_show_is_escaped(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "program.py").write_text(dedent(PROGRAM).replace("process", "größe"), encoding="utf-8")
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["check", "program:wrong"]) == 1
    terminal.seek(0)
    assert 'task "gr\\xf6\\xdfe" takes' in terminal.read()


@pytest.mark.parametrize(
    "arguments", [["-m", "flowing"], ["-c", "import sys, flowing.__main__ as m; sys.exit(m.main())"]]
)
def test_it_runs_as_a_program(arguments: list[str]) -> None:
    """As `python -m flowing`, and as the installed command does, which has no current directory on its path."""
    ended = subprocess.run(
        [sys.executable, *arguments, "check", "program:wrong"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.startswith(WRONG)
