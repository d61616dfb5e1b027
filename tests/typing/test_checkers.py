"""Every type checker finds the marked mistakes, and nothing else; the public names are typed and documented."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import pytest

from tests.typing.checkers import (
    CHECKERS,
    REQUIRED,
    ROOT,
    TOOLS,
    Checker,
    Finding,
    Mark,
    differences,
    expected,
    load_json,
    marks_in,
    needs,
    program,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE: Final = Path(__file__).parent
POSITIVE: Final = HERE / "positive.py"
NEGATIVE: Final = HERE / "negative.py"
WIRING: Final = HERE / "wiring.py"
LEAST: Final = 60  # correct uses, and mistakes

PYTHONS: Final = ("3.11", "3.14") if REQUIRED else ("3.11",)  # the oldest, and the newest that all checkers know

Checked: TypeAlias = tuple[Checker, "Mapping[Finding, str]"]


def read_marks(*files: Path) -> list[Mark]:
    return [mark for file in files for mark in marks_in(file.name, file.read_text(encoding="utf-8"))]


def files_for(checker: Checker) -> tuple[Path, ...]:
    """Give the files with marks; only the plugin knows what a dependency by name has to be."""
    return (POSITIVE, NEGATIVE, WIRING) if checker == "plugin" else (POSITIVE, NEGATIVE)


@pytest.fixture(scope="module", params=[(checker, python) for checker in CHECKERS for python in PYTHONS], ids="-".join)
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """One run of a checker over all files."""
    checker, python = cast("tuple[Checker, str]", request.param)  # what `params` has
    needs(checker)
    return checker, run(checker, files_for(checker), tmp_path_factory.mktemp(checker), python=python)


def test_a_checker_says_what_is_marked_and_nothing_else(checked: Checked) -> None:
    checker, found = checked
    assert differences(found, expected(read_marks(*files_for(checker)), checker)) == []


def test_a_mark_that_is_removed_is_reported(checked: Checked) -> None:
    """The control, for every mark: without it, there is an error on an unmarked line."""
    checker, found = checked
    marks = [mark for mark in read_marks(*files_for(checker)) if mark.codes_for(checker)]
    as_it_is = differences(found, expected(marks, checker))
    assert marks
    for mark in marks:
        without = differences(found, expected((each for each in marks if each != mark), checker))
        reported = set(without).difference(as_it_is)
        assert len(reported) == len(mark.codes_for(checker) or ())
        assert all(line.startswith(f"{mark.file}:{mark.line}: ") and "not marked" in line for line in reported)


def test_a_mistake_that_is_no_longer_found_is_reported(checked: Checked) -> None:
    """The control, for every mistake: without its error, there is a mark too many."""
    checker, found = checked
    wanted = expected(read_marks(*files_for(checker)), checker)
    for each in wanted & found.keys():
        without = differences({other: found[other] for other in found if other != each}, wanted)
        assert f"{each.file}:{each.line}: {each.code}: marked, but not found" in without


# ── marks ────────────────────────────────────────────────────────────────────────────────────────


def test_every_checker_has_an_error_for_every_mistake() -> None:
    marks = read_marks(NEGATIVE)
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        silent = {checker for checker in CHECKERS if not mark.codes_for(checker)}
        if silent == {"plugin"} and following is not None and following.is_echo:
            # It says it of the parameter, which is in one of the lines below the decorator.
            silent = set() if following.codes_for("plugin") and following.line <= mark.line + 3 else silent
        assert mark.is_echo or not silent, mark


def test_the_plugin_has_an_error_for_every_mistake_in_wiring() -> None:
    assert all(mark.codes_for("plugin") == frozenset({"flowing-wiring"}) for mark in read_marks(WIRING))


@pytest.mark.parametrize(("file", "least"), [(NEGATIVE, LEAST), (WIRING, 30)], ids=["negative", "wiring"])
def test_there_are_enough_mistakes_and_no_two_are_the_same(file: Path, least: int) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    mistakes = {"\n".join(lines[mark.line - 1 : mark.line + 3]) for mark in read_marks(file) if not mark.is_echo}
    assert len(mistakes) == sum(not mark.is_echo for mark in read_marks(file)) >= least


def test_there_are_enough_correct_uses_and_the_plugin_takes_them_all() -> None:
    text = POSITIVE.read_text(encoding="utf-8")
    assert len(re.findall(r"^ *assert_type\(", text, re.MULTILINE)) >= LEAST
    assert not any(
        mark.codes_for(checker) for mark in read_marks(POSITIVE) for checker in CHECKERS if checker != "mypy"
    )


def test_a_mark_is_about_the_line_below_it() -> None:
    text = "# E: mypy[arg-type, misc] ty[call-arg]\n# E: pyright[reportX]\nwrong()\n\n# also: ty[a-b]\nechoes()\n"
    first, second = marks_in("a.py", text)
    assert (first.line, first.is_echo, second.line, second.is_echo) == (3, False, 6, True)
    assert first.codes_for("mypy") == frozenset({"arg-type", "misc"})
    assert first.codes_for("basedpyright") == frozenset({"reportX"})
    assert first.codes_for("pyrefly") is None
    assert expected([first, second], "ty") == {Finding("a.py", 3, "call-arg"), Finding("a.py", 6, "a-b")}


@pytest.mark.parametrize("mark", ["# E: mypy", "# E: mypi[a]\n1", "# E: mypy[a], ty[b]\n1", "# E: nothing\n1", "# E: "])
def test_a_mark_that_cannot_be_read_is_refused(mark: str) -> None:
    with pytest.raises(ValueError, match=r"a\.py"):
        list(marks_in("a.py", mark))


# ── programs as people write them ────────────────────────────────────────────────────────────────

MODES: Final[tuple[tuple[Checker, str], ...]] = (
    ("plugin", "default"),
    ("plugin", "strict"),
    ("pyright", "basic"),
    ("pyright", "standard"),
    ("basedpyright", "standard"),
    ("pyrefly", "default"),
    ("ty", "default"),
)


@pytest.fixture(scope="module", params=MODES, ids="-".join)
def first_programs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """One run of a checker over the programs as they stand, and over `wrong.py`: the first one, with a mistake."""
    checker, mode = cast("tuple[Checker, str]", request.param)  # what `params` has
    needs(checker)
    folder = tmp_path_factory.mktemp(checker)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    untyped = [] if mode == "strict" else re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[:2]
    texts = {f"readme_{number}.py": block for number, block in enumerate(untyped)} | {"wrong.py": with_a_mistake()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = tmp_path_factory.mktemp("settings")
    return [*run(checker, [HERE / "seed.py", *(folder / name for name in texts)], settings, mode=mode)]


def with_a_mistake() -> str:
    """Give the first program with a value of the wrong type, `"six"`."""
    right = (HERE / "seed.py").read_text(encoding="utf-8")
    wrong = right.replace("flow.override(process, 6)", 'flow.override(process, "six")')
    assert wrong != right
    return wrong


def test_the_first_programs_type_check_as_they_stand(first_programs: list[Finding]) -> None:
    assert [each for each in first_programs if each.file != "wrong.py"] == []


def test_a_first_program_with_a_mistake_does_not_type_check(first_programs: list[Finding]) -> None:
    """The control of the test above."""
    wrong = with_a_mistake()
    line = wrong[: wrong.index('"six"')].count("\n") + 1
    assert {each.line for each in first_programs if each.file == "wrong.py"} == {line}


# ── the public names ─────────────────────────────────────────────────────────────────────────────


def test_every_public_name_has_a_known_type_and_a_docstring() -> None:
    needs("pyright")
    # --verifytypes does not follow an editable install to src.
    sources = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    options = ["--verifytypes", "flowing", "--ignoreexternal", "--outputjson"]
    done = program("pyright", "--pythonpath", str(TOOLS / "python"), *options, PYTHONPATH=sources)
    report = load_json(done.stdout)["typeCompleteness"]
    messages = {
        f"{each['name']}: {diagnostic['message']}"
        for each in report["symbols"]
        for diagnostic in each["diagnostics"]
        if "__converterDescriptor_" not in each["name"]  # pyright's own invention, for a field with a converter
    }
    assert messages == set()
    assert report["completenessScore"] == 1
    assert report["missingFunctionDocStringCount"] == 0
    assert report["exportedSymbolCounts"]["withKnownType"] > 0
