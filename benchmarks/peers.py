"""Measures flowing, the loop written by hand, and whichever of the libraries in libraries/catalogue.py is installed.

All run the same graphs of the same functions, each as its documentation says is fast for work within one process: with
4 threads where it can have them, and without caches, stored results, logs and telemetry where those can be turned off.
Every measurement is a process of its own, which checks every value that comes out; libraries take turns. Declaring the
graph and running it are timed apart. A graph that a library would need longer than --limit-s for, judged by the graph
before, is not tried, and the table says so; one that takes longer nevertheless is run only once.

Nothing is installed. --python names an interpreter of another environment, and may be given several times: each library
is measured with the first one that has it. Tables are Markdown. No targets; the exit status does not depend on figures.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from libraries.catalogue import LIBRARIES, Library
from libraries.figures import About, Figures
from libraries.report import markdown, plot
from shared.graphs import SHAPES
from shared.measuring import arguments_of, interpreter_s, machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from libraries.figures import Figure

HERE = Path(__file__).parent
SIZES = (100, 1_000, 10_000, 100_000)
LIMIT_S = 20.0
START_S_MAX = 30.0  # to start an interpreter, import, start a server, run the first small graph
ABOUT = """
import {imported}
from importlib.metadata import version
from shared.measuring import peak_mib
print(round(peak_mib(), 1), version({distribution!r}) if {distribution!r} else "")
"""


def about(library: Library, pythons: Sequence[str], *, rounds: int) -> About | None:
    """Say what importing it costs with the first interpreter that has it; None if none has."""
    for python in pythons:
        script = ABOUT.format(imported=library.imported, distribution=library.distribution or "")
        done = subprocess.run(
            [python, "-c", script], cwd=HERE, capture_output=True, text=True, check=False, env=environment()
        )
        if done.returncode == 0:
            mib, _, version = done.stdout.splitlines()[-1].partition(" ")
            statements = ("pass", f"import {library.imported}")
            taken_s = [[interpreter_s(each, python=python) for each in statements] for _ in range(rounds)]
            start_s, import_s = (statistics.median(each) for each in zip(*taken_s, strict=True))
            return About(library.name, version, python, 1e3 * (import_s - start_s), float(mib))
    return None


def environment() -> dict[str, str]:
    """Let other interpreters find what is beside this script."""
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}


def take(figure: Figure, library: Library, python: str, *, limit_s: float, scratch: str) -> None:
    """Measure once more, in a process of its own and a folder that is thrown away."""
    command = [python, "-m", "libraries.one", library.adapter, figure.shape, str(figure.size)]
    child = subprocess.Popen(
        command,
        cwd=scratch,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = child.communicate(timeout=limit_s + START_S_MAX)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        figure.why = f"over {limit_s:.0f} s"
        return
    lines = output.splitlines()
    if child.returncode or not lines:
        figure.why = f"exit {child.returncode}"
        return
    said = json.loads(lines[-1])
    figure.why = said.get("failed", "")
    if not figure.why:
        figure.declare_s.append(said["declare_s"])
        figure.run_s.append(said["run_s"])
        figure.peak_mib.append(said["peak_mib"])


def hopeless(figures: Figures, figure: Figure, *, limit_s: float) -> str:
    """Say why a graph should not be tried, going by the next smaller one; nothing if it should."""
    smaller = [size for size in figures.sizes() if size < figure.size]
    if not smaller:
        return ""
    before = figures.of(figure.library, figure.shape, smaller[-1])
    if not before.run_s:
        return "-"
    expected_s = (min(before.run_s) + min(before.declare_s)) * figure.size / before.size
    return f"over {limit_s:.0f} s" if expected_s > limit_s else ""


def measure(
    figures: Figures, shapes: Sequence[str], sizes: Sequence[int], *, rounds: int, limit_s: float
) -> Iterator[str]:
    """Take all figures, graph by graph, and say how far it has come."""
    adapters: Mapping[str, Library] = {library.name: library for library in LIBRARIES}
    for size in sorted(sizes):
        for shape in shapes:
            began_s = time.monotonic()
            row = [figures.of(name, shape, size) for name in figures.about]
            for figure in row:
                figure.why = hopeless(figures, figure, limit_s=limit_s)
            for _ in range(rounds):
                for figure in row:
                    if not figure.why and sum(figure.declare_s[:1] + figure.run_s[:1]) <= limit_s:
                        python = figures.about[figure.library].python
                        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
                            take(figure, adapters[figure.library], python, limit_s=limit_s, scratch=scratch)
            yield f"{shape}, {size:,} tasks: {time.monotonic() - began_s:.0f} s"


def main() -> None:
    """Print the tables."""
    parser = arguments_of(__doc__, rounds=5, rounds_help="processes for each figure")
    names = [library.name for library in LIBRARIES]
    parser.add_argument("--libraries", nargs="+", choices=names, default=names, metavar="LIBRARY")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="TASKS")
    parser.add_argument("--limit-s", type=float, default=LIMIT_S, help=f"for one graph (default: {LIMIT_S:.0f})")
    parser.add_argument("--python", action="append", help="an interpreter to look for libraries in")
    parser.add_argument("--save", type=Path, help="write the figures to this file, as JSON")
    parser.add_argument("--load", type=Path, nargs="+", help="measure nothing: read what was saved, and merge it")
    parser.add_argument("--plot", type=Path, help="draw the figures into this SVG file; needs matplotlib")
    options = parser.parse_args()
    if options.plot:
        import_module("matplotlib")  # rather missing now than after an hour

    if options.load:
        figures = Figures.load(options.load)
    else:
        figures = Figures(f"{machine()}; median / best of {options.rounds}, or the only one.")
        pythons = options.python or [sys.executable]
        for library in LIBRARIES:
            if library.name in options.libraries and (found := about(library, pythons, rounds=options.rounds)):
                figures.about[library.name] = found
        for line in measure(figures, options.shapes, options.sizes, rounds=options.rounds, limit_s=options.limit_s):
            print(line, file=sys.stderr, flush=True)
            if options.save:
                figures.save(options.save)
    print(markdown(figures))
    if options.plot:
        plot(figures, options.plot)


if __name__ == "__main__":
    main()
