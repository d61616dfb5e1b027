"""Tasks that run in other processes, which import this module for them. No tests."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from pathlib import Path

from typing_extensions import override

from flowing import current, task

GUARD_S = 60.0


class AwkwardError(Exception):
    """An error that pickles, and can't be unpickled: it would break a pool of the standard library."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return type(self), ("too few",)  # what pickle does by itself some packages change, as distributed does


class Unpackable:
    """A value that pickles, and can't be unpickled."""

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return int, ("no number",)


@task
def where() -> int:
    return os.getpid()


@task(depends_on=[where], timeout_s=GUARD_S)
def learns(where: int) -> tuple[int, int, str, int, float, str, bool]:
    now = current()
    assert now.deadline is not None
    now.sleep(0)
    left_s = now.deadline - now.now()
    return where, os.getpid(), now.name, now.attempt, left_s, now.idempotency_key, now.cancelled


@task
def raises() -> None:
    raise ValueError("bad")


@task
def raises_awkwardly() -> None:
    raise AwkwardError(7, "secret")


@task
def interrupted() -> None:
    raise KeyboardInterrupt


@task
def gives_a_lock() -> object:
    return threading.Lock()


@task
def gives_what_can_not_be_unpacked() -> object:
    return Unpackable()


@task
def hangs() -> None:
    threading.Event().wait(GUARD_S)


def hangs_once(marker: str) -> str:
    """Hang the first time, and leave a mark."""
    path = Path(marker)
    if not path.exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        path.write_text(str(os.getpid()), encoding="utf-8")
        threading.Event().wait(GUARD_S)
    return path.read_text(encoding="utf-8")


def dies_once(marker: str) -> str:
    """Take the process down the first time."""
    path = Path(marker)
    if not path.exists():
        path.touch()
        os._exit(0)
    return "alive"


def dies(how: str) -> None:
    """Take the process down."""
    faulthandler.disable()
    if how == "exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGSEGV if how == "crash" else signal.SIGKILL)


def add(left: int, right: int = 1, *more: int, scale: int = 1) -> int:
    return (left + right + sum(more)) * scale
