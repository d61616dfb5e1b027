"""The figures of the libraries as Markdown tables, and as a plot. Measures nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from libraries.catalogue import LIBRARIES
from shared.graphs import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from libraries.catalogue import Library
    from libraries.figures import Figure, Figures

MEMORY_SHAPE = "layered"
MEMORY_SIZES = (1_000, 10_000)
TEN_MICROSECONDS = 10


def markdown(figures: Figures) -> str:
    """Word all tables."""
    parts = [figures.machine, *[_times(figures, shape) for shape in SHAPES], _costs(figures)]
    return "\n\n".join(parts)


def _times(figures: Figures, shape: str) -> str:
    """Word the table of one shape: those first who are first at the largest graph that they all could run."""
    sizes = figures.sizes()
    rows = {
        library.name: [figures.of(library.name, shape, size) for size in sizes]
        for library in LIBRARIES
        if library.name in figures.about
    }
    heads = [f"**{shape}**, µs a task", *[f"{size:,} tasks" for size in sizes]]
    ranked = sorted(rows, key=lambda name: _rank(rows[name]))
    return _table(heads, [[name, *[_time(figure) for figure in rows[name]]] for name in ranked])


def _rank(row: Sequence[Figure]) -> tuple[float, ...]:
    """Compare by 1,000 tasks first, as most have come that far; then by 100."""
    times = [run_us[0] if (run_us := figure.run_us()) else float("inf") for figure in row]
    return (times[min(1, len(times) - 1)], times[0])


def _time(figure: Figure) -> str:
    """Word the median and the best, or the only one, or why there is none."""
    run_us = figure.run_us()
    if run_us is None:
        return figure.why or "-"
    times = " / ".join(_number(each) for each in run_us[: len(figure.run_s)])
    return f"{times} (then {figure.why})" if figure.why else times


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if value < TEN_MICROSECONDS else f"{value:,.0f}"


def _costs(figures: Figures) -> str:
    heads = [
        "library",
        "version",
        "how it is run",
        "import, ms",
        "import, MiB",
        *[f"declare {size:,}, µs a task" for size in MEMORY_SIZES],
        *[f"peak at {size:,}, MiB" for size in MEMORY_SIZES],
    ]
    return _table(heads, [list(_cost(figures, library)) for library in LIBRARIES if library.name in figures.about])


def _cost(figures: Figures, library: Library) -> Iterator[str]:
    about = figures.about[library.name]
    yield from (library.name, about.version, library.how, f"{about.import_ms:.0f}", f"{about.import_mib:.0f}")
    rows = [figures.of(library.name, MEMORY_SHAPE, size) for size in MEMORY_SIZES]
    for figure in rows:
        yield _number(figure.declare_us())
    for figure in rows:
        yield f"{max(figure.peak_mib):.0f}" if figure.peak_mib else "-"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def plot(figures: Figures, path: Path) -> None:
    """Draw microseconds a task over tasks, a panel for each shape, both scales logarithmic."""
    matplotlib, pyplot = import_module("matplotlib"), import_module("matplotlib.pyplot")
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "flowing", "svg.fonttype": "none", "font.size": 9})
    drawing, panels = pyplot.subplots(2, 2, figsize=(10, 9), sharex=True, sharey=True, layout="constrained")
    colours = pyplot.get_cmap("tab20").colors
    for shape, panel in zip(SHAPES, panels.flat, strict=True):
        for number, library in enumerate(LIBRARIES):
            line = [
                (size, run_us[0])
                for size in figures.sizes()
                if (run_us := figures.of(library.name, shape, size).run_us()) is not None
            ]
            if library.name in figures.about:
                first = library.name == "flowing"
                style = {"color": "black" if first else colours[number], "linewidth": 2.5 if first else 1.2}
                panel.plot(*(zip(*line, strict=True) if line else ([], [])), marker="o", label=library.name, **style)
        panel.set(title=shape, xscale="log", yscale="log")
        panel.minorticks_off()
        panel.grid(visible=True, which="major", alpha=0.3)
    for panel in panels[-1]:
        panel.set_xlabel("tasks in the graph")
    for panel in panels[:, 0]:
        panel.set_ylabel("microseconds a task, to run (less is better)")
    labels = panels.flat[0].get_legend_handles_labels()
    drawing.legend(*labels, loc="outside lower center", ncols=4, columnspacing=4, frameon=False)
    drawing.savefig(path, metadata={"Date": None, "Creator": None})
