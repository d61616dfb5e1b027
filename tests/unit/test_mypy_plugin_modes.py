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

    Mode = Callable[[], list[str]]

FLOWING: Final = Path(flowing.__file__).parents[1]
TIMEOUT_S: Final = 250  # against hanging only
TRIES_MAX: Final = 5  # mypy gives each of its workers 3 s to start, which is little on a busy machine
HAS_WORKERS: Final = int(version("mypy").split(".")[0]) >= 2

FILES: Final = {
    "shop/__init__.py": "from .base import BOTH as BOTH, fetch as fetch, late as late, named as named\n",
    "shop/names.py": 'from typing import Final\nNAME: Final = "named"\n',
    "shop/base.py": """
from flowing import task
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
""",
    "shop/functions.py": """
def body(fetch: int, limit: int = 3) -> str: ...
def gate(fetch: int) -> bool: ...
""",
    "use.py": """
from flowing import task
from shop import BOTH, fetch, late, named
from shop.base import copied

@task(depends_on=[fetch, late])
def by_name(fetch: int, late: float) -> None: ...

@task(depends_on=[named, copied])
def by_option(named: bytes, copied: int) -> None: ...

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

    def cold(self) -> list[str]:
        """Check without knowing anything of the project, but flowing and the standard library."""
        if not (self.folder / "seed").exists():
            (self.folder / "empty.py").write_text("import flowing\n", encoding="utf-8")
            self.check("seed", "empty.py")
        cache = self.folder / f"cold {self.changes}"
        shutil.copytree(self.folder / "seed", cache)
        return self.check(cache.name, "project")

    def warm(self) -> list[str]:
        return self.check("warm", "project")

    def workers(self) -> list[str]:
        return self.check("workers", "--num-workers", "2", "project")

    def daemon(self) -> list[str]:
        return self._run("mypy.dmypy", "--status-file", "status", "run", "--", "--cache-dir", "daemon", "project")

    def stop(self) -> None:
        self._run("mypy.dmypy", "--status-file", "status", "stop")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    if (tmp_path / "status").exists():
        made.stop()


def test_after_every_edit_all_modes_agree_with_a_cold_start(project: Project) -> None:
    modes: dict[str, Mode] = {"cache": project.warm, "daemon": project.daemon}
    if HAS_WORKERS:
        modes["workers"] = project.workers
    cold = project.cold()
    assert cold == []
    assert {name: mode() for name, mode in modes.items()} == dict.fromkeys(modes, cold)
    wirings = 0
    for edit in EDITS:
        project.edit(edit)
        before, cold = cold, project.cold()
        assert {name: mode() for name, mode in modes.items()} == dict.fromkeys(modes, cold), edit.what
        assert cold != before, f"{edit.what}: the control, every edit changes what is said"
        wirings += any("[flowing-wiring]" in line for line in cold)
    assert wirings >= 12
