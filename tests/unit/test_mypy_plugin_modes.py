"""The plugin says the same from a cold start, from mypy's cache, in its daemon and in its parallel workers [G7]."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

import flowing

pytest.importorskip("mypy", reason="the plugin runs inside mypy, which is not installed here")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Mode = Callable[["Project"], list[str]]

FLOWING: Final = Path(flowing.__file__).parents[1]
TIMEOUT_S: Final = 250  # against hanging only
TRIES_MAX: Final = 5  # mypy gives each of its workers 3 s to start, which is little on a busy machine
HAS_WORKERS: Final = int(version("mypy").split(".")[0]) >= 2

FILES: Final = {
    "shop/__init__.py": "from .base import BOTH as BOTH, fetch as fetch, late as late, named as named\n",
    "shop/names.py": 'from typing import Final\nNAME: Final = "named"\n',
    "shop/base.py": """
from flowing import Param, param, task
from .names import NAME

@task
def fetch() -> int: ...

@task(name=NAME)
def something() -> bytes: ...

@task
async def late() -> float: ...

named = something.with_options(retry=1)
copied = fetch.with_options(name="copied")
BOTH = (fetch, named)
size: Param[int | None] = param("size", int | None, default=None)
""",
    "shop/functions.py": """
def body(fetch: int, limit: int = 3) -> str: ...
def gate(fetch: int) -> bool: ...
""",
    "use.py": """
from flowing import task
from shop import BOTH, fetch, late, named
from shop.base import copied, size

@task(depends_on=[fetch, late])
def by_name(fetch: int, late: float) -> None: ...

@task(depends_on=[named, copied])
def by_option(named: bytes, copied: int) -> None: ...

@task(depends_on=[size])
def by_written_type(size: int | None) -> None: ...

@task(depends_on=BOTH)
def by_constant(fetch: int, named: bytes) -> None: ...
""",
    "plain.py": """
from flowing import task
from shop import fetch
from shop.functions import body, gate

called = task(body, depends_on=[fetch], when=gate)

@task(depends_on=[called])
def after(body: str) -> None: ...
""",
    "left.py": """
import right
from flowing import task

@task
def one() -> int: ...

def build() -> None:
    @task(depends_on=[right.two])
    def three(two: str) -> None: ...
""",
    "right.py": """
import left
from flowing import task

@task
def two() -> str: ...

def build() -> None:
    @task(depends_on=[left.one])
    def three(one: int) -> None: ...
""",
}


class Edit(NamedTuple):
    what: str
    file: str
    old: str
    new: str


EDITS: Final = (
    Edit("another type of result", "shop/base.py", "def fetch() -> int", "def fetch() -> str"),
    Edit("a name given", "shop/base.py", "@task\ndef fetch() -> str", '@task(name="got")\ndef fetch() -> int'),
    Edit("the name taken away", "shop/base.py", '@task(name="got")', "@task()"),
    Edit("another value of a constant", "shop/names.py", '"named"', '"other"'),
    Edit("a parameter of the other name", "use.py", "named: bytes", "other: bytes"),
    Edit("another name of a copy", "shop/base.py", 'name="copied"', 'name="cloned"'),
    Edit("another name where the type is written", "shop/base.py", 'param("size"', 'param("width"'),
    Edit("another type, written there", "use.py", "size: int | None", "width: str"),
    Edit("a task more in a tuple", "shop/base.py", "(fetch, named)", "(fetch, named, late)"),
    Edit("async no more, and another result", "shop/base.py", "async def late() -> float", "def late() -> str"),
    Edit("another task under the name of the import", "shop/__init__.py", "fetch as fetch", "late as fetch"),
    Edit("the right task again", "shop/__init__.py", "late as fetch", "fetch as fetch"),
    Edit("another type of a parameter", "shop/functions.py", "body(fetch: int", "body(fetch: bytes"),
    Edit("another name of a parameter", "shop/functions.py", "body(fetch: bytes", "body(fetched: bytes"),
    Edit("a default", "shop/functions.py", "fetched: bytes", 'fetched: bytes = b""'),
    Edit("another type of a gate's parameter", "shop/functions.py", "gate(fetch: int)", "gate(fetch: list[int])"),
    Edit("another result, in a circle of imports", "right.py", "-> str", "-> bytes"),
    Edit("another name, in a circle of imports", "left.py", "def one()", "def uno()"),
    Edit("the attribute renamed too", "right.py", "left.one", "left.uno"),
    Edit("a task no more", "shop/base.py", "@task()\ndef fetch", "def fetch"),
)


class Project:
    """A few modules on disk, and the ways to check them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.changes = 0
        for file, text in FILES.items():
            self.write(file, text)
        search_path = "" if FLOWING.is_relative_to(sys.prefix) else f"mypy_path = {FLOWING}\n"
        settings = f"plugins = flowing.mypy_plugin\nstrict = True\ndisable_error_code = empty-body\n{search_path}"
        (folder / "mypy.ini").write_text(f"[mypy]\n{settings}", encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        path = self.folder / "project" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.changes += 1
        os.utime(path, (1e9 + self.changes, 1e9 + self.changes))  # mypy looks at whole seconds

    def edit(self, edit: Edit) -> None:
        text = (self.folder / "project" / edit.file).read_text(encoding="utf-8")
        assert edit.old in text
        self.write(edit.file, text.replace(edit.old, edit.new))

    def _run(self, module: str, *arguments: str) -> list[str]:
        done = self._call(module, *arguments)
        tries = 1
        while done.returncode not in (0, 1) and "build_worker" in done.stderr and tries < TRIES_MAX:
            done = self._call(module, *arguments)
            tries += 1
        assert done.returncode in (0, 1), done.stdout + done.stderr
        # The order of modules is mypy's own business.
        return sorted(line for line in done.stdout.splitlines() if re.search(r": (error|note): ", line))

    def _call(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            check=False,
            cwd=self.folder,
            env=os.environ | {"MYPY_FORCE_COLOR": "0"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def check(self, cache: str, *arguments: str) -> list[str]:
        return self._run("mypy", "--cache-dir", cache, *arguments)

    def cold(self, seed: Path) -> list[str]:
        """Check without knowing anything of the project, but flowing and the standard library."""
        cache = self.folder / f"cold {self.changes}"
        shutil.copytree(seed, cache)
        return self.check(cache.name, "project")

    def warm(self) -> list[str]:
        return self.check("warm", "project")

    def workers(self) -> list[str]:
        return self.check("warm", "--num-workers", "2", "project")

    def daemon(self) -> list[str]:
        return self._run("mypy.dmypy", "--status-file", "status", "run", "--", "--cache-dir", "daemon", "project")

    def stop(self) -> None:
        self._run("mypy.dmypy", "--status-file", "status", "stop")


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a cache that knows flowing and the standard library, and nothing else."""
    made = Project(tmp_path_factory.mktemp("seed"))
    (made.folder / "empty.py").write_text("import flowing\n", encoding="utf-8")
    made.check("seed", "empty.py")
    return made.folder / "seed"


@pytest.fixture(scope="module")
def cold(seed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], ...]:
    """Give what a cold start says of the project, and of it after each edit."""
    project = Project(tmp_path_factory.mktemp("cold"))
    said = [project.cold(seed)]
    for edit in EDITS:
        project.edit(edit)
        said.append(project.cold(seed))
    return tuple(said)


@pytest.fixture
def project(seed: Path, tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    shutil.copytree(seed, tmp_path / "warm")
    yield made
    if (tmp_path / "status").exists():
        made.stop()


def test_every_edit_changes_what_is_said(cold: tuple[list[str], ...]) -> None:
    """The control of the test below."""
    assert cold[0] == []
    for edit, before, after in zip(EDITS, cold, cold[1:], strict=False):
        assert before != after, edit.what
    assert sum(any("[flowing-wiring]" in line for line in said) for said in cold) >= 12


MODES: Final = (
    pytest.param(Project.warm, id="cache"),
    pytest.param(Project.daemon, id="daemon"),
    pytest.param(
        Project.workers,
        id="workers",
        marks=pytest.mark.skipif(not HAS_WORKERS, reason="mypy has parallel workers since 2.0"),
    ),
)


@pytest.mark.parametrize("mode", MODES)
def test_after_every_edit_a_mode_agrees_with_a_cold_start(
    project: Project, cold: tuple[list[str], ...], mode: Mode
) -> None:
    assert mode(project) == cold[0]
    for edit, expected in zip(EDITS, cold[1:], strict=True):
        project.edit(edit)
        assert mode(project) == expected, edit.what
