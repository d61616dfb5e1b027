"""Run a program in a process of its own: for faults that end, fork, interrupt or starve one. No tests."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

KILL_AFTER_S = 120  # a guard against hanging; no limit on slow machines

# Put before each program: a claim that is checked in the child, and what most of them import.
PRELUDE = """
import os, signal, sys, threading, time
from flowing import *

signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the parent ignores
signal.signal(signal.SIGHUP, signal.SIG_DFL)

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
"""


def run_child(program: str, *options: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program; `shell` goes before the interpreter's command, for redirections and limits."""
    command = [sys.executable, "-X", "faulthandler", *options, "-c", PRELUDE + dedent(program)]
    if shell:
        command = ["/bin/sh", "-c", shell, "sh", *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=KILL_AFTER_S, check=False)


def said(program: str, *options: str, shell: str = "", exit_code: int = 0) -> list[str]:
    """Run a program that must end with `exit_code`, and give the lines that it said."""
    done = run_child(program, *options, shell=shell)
    assert done.returncode == exit_code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines()
