"""Flows to simulate. No tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing import Flow, current, task

if TYPE_CHECKING:
    from flowing import Task


class Shop:
    """A checkout, and a note of every call of a body."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        calls = self.calls

        @task
        def cart() -> list[int]:
            calls.append("cart")
            return [10, 20]

        @task(depends_on=[cart], retry=2, retry_backoff_base_ms=1000)
        def charge(cart: list[int]) -> int:
            calls.append("charge")
            current().sleep(0.5)
            return sum(cart)

        @task(depends_on=[charge], when=lambda charge: charge > 5)
        def ship(charge: int) -> str:
            calls.append("ship")
            return f"shipped for {charge}"

        @task(depends_on=[charge], detached=True, timeout_s=30, retry=1)
        def email(charge: int) -> str:
            calls.append("email")
            current().sleep(1.0)
            return "sent"

        self.cart, self.charge, self.ship, self.email = cart, charge, ship, email
        self.flow = Flow(ship)


def chain(length: int) -> Flow:
    """Tasks that each wait for the one before."""
    last: Task[object] = task(lambda: 0, name="0")
    for number in range(1, length):
        last = task(lambda: 0, name=str(number), after=[last])
    return Flow(last)
