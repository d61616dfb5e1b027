"""A script that is run again and again: each life is a process of its own, on one medium. No tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowing import Flow, StepState, Task, current, task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint import Store
    from tests.unit.checkpoint.media import InFile, InMemory


class Lives:
    """What outlives each process: the medium, and what the test notes of all of them."""

    def __init__(self, medium: InMemory | InFile) -> None:
        self.medium = medium
        self.ran: list[str] = []
        self.keys: list[str] = []
        self.broken: set[str] = set()
        self._dead: list[Flow] = []

    def flow(self, *terminals: Task[Any], store: Store | None = None, **options: Any) -> Flow:  # noqa: ANN401 - wrong ones too
        """Begin a life: the flow of a process that has just started."""
        return Flow(*terminals, checkpoint=store or self.medium.connect(), **options)

    def end(self, flow: Flow) -> None:
        """Let the process of the flow die, as by kill -9."""
        self.medium.crash()
        self._dead.append(flow)

    def says(self, name: str) -> None:
        """Note that a body runs; raise if it is broken in this life."""
        self.ran.append(name)
        self.keys.append(current().idempotency_key)
        if name in self.broken:
            message = f"{name} is broken"
            raise ValueError(message)

    def ran_since(self) -> list[str]:
        """Give what ran since this was asked last."""
        ran, self.ran = self.ran, []
        return ran

    def number(self, name: str, needs: Sequence[Task[int]] = (), **options: Any) -> Task[int]:  # noqa: ANN401 - wrong ones too
        """Declare a task that makes one more than the sum of what it needs."""

        def body(**values: int) -> int:
            self.says(name)
            return 1 + sum(values.values())

        made: Task[int] = task(body, name=name, depends_on=needs, **options)
        return made

    def line(self, *names: str, **options: Any) -> list[Task[int]]:  # noqa: ANN401 - wrong ones too
        """Declare tasks of which each needs the one before."""
        made: list[Task[int]] = []
        for name in names:
            made.append(self.number(name, made[-1:], **options))
        return made


def note(ran: list[str], name: str, value: int) -> int:
    """Note that a body runs, and give its value."""
    ran.append(name)
    return value


def states(flow: Flow) -> dict[str, StepState]:
    """Say how far each task is."""
    return {name: result.state for name, result in flow.results.items()}
