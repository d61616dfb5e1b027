"""Measures how soon 50 hung tasks let `run()` return after their deadline, and how soon the process then exits."""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time

from flowing import Flow, StepState, task

TASKS = 50
TIMEOUT_S = 0.3
RETURN_S_MAX = 1.0
EXIT_S_MAX = 1.0


def run_hung_tasks() -> None:
    """Run the hung tasks; print seconds from the deadline to the return, and the clock at the return."""
    hung = [task(threading.Event().wait, name=f"hung_{number}", timeout_s=TIMEOUT_S) for number in range(TASKS)]
    flow = Flow(*hung, max_workers=TASKS, fail_fast=False)
    begin_s = time.monotonic()
    results = flow.run()
    end_s = time.monotonic()
    assert all(step.state is StepState.FAILED for step in results.values())
    print(end_s - begin_s - TIMEOUT_S, end_s, flush=True)


def measure() -> tuple[float, float]:
    """Run them in a process of their own; give seconds from deadline to return, and from return to exit."""
    done = subprocess.run([sys.executable, __file__, "--child"], check=True, stdout=subprocess.PIPE, text=True)
    exit_s = time.monotonic()  # one clock for all processes of a machine
    late_s, end_s = map(float, done.stdout.split())
    return late_s, exit_s - end_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="processes to start (default: 5)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_hung_tasks()
        return

    print(f"{TASKS} tasks in Event.wait, timeout_s={TIMEOUT_S}, max_workers={TASKS}, fail_fast=False; milliseconds")
    print(f"{'round':>5} {'deadline to return':>19} {'return to exit':>15}")
    figures: list[tuple[float, float]] = []
    for number in range(options.rounds):
        late_s, exit_s = measure()
        figures.append((late_s, exit_s))
        print(f"{number:5} {1e3 * late_s:19.1f} {1e3 * exit_s:15.1f}", flush=True)
    worst_late_s, worst_exit_s = (max(each) for each in zip(*figures, strict=True))
    met = worst_late_s <= RETURN_S_MAX and worst_exit_s <= EXIT_S_MAX
    verdict = "met" if met else "MISSED"
    print(f"{'worst':>5} {1e3 * worst_late_s:19.1f} {1e3 * worst_exit_s:15.1f}  {verdict}")
    print(f"{'most':>5} {1e3 * RETURN_S_MAX:19.1f} {1e3 * EXIT_S_MAX:15.1f}  (the target)")


if __name__ == "__main__":
    main()
