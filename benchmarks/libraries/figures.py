"""What was measured of the libraries, as records that go to JSON and back. Measures nothing, words nothing."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True)
class About:
    """What importing a library costs, net of the interpreter's start, and where that was."""

    library: str
    version: str
    python: str
    import_ms: float
    import_mib: float


@dataclass
class Figure:
    """One library on one graph, round by round; `why` says why there are no rounds, or no more."""

    library: str
    shape: str
    size: int
    declare_s: list[float] = field(default_factory=list)
    run_s: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    why: str = ""

    def run_us(self) -> tuple[float, float] | None:
        """Give the microseconds a task to run, the median and the best; None if it never came to an end."""
        per_task = [1e6 * each / self.size for each in self.run_s]
        return (statistics.median(per_task), min(per_task)) if per_task else None

    def declare_us(self) -> float | None:
        """Give the median of the microseconds a task to declare."""
        return 1e6 * statistics.median(self.declare_s) / self.size if self.declare_s else None


@dataclass
class Figures:
    """All that was measured, on one machine."""

    machine: str
    about: dict[str, About] = field(default_factory=dict)
    measured: dict[tuple[str, str, int], Figure] = field(default_factory=dict)

    def of(self, library: str, shape: str, size: int) -> Figure:
        """Find a figure, or begin it."""
        return self.measured.setdefault((library, shape, size), Figure(library, shape, size))

    def sizes(self) -> list[int]:
        """Give the sizes of graphs, ascending."""
        return sorted({size for _, _, size in self.measured})

    def save(self, path: Path) -> None:
        """Write all of it as JSON."""
        figures = [asdict(each) for each in self.measured.values()]
        about = [asdict(each) for each in self.about.values()]
        text = json.dumps({"machine": self.machine, "about": about, "figures": figures}, indent=1)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, paths: Iterable[Path]) -> Self:
        """Read what was saved; of two figures of one thing, the later file's counts."""
        merged = cls("")
        for path in paths:
            read = json.loads(path.read_text(encoding="utf-8"))
            merged.machine = read["machine"]
            merged.about |= {each["library"]: About(**each) for each in read["about"]}
            for each in read["figures"]:
                figure = Figure(**each)
                merged.measured[figure.library, figure.shape, figure.size] = figure
        return merged
