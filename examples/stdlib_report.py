"""Report on the standard library of the Python that runs this: a flow that fails, is put right, and resumes.

Run it with `python examples/stdlib_report.py [FOLDER]`. It reads every module of the standard library, counts lines,
imports and functions, and writes `report.md` into the folder (a new temporary one by default). Three steps misbehave on
purpose: `python_release` fails twice before it works, `limits` fails until it is overridden, and `announce`, which is
detached, always fails and harms nobody.
"""

from __future__ import annotations

import ast
import json
import os
import platform
import sys
import sysconfig
import tempfile
import textwrap
from collections import Counter
from pathlib import Path

from attrs import frozen

from flowing import Depends, Flow, Results, StepState, bind, current, task

CHUNKS = 8
NOT_READ = {"__pycache__", "dist-packages", "idlelib", "lib2to3", "site-packages", "test", "tests", "turtledemo"}
TOP = 8


# ── the values that steps hand to each other ─────────────────────────────────────────────────────


@frozen
class Function:
    """One function, where it is, and how long."""

    place: str
    lines: int


@frozen
class Module:
    """What parsing one file tells."""

    size_bytes: int
    lines: int
    imports: tuple[str, ...]
    functions: tuple[Function, ...]


@frozen
class Sizes:
    """All modules added up."""

    modules: int
    lines: int
    size_bytes: int


@frozen
class Limits:
    """How long a function may be."""

    function_lines_max: int


# ── the steps ────────────────────────────────────────────────────────────────────────────────────


@task
def folder() -> Path:
    """Make a folder for the report; `main` overrides this step when it is given one."""
    return Path(tempfile.mkdtemp(prefix="stdlib-report-"))


@task
def files() -> list[Path]:
    """Find the modules of the standard library, without its tests and what is installed beside it."""
    found: list[Path] = []
    for where, folders, names in os.walk(sysconfig.get_path("stdlib")):
        folders[:] = [name for name in folders if name not in NOT_READ]
        found += [Path(where, name) for name in names if name.endswith(".py")]
    return sorted(found)


def parse(paths: list[Path], *, chunk: int) -> list[Module]:
    """Parse every CHUNKS-th file, beginning with number `chunk`."""
    return [parse_file(path) for path in paths[chunk::CHUNKS]]


# One function, many tasks: each gets the files that were found, and a number of its own.
parsed = [bind(parse, Depends(files), chunk=chunk).with_options(name=f"parse_{chunk}") for chunk in range(CHUNKS)]


def join(*chunks: list[Module]) -> list[Module]:
    """Put the chunks together."""
    return [module for chunk in chunks for module in chunk]


modules = bind(join, *[Depends(chunk) for chunk in parsed]).with_options(name="modules")


@task(depends_on=[modules])
def sizes(modules: list[Module]) -> Sizes:
    """Add up sizes."""
    return Sizes(
        modules=len(modules),
        lines=sum(module.lines for module in modules),
        size_bytes=sum(module.size_bytes for module in modules),
    )


@task(depends_on=[modules])
def imports(modules: list[Module]) -> list[tuple[str, int]]:
    """Count in how many modules each package is imported."""
    return Counter(name for module in modules for name in module.imports).most_common(TOP)


@task(depends_on=[modules])
def functions(modules: list[Module]) -> list[Function]:
    """List all functions, the longest first."""
    return sorted((function for module in modules for function in module.functions), key=lambda f: -f.lines)


@task(retry=3, retry_backoff_base_ms=50)
def python_release() -> str:
    """Ask a service, pretended here, about this Python. It hangs up on the first two calls."""
    if current().attempt <= 2:  # noqa: PLR2004 - says "the first two calls"
        raise ConnectionResetError("the service hung up")
    return f"{platform.python_implementation()} {platform.python_version()}"


@task
def limits(where: Path = Depends(folder)) -> Limits:
    """Read the limits from a file that nobody has written, so this fails until somebody overrides it."""
    return Limits(**json.loads((where / "limits.json").read_text(encoding="utf-8")))


@task
def too_long(found: list[Function] = Depends(functions), allowed: Limits = Depends(limits)) -> list[Function]:
    """Pick the functions that are longer than the limits allow."""
    return [function for function in found if function.lines > allowed.function_lines_max]


@task
def report(
    where: Path = Depends(folder),
    release: str = Depends(python_release),
    total: Sizes = Depends(sizes),
    imported: list[tuple[str, int]] = Depends(imports),
    long: list[Function] = Depends(too_long),
) -> Path:
    """Write the report and say where it is."""
    lines = [
        f"# The standard library of {release}",
        "",
        f"{total.modules} modules, {total.lines:,} lines, {total.size_bytes / 1e6:.1f} MB",
        "",
        "Most imported: " + ", ".join(f"{name} ({count})" for name, count in imported),
        "",
        f"{len(long)} functions are longer than they should be:",
        "",
        *[f"- {function.place}: {function.lines} lines" for function in long[:TOP]],
    ]
    path = where / "report.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@task(detached=True)
def announce(path: Path = Depends(report)) -> None:
    """Tell a chat server, pretended here, that there is a report. It is never there."""
    raise ConnectionRefusedError(f"no chat server to tell about {path.name}")


# ── the flow ─────────────────────────────────────────────────────────────────────────────────────


def main() -> int:
    """Run the flow, override the step that failed, and resume."""
    # Naming the last step is enough. What does not depend on the failure goes on, as fail_fast is off.
    flow = Flow(report, max_workers=4, fail_fast=False)
    if len(sys.argv) > 1:
        given = Path(sys.argv[1])
        given.mkdir(parents=True, exist_ok=True)
        flow.override(folder, given)

    print("First run: `limits` fails, and what needs it is skipped.\n")
    first = flow.run()
    print(flow.summary())

    print("\nOverride `limits` and resume: only what has no result yet runs.\n")
    flow.override(limits, Limits(function_lines_max=200))
    second = flow.resume()
    print(flow.summary())

    print()
    print_reruns(first, second)
    for failure in flow.detached_failures:
        print(f"Detached, so it changed nothing: {failure.name} failed with {failure.error!r}")
    second.raise_on_failure()
    path = flow.value(report)
    print(f"\n{path}:\n\n{path.read_text(encoding='utf-8')}", end="")
    return 0


def print_reruns(before: Results, after: Results) -> None:
    """Say which tasks the resume ran, which it left alone, and which it was handed."""
    ran = [name for name in after if after[name].attempts > before[name].attempts]
    kept = [name for name in after if before[name].state is StepState.SUCCEEDED and name not in ran]
    given = [name for name in after if name not in ran and name not in kept]
    for title, names in (("Ran on resume", ran), ("Not run again", kept), ("Overridden", given)):
        print(textwrap.fill(f"{title}: {', '.join(names)}", width=100, subsequent_indent="    "))


# ── reading one file: nothing here knows that there is a flow ────────────────────────────────────


def parse_file(path: Path) -> Module:
    """Count what is in one file."""
    source = path.read_bytes()
    nodes = list(ast.walk(ast.parse(source)))
    return Module(
        size_bytes=len(source),
        lines=source.count(b"\n"),
        imports=tuple(sorted({name for node in nodes for name in imported_packages(node)})),
        functions=tuple(
            Function(f"{path.name}:{node.lineno} {node.name}()", (node.end_lineno or node.lineno) - node.lineno + 1)
            for node in nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ),
    )


def imported_packages(node: ast.AST) -> list[str]:
    """Name the top-level packages that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(module=str(name), level=0):
            return [name.partition(".")[0]]
        case _:
            return []


if __name__ == "__main__":
    sys.exit(main())
