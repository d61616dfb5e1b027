"""Measures what the mypy plugin costs: a project of 1,000 tasks checked with it and without it, turn by turn.

Each run knows flowing and the standard library from mypy's cache, but nothing of the project. Seconds are the
processor's, which other programs on the machine change least.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import flowing

TASKS_PER_MODULE = 50
DEPENDENCIES = 3
RATIO_MAX = 1.2
RESULTS = ("int", "str", "list[int]", "dict[str, list[int]]")


def module_text(number: int, *, short: bool) -> str:
    """Write a module whose tasks depend on tasks of their own module and of the one before."""
    lines = ["from flowing import task"]
    names: list[str] = []
    types: dict[str, str] = {}
    if number:
        before = [f"task_{number - 1}_{place}" for place in range(DEPENDENCIES)]
        lines.append(f"from module_{number - 1} import {', '.join(before)}")
        names += before
        types |= {name: RESULTS[place % len(RESULTS)] for place, name in enumerate(before)}
    for place in range(TASKS_PER_MODULE):
        name, result = f"task_{number}_{place}", RESULTS[place % len(RESULTS)]
        taken = names[-DEPENDENCIES:]
        options = f"depends_on=[{', '.join(taken)}], retry={place % 3}" if taken else "retry=1"
        parameters = ", ".join(f"{each}: {types[each]}" for each in taken)
        lines += ["", f"@task({options})", f"def {name}({parameters}) -> {result}:"]
        lines += [f"    return {result.partition('[')[0]}()"] if short else body_lines(taken, result)
        names.append(name)
        types[name] = result
    return "\n".join(lines) + "\n"


def body_lines(taken: list[str], result: str) -> list[str]:
    """Write a short body, such as tasks have: look at what came in, count something, make something."""
    return [
        "    seen: dict[str, int] = {}",
        *[f"    seen[{name!r}] = len(repr({name}).split())" for name in taken],
        "    for key, count in sorted(seen.items()):",
        "        if count > 1 and not key.startswith('_'):",
        "            seen[key] = max(count - 1, sum(ord(letter) for letter in key))",
        "    worst = max(seen.values(), default=0)",
        "    if worst < 0:",
        '        raise ValueError(f"nothing is below {worst:,} in {sorted(seen)}")',
        f"    made: {result} = {result.partition('[')[0]}()",
        "    return made",
    ]


def processor_s(folder: Path, config: str, cache: str, target: str) -> float:
    """Run mypy once, and give the processor's seconds that it took."""
    arguments = ["--config-file", config, "--cache-dir", cache, target]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "mypy", *arguments], cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepare(folder: Path, tasks: int, *, short: bool) -> dict[str, str]:
    """Write the project, and for each way to check it a configuration and a cache that knows flowing."""
    project = folder / "project"
    project.mkdir()
    for number in range(tasks // TASKS_PER_MODULE):
        (project / f"module_{number}.py").write_text(module_text(number, short=short), encoding="utf-8")
    (folder / "empty.py").write_text("from flowing import task\n", encoding="utf-8")
    configs = {"without": "", "with": "plugins = flowing.mypy_plugin\n"}
    here = Path(flowing.__file__).parents[1]
    search_path = f"mypy_path = project{'' if here.is_relative_to(sys.prefix) else f':{here}'}\n"
    for name, plugins in configs.items():
        (folder / f"{name}.ini").write_text(f"[mypy]\nstrict = True\n{search_path}{plugins}", encoding="utf-8")
        processor_s(folder, f"{name}.ini", f"{name} known", "empty.py")
    return {name: f"{name}.ini" for name in configs}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs each way (default: 7)")
    parser.add_argument("--tasks", type=int, default=1_000, help="tasks of the project (default: 1000)")
    parser.add_argument("--short", action="store_true", help="bodies of one line: the most that the plugin can weigh")
    options = parser.parse_args()

    with TemporaryDirectory() as name:
        folder = Path(name)
        configs = prepare(folder, options.tasks, short=options.short)
        taken_s: dict[str, list[float]] = {way: [] for way in configs}
        for _ in range(options.rounds):
            for way, config in configs.items():
                shutil.copytree(folder / f"{way} known", folder / "cache")
                taken_s[way].append(processor_s(folder, config, "cache", "project"))
                shutil.rmtree(folder / "cache")

    print(f"{options.tasks} tasks, processor seconds, {options.rounds} runs each, turn by turn")
    print(f"{'plugin':10} {'median':>8} {'least':>8}")
    for way, seconds in taken_s.items():
        print(f"{way:10} {statistics.median(seconds):8.2f} {min(seconds):8.2f}")
    ratio = statistics.median(taken_s["with"]) / statistics.median(taken_s["without"])
    print(f"ratio {ratio:.2f}, target {RATIO_MAX:.1f}: {'met' if ratio <= RATIO_MAX else 'MISSED'}")


if __name__ == "__main__":
    main()
