"""Have bodies run in executors, for worker threads that wait. No rules, and no lock of the desk's.

A worker stays parked while its body runs elsewhere, so everything else stays as it is for any body: gates, encoding,
deadlines, which count from the moment the body is handed in, and the place that an attempt holds until it comes back.
"""

from __future__ import annotations

import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import TYPE_CHECKING, TypeAlias, cast, final

from attrs import evolve

from flowing._task.options import UNSET, Processes
from flowing._text import one_line
from flowing.errors import WorkerStartError
from flowing.shell.attempt import CURRENT
from flowing.shell.executor_place import ExecutorPlace
from flowing.shell.parcels import Call
from flowing.shell.process_place import ProcessPlace
from flowing.task import AsyncTask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowing._bodies import Body, BoundCall
    from flowing._task.options import ExecutorOption
    from flowing.errors import ExecutorBroken
    from flowing.shell.seams import Place
    from flowing.task import NamedCall, Task

Given: TypeAlias = "Executor | Callable[[], Executor] | Processes"


def executors_of(tasks: Sequence[Task[object]], default: ExecutorOption) -> Mapping[int, Given]:
    """Say which tasks run in which executor: those that have one of their own, and the rest in the flow's. O(tasks).

    An `async def` runs on the event loop, and a task with `executor=None` in a thread.
    """
    found: dict[int, Given] = {}
    for number, task in enumerate(tasks):
        own = task.options.executor
        given = default if own is UNSET else own
        if given is not UNSET and given is not None and not isinstance(task, AsyncTask):
            found[number] = given
    return found


def refuse_while_importing(given: Mapping[int, Given], tasks: Sequence[Task[object]], call: str) -> None:
    """Raise `WorkerStartError` where processes are wanted by one that still imports its main module for its parent.

    That is a program without a guard, run a second time: it could start no process, but would run what comes before.
    """
    process = sys.modules.get("multiprocessing.process")  # loaded in every process that another one started
    if process is None or not getattr(process.current_process(), "_inheriting", False):
        return
    number = next((number for number, each in given.items() if _may_start_processes(each)), None)
    if number is not None:
        message = (
            f"{call}: no process for task {one_line(tasks[number].name)!r} can be started from this one, which is "
            f'importing the main module of its parent; put what starts the flow under `if __name__ == "__main__":`'
        )
        raise WorkerStartError(message)


def _may_start_processes(given: Given) -> bool:
    """Tell whether it is one for processes, or a function, of which nobody knows what it makes."""
    if isinstance(given, type):
        return not issubclass(given, Executor) or issubclass(given, ProcessPoolExecutor)
    return isinstance(given, Processes | ProcessPoolExecutor) or not callable(getattr(given, "submit", None))


class Executors:
    """The executors of one run. `broken` is what ended it, if one of them did."""

    def __init__(self, given: Mapping[int, Given], bodies: Sequence[Body]) -> None:
        self.broken: ExecutorBroken | None = None
        self.on_broken: Callable[[], None] = _nothing
        self._places: dict[int, Place] = {}
        self.bodies: Sequence[Body] = tuple(
            [self._moved(body, given[number]) if number in given else body for number, body in enumerate(bodies)]
        )

    def _moved(self, body: Body, given: Given) -> Body:
        # proof: all that is ever done with a call is to call it
        return evolve(body, call=cast("BoundCall", RemoteCall(body.call, self._place(given))))

    def _place(self, given: Given) -> Place:
        """Give the one place for all tasks with this executor."""
        if id(given) not in self._places:
            place = ProcessPlace(given) if isinstance(given, Processes) else ExecutorPlace(given, self._breaks)
            self._places[id(given)] = place
        return self._places[id(given)]

    def _breaks(self, error: ExecutorBroken) -> None:
        self.broken = self.broken or error
        self.on_broken()

    def end(self) -> frozenset[int | None]:
        """Let go of everything, at the end of the run; give the threads that had waited."""
        return frozenset(thread_id for place in self._places.values() for thread_id in place.end())


def _nothing() -> None:
    """Do nothing."""


@final
class RemoteCall:
    """The call of a body that runs elsewhere."""

    __slots__ = ("_function", "_gather", "_place")

    def __init__(self, call: BoundCall | NamedCall, place: Place) -> None:
        self._function = call.function
        self._gather = evolve(call, function=_arguments)
        self._place = place

    def __call__(self, inputs: Sequence[object]) -> object:
        """Have the function called elsewhere, with its arguments."""
        # proof: the call is one of `_arguments`
        positional, keywords = cast("tuple[tuple[object, ...], Mapping[str, object]]", self._gather(inputs))
        return self._place.run(Call(self._function, positional, keywords), CURRENT.get())


def _arguments(*positional: object, **keywords: object) -> tuple[tuple[object, ...], Mapping[str, object]]:
    return positional, keywords
