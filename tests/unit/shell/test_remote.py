"""Which task runs where, and that a call is taken apart as it would have been made."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from flowing import Depends, Flow, WorkerStartError, bind, processes, task
from flowing._bodies import Body, BoundCall, Input
from flowing._task.options import UNSET
from flowing.core.status import FRESH, Running
from flowing.shell.attempt import CURRENT, Attempt, Course
from flowing.shell.parcels import Call
from flowing.shell.remote import Executors, RemoteCall, executors_of, refuse_while_importing
from flowing.task import NamedCall
from tests.unit.shell import bodies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.shell.remote import Given

POOL = processes(1)
OTHER = processes(1)


class Noting:
    """A place that only notes what it is given."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def run(self, call: Call, attempt: Attempt) -> object:
        self.calls.append(call)
        return attempt.body.name

    def end(self) -> frozenset[int | None]:
        return frozenset()


async def late() -> None: ...


def test_a_tasks_own_executor_goes_before_the_flows_and_coroutines_have_none() -> None:
    tasks = [
        bodies.where,
        bodies.where.with_options(executor=OTHER),
        bodies.where.with_options(executor=None),
        task(late),
    ]
    assert executors_of(tasks, POOL) == {0: POOL, 1: OTHER}
    assert executors_of(tasks, None) == {1: OTHER}
    assert executors_of(tasks, UNSET) == {1: OTHER}


@pytest.mark.parametrize("given", [POOL, ProcessPoolExecutor, lambda: ThreadPoolExecutor(1)])
def test_what_may_start_processes_is_refused_where_the_main_module_is_imported_for_a_parent(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, and nowhere else."""
    refuse_while_importing({1: given}, [bodies.learns, bodies.where], "run()")
    monkeypatch.setattr(multiprocessing.process.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(
        WorkerStartError, match=r"run\(\): no process for task 'where' .*`if __name__ == \"__main__\":`"
    ):
        refuse_while_importing({1: given}, [bodies.learns, bodies.where], "run()")


def test_threads_and_strange_executors_may_be_used_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing.process.current_process(), "_inheriting", True, raising=False)
    assert Flow(bodies.where).run().ok
    with ThreadPoolExecutor(1) as pool:
        assert Flow(bodies.where, executor=pool).run().ok
    assert Flow(bodies.where, executor=ThreadPoolExecutor).run().ok


def test_tasks_with_one_executor_share_one_place() -> None:
    """Two that are equal are two all the same: each is what somebody wrote."""
    body = Body("a", BoundCall(bodies.add))
    pool = ThreadPoolExecutor
    executors = Executors({0: POOL, 1: POOL, 3: OTHER, 4: pool}, [body] * 5)
    calls: list[object] = [each.call for each in executors.bodies]
    assert calls[2] is body.call
    places = [call._place for call in calls if isinstance(call, RemoteCall)]
    assert [places[0] is places[1], places[0] is places[2], len(places)] == [True, False, 4]
    assert executors.end() == frozenset()


def test_a_call_arrives_in_parts() -> None:
    """Of both kinds, with values, constants, and both ways to give an argument."""

    def sent(call: BoundCall | NamedCall, inputs: Sequence[object]) -> Call:
        place = Noting()
        attempt = Attempt(0, Running(1, FRESH, 0.0), 0, Body("it", call), inputs, Course("run", float))
        token = CURRENT.set(attempt)
        try:
            assert RemoteCall(call, place)(inputs) == "it"
        finally:
            CURRENT.reset(token)
        return place.calls[0]

    bound = BoundCall(bodies.add, (Input(1), 5), (("right", 0),), (("scale", 2),))
    assert sent(bound, ("a", "b")) == Call(bodies.add, ("b", 5), {"right": "a", "scale": 2})
    named = bind(bodies.add, left=Depends(bodies.where)).wired
    assert isinstance(named, NamedCall)
    assert sent(named, (7,)) == Call(bodies.add, (), {"left": 7})
