"""The mypy plugin says what the samples in tests/typing/plugin are marked with, and nothing else [G7]."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import flowing

mypy_api = pytest.importorskip("mypy.api", reason="the plugin runs inside mypy, which is not installed here")
mypy_plugin = pytest.importorskip("flowing.mypy_plugin")

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = Path(__file__).parents[1] / "typing" / "plugin"
FLOWING = Path(flowing.__file__).parents[1]
CODES = {"E": "flowing-wiring", "U": "flowing-unchecked"}
ERROR = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): error: (?P<message>.*)  \[(?P<code>[\w-]+)\]")


class Said(NamedTuple):
    file: str
    line: int
    code: str
    what: str  # the message up to its way out, which begins with a semicolon


def marked_in(path: Path, file: str) -> Iterator[Said]:
    """Read the marks; each is about the next line that is no mark."""
    waiting: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        mark = re.fullmatch(r"\s*# (?P<kind>[EU]): (?P<what>.*)", line)
        if mark:
            waiting.append((CODES[mark["kind"]], mark["what"]))
        else:
            yield from (Said(file, number, code, what) for code, what in waiting)
            waiting.clear()
    assert not waiting, f"{file}: the marks at its end are about no line"


class Checked(NamedTuple):
    said: Counter[Said]
    messages: list[str]
    output: str


def check(folder: Path, *, plugin: bool = True, option: str = "", files: Path = SAMPLES) -> Checked:
    """Let mypy check the samples once, in this process."""
    config = folder / "mypy.ini"
    search_path = "" if FLOWING.is_relative_to(sys.prefix) else f"mypy_path = {FLOWING}\n"
    plugins = "plugins = flowing.mypy_plugin\n" if plugin else ""
    strict = "strict = True\nshow_traceback = True\nenable_error_code = ignore-without-code\n"
    config.write_text(f"[mypy]\n{strict}{search_path}{plugins}{option}", encoding="utf-8")
    arguments = ["--config-file", str(config), "--cache-dir", str(folder / "cache"), "--no-error-summary", str(files)]
    output, crash, _ = mypy_api.run(arguments)
    assert not crash
    found = [match for line in output.splitlines() if (match := ERROR.fullmatch(line))]
    said = [
        Said(
            Path(each["file"]).resolve().relative_to(SAMPLES).as_posix(),
            int(each["line"]),
            each["code"],
            each["message"].split(";")[0],
        )
        for each in found
    ]
    return Checked(Counter(said), [each["message"] for each in found], output)


@pytest.fixture(scope="module")
def marked() -> Counter[Said]:
    files = sorted(SAMPLES.rglob("*.py"))
    return Counter(said for path in files for said in marked_in(path, path.relative_to(SAMPLES).as_posix()))


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return check(tmp_path_factory.mktemp("on"), option="[flowing-mypy]\nreport_unchecked = true\n")


def test_every_mark_is_said_on_its_line(checked: Checked, marked: Counter[Said]) -> None:
    assert sorted((marked - checked.said).elements()) == []


def test_nothing_is_said_that_is_not_marked(checked: Checked, marked: Counter[Said]) -> None:
    assert sorted((checked.said - marked).elements()) == []


def test_nothing_but_the_marks_is_in_the_output(checked: Checked, marked: Counter[Said]) -> None:
    """Neither notes nor errors of mypy's own: what the plugin says stands in their place."""
    assert len(checked.output.splitlines()) == marked.total()


def test_the_samples_have_marks_of_every_kind(marked: Counter[Said]) -> None:
    """The control of the tests above: without marks they would pass."""
    kinds = Counter(said.code for said in marked.elements())
    assert kinds["flowing-wiring"] >= 60
    assert kinds["flowing-unchecked"] >= 8
    assert not any(said.file == "right.py" for said in marked)


def test_without_the_plugin_none_of_it_is_found(
    tmp_path_factory: pytest.TempPathFactory, marked: Counter[Said]
) -> None:
    """The control: what mypy finds alone are roots that need something, in its own words, and lists that it joins."""
    alone = check(tmp_path_factory.mktemp("off"), plugin=False)
    assert not alone.said & marked
    lines = {(said.file, said.line) for said in marked if said.code == "flowing-wiring"}
    found_alone = {(said.file, said.line) for said in alone.said}
    assert len(lines & found_alone) < len(lines) / 10
    assert any(said.file == "right.py" and said.code == "arg-type" for said in alone.said)


def test_what_cannot_be_checked_is_silent_unless_asked_for(
    tmp_path_factory: pytest.TempPathFactory, checked: Checked
) -> None:
    default = check(tmp_path_factory.mktemp("default"))
    assert default.said == Counter(
        {said: count for said, count in checked.said.items() if said.code == "flowing-wiring"}
    )


@pytest.mark.parametrize(
    ("file", "text", "asked_for"),
    [
        ("mypy.ini", "[flowing-mypy]\nreport_unchecked = true", True),
        ("mypy.ini", "[flowing-mypy]\nreport_unchecked = no", False),
        ("setup.cfg", "[mypy]\n", False),
        ("pyproject.toml", "[tool.flowing-mypy]\nreport_unchecked = true", True),
        ("pyproject.toml", "[tool.mypy]\n", False),
        ("missing.ini", None, False),
    ],
)
def test_the_option_is_read_from_the_file_that_configures_mypy(
    tmp_path: Path, file: str, text: str | None, *, asked_for: bool
) -> None:
    if text is not None:
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert mypy_plugin._reports_unchecked(str(tmp_path / file)) is asked_for


def test_flowing_itself_never_imports_the_plugin() -> None:
    """Who runs a flow need not have mypy."""
    seen = "import sys, flowing; print([name for name in sys.modules if name.split('.')[0] == 'mypy'])"
    done = subprocess.run([sys.executable, "-c", seen], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


WORDINGS = {
    "a type that does not fit": (
        'Task "fetch_data" makes "dict[str, list[int]]", but task "process" takes it as "str"; '
        'change the parameter\'s type, or depend on a task that makes "str"'
    ),
    "a parameter that nothing fills": (
        'No dependency of task "unfilled" supplies its parameter "other"; '
        "add the task that makes it to depends_on=[...], write other=Depends(task), or give it a default"
    ),
    "a parameter whose name is almost right": (
        'No dependency of task "misspelt" supplies its parameter "numbr"; rename it to "number", '
        "add the task that makes it to depends_on=[...], write numbr=Depends(task), or give it a default"
    ),
    "a parameter of the name of a task that is only waited for": (
        'No dependency of task "only_after" supplies its parameter "text"; '
        'task "text" is only in after=[...], which takes no value: move it to depends_on=[...]'
    ),
    "a dependency that no parameter takes": (
        'No parameter of task "untaken" takes the value of its dependency "text"; '
        'name a parameter "text", write x=Depends(...), or move it to after=[...] if only the order matters'
    ),
    "a dependency whose name can't be a parameter's": (
        'No parameter of task "by_name" takes the value of its dependency "sum of two"; '
        "write x=Depends(...), or move it to after=[...] if only the order matters"
    ),
    "a parameter without a name for callers": (
        'No dependency of task "positional_only" can supply parameter "number" of its function, which is '
        "positional-only; remove the / from the parameters, or write number=Depends(task)"
    ),
    "a parameter with two sources": (
        'Parameter "number" of task "two_sources" has two sources, the dependency of its name and Depends(text); '
        "take one of them away"
    ),
    "two dependencies of one name": (
        'Two dependencies of task "two_of_a_name" are named "number"; '
        "give one of them another name with name= or with_options(name=...)"
    ),
    "a gate": (
        'No dependency of task "gate_of_root" supplies parameter "text" of its validate; '
        "add the task that makes it to depends_on=[...], write text=Depends(task), or give it a default"
    ),
    "a list that can't be read": (
        'The wiring of task "by_variable" is not checked in full: it is not written as a list here; write '
        "depends_on=[...] with tasks that were made by @task, or by task() or with_options() with a literal name"
    ),
    "a function that can't be read": (
        'The wiring of task "by_wrapper" is not checked: the type of its function does not tell its parameters; '
        "write a def, or annotate what its decorator returns"
    ),
}


@pytest.mark.parametrize("mistake", WORDINGS)
def test_a_message_names_both_ends_and_the_way_out(checked: Checked, mistake: str) -> None:
    assert WORDINGS[mistake] in checked.messages
