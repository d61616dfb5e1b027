"""Measures what `import flowing` costs against `import attrs, concurrent.futures`, net of interpreter start.

Interpreters take turns. Target: at most twice as long, in the median. The exit status does not depend on it. What
carries a flow out is loaded with the first flow; the last line tells what it costs until that has run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from shared.measuring import arguments_of, interpreter_s, verdict

STATEMENTS = {
    "nothing": "pass",
    "attrs, concurrent.futures": "import attrs, concurrent.futures",
    "flowing": "import flowing",
    "flowing, a flow that has run": "import flowing; flowing.Flow(flowing.task(int)).run()",
}
RATIO_MAX = 2.0
COUNT = "; import sys, threading; print(len(sys.modules), threading.active_count())"


def loaded(statement: str) -> tuple[int, int]:
    """Give how many modules are loaded and how many threads run after the statement."""
    done = subprocess.run([sys.executable, "-c", statement + COUNT], check=True, capture_output=True, text=True)
    modules, threads = done.stdout.split()
    return int(modules), int(threads)


def main() -> None:
    """Print the table."""
    parser = arguments_of(__doc__, rounds=41, rounds_help="interpreters started for each line")
    options = parser.parse_args()

    for statement in STATEMENTS.values():
        interpreter_s(statement)  # writes the byte code, and warms the file cache
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(options.rounds):
        for name, statement in STATEMENTS.items():
            taken[name].append(interpreter_s(statement))

    start_s = statistics.median(taken["nothing"])
    net_s = {name: statistics.median(each) - start_s for name, each in taken.items()}
    print(f"milliseconds, medians of {options.rounds} interpreters each")
    print(f"{'import':28} {'whole':>8} {'net':>8} {'modules':>8} {'threads':>8}")
    for name, statement in STATEMENTS.items():
        modules, threads = loaded(statement)
        whole_s = statistics.median(taken[name])
        print(f"{name:28} {1e3 * whole_s:8.1f} {1e3 * net_s[name]:8.1f} {modules:8} {threads:8}")
    ratio = net_s["flowing"] / net_s["attrs, concurrent.futures"]
    print(f"ratio {ratio:.2f}, target {RATIO_MAX:.1f}: {verdict([ratio], RATIO_MAX)}")


if __name__ == "__main__":
    main()
