"""The code blocks of a page, and how each is run. Knows no page, and checks nothing that the page does not say.

What a page may say, beside its blocks:

- A `python` block runs after those before it, in one namespace and one empty folder; the tests in it (`test_…`) are
  called, with the fixtures that they name.
- A `text` block right below it, with nothing but blank lines between, is what it prints.
- A `python` block that begins with the name of a file, `# wiring.py`, is written there, for a command below to run.
- A `console` block runs the commands after `$`, and shows what they print. Lines without a `$` before are not run.
- `<!-- needs: rich -->` right above a block: it runs where that can be imported.
- `<!-- not run: why -->` right above a block: it does not run.
"""

from __future__ import annotations

import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from types import ModuleType
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_MODULES: Final = ("mypy", "pytest", "flowing")  # commands that are modules, too
_VARIES: Final = (
    (re.compile(r" +[\d.]+ (?:ms|s|min)\b"), " TIME"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "WHEN"),
    (re.compile(r"\bprocess \d+ on \S+ since \S+;"), "process N;"),
)


@frozen
class Block:
    """A block of a page. `line` is that of its first line; `is_output`: nothing but blank lines is above it."""

    language: str
    text: str
    line: int
    needs: tuple[str, ...] = ()
    not_run: str = ""
    is_output: bool = False

    @property
    def file(self) -> str:
        """Give the name of the file that the block is, or nothing."""
        named = re.match(r"# (\w+\.py)\n", self.text)
        return named[1] if named and self.language == "python" else ""

    @property
    def commands(self) -> tuple[tuple[str, str], ...]:
        """Give the commands, and what each prints."""
        if self.language != "console":
            return ()
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        return tuple((command, output) for command, _, output in (part.partition("\n") for part in parts))

    @property
    def missing(self) -> tuple[str, ...]:
        """Name what it needs and can't be imported here."""
        return tuple(name for name in self.needs if importlib.util.find_spec(name) is None)


def blocks_of(text: str) -> tuple[Block, ...]:
    """Find the blocks of a page, in order."""
    blocks: list[Block] = []
    above, fence, start = "", "", 0
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if fence:
            ticks = re.match("`+", fence)
            assert ticks is not None
            if line.strip() == ticks[0]:
                blocks.append(_block(fence[ticks.end() :], lines[start : number - 1], start + 1, above))
                above, fence = "", ""
            else:
                assert not line.startswith(ticks[0]), f"line {number}: a block in the block of line {start}"
        elif line.startswith("```"):
            fence, start = line, number
        else:
            above += f"{line}\n"
    assert not fence, f"line {start}: a block that does not end"
    return tuple(blocks)


def _block(language: str, lines: list[str], line: int, above: str) -> Block:
    note = re.search(r"<!-- (needs|not run): ([^>]+) -->\s*$", above)
    kind, said = (note[1], note[2].strip()) if note else ("", "")
    return Block(
        language=language.strip(),
        text="".join(f"{each}\n" for each in lines),
        line=line,
        needs=tuple(said.replace(",", " ").split()) if kind == "needs" else (),
        not_run=said if kind == "not run" else "",
        is_output=not above.strip(),
    )


class Page:
    """A page that is being run, in `folder`; `fixture` gives a fixture by its name. `missing` is what blocks lacked."""

    def __init__(self, path: Path, folder: Path, fixture: Callable[[str], object]) -> None:
        self.path: Final = path
        self.folder: Final = folder
        self.missing: Final[list[str]] = []
        self.tests = 0
        self._fixture: Final = fixture
        self._module: Final = ModuleType(f"page_{path.stem}")

    def run(self) -> None:
        """Run every block; `AssertionError` says where the page is wrong."""
        blocks = blocks_of(self.path.read_text(encoding="utf-8"))
        self._check_that_files_are_used(blocks)
        sys.modules[self._module.__name__] = self._module
        try:
            for number, block in enumerate(blocks):
                if block.not_run:
                    continue
                if block.missing:
                    self.missing.extend(block.missing)
                    continue
                below = blocks[number + 1] if number + 1 < len(blocks) else None
                self._run(block, below)
        finally:
            del sys.modules[self._module.__name__]

    @staticmethod
    def _check_that_files_are_used(blocks: Sequence[Block]) -> None:
        for number, block in enumerate(blocks):
            below = [command for each in blocks[number:] for command, _ in each.commands]
            name = block.file.removesuffix(".py")
            assert not name or any(name in command for command in below), f"no command below runs {block.file}"

    def _run(self, block: Block, below: Block | None) -> None:
        if block.file:
            (self.folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            printed = self._run_python(block)
            if below is not None and below.language == "text" and below.is_output:
                self._compare(printed, below.text, below.line)
        for command, output in block.commands:
            self._compare(self._run_command(command), output, block.line)

    def _run_python(self, block: Block) -> str:
        before = dict(vars(self._module))
        source = "\n" * (block.line - 1) + block.text  # so that tracebacks name the line of the page
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(source, str(self.path), "exec", dont_inherit=True), vars(self._module))
            for name, value in list(vars(self._module).items()):
                if name.startswith("test_") and before.get(name) is not value:
                    self._call(value)
        return printed.getvalue()

    def _call(self, test: object) -> None:
        assert callable(test)
        code = getattr(test, "__code__", None)
        is_given = hasattr(test, "hypothesis")  # fills its parameters itself
        names = () if code is None or is_given else code.co_varnames[: code.co_argcount]
        test(*map(self._fixture, names))
        self.tests += 1

    def _run_command(self, command: str) -> str:
        name, *words = shlex.split(command, comments=True)
        assert name in ("python", *_MODULES), f"{command!r}: not run here; write it without `$`"
        before = [sys.executable] if name == "python" else [sys.executable, "-m", name]
        ended = subprocess.run(
            [*before, *words],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "80", "PYTHONPATH": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return ended.stdout

    def _compare(self, printed: str, shown: str, line: int) -> None:
        printed, shown = (self._without_what_varies(each) for each in (printed, shown))
        assert printed == shown, f"{self.path.name}:{line} shows something else than is printed:\n{printed}"

    def _without_what_varies(self, text: str) -> str:
        """Take out durations, names of runs, times, and where the folder is, which pages call /home/you."""
        text = text.replace(str(self.folder), "/home/you")
        for pattern, instead in _VARIES:
            text = pattern.sub(instead, text)
        return text
