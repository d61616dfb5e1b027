"""Tasks that other modules import."""

from __future__ import annotations

from typing import Final

from flowing import Depends, Param, param, task

NAME: Final = "final"


@task
def prices() -> dict[str, float]:
    return {}


@task(depends_on=[prices], name="counted")
def count_stock(prices: dict[str, float]) -> int:
    return len(prices)


@task(timeout_s=1)
async def late() -> bytes:
    return b""


capacity: Param[int | None] = param("capacity", int | None, default=None)

LABELLED = task(lambda: 1.5, name="labelled")


def total(prices: dict[str, float], counted: int = Depends(count_stock)) -> float:
    return sum(prices.values()) * counted


def add(a: int, b: int, /, *, c: int = 0) -> int:
    return a + b + c


@task
def number() -> str:
    return "another task named number"
