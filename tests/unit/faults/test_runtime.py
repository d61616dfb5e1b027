"""Faults of bodies and of what surrounds them: each ends in a result, never in a hang or a lost run."""

from __future__ import annotations

import asyncio
import contextvars
import decimal
import gc
import logging
import pickle
import sys
import threading
import warnings
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from flowing import (
    Flow,
    FlowFailed,
    FlowRunningError,
    ResultUnavailable,
    StepState,
    Task,
    TaskFailed,
    TaskTimeoutError,
    WorkerStartError,
    current,
    task,
)
from flowing.shell import session as session_module
from flowing.shell.crew import Crew
from flowing.shell.seams import World
from tests.unit.faults.child import run_child, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.shell.desk import Desk

FAILED, SUCCEEDED = StepState.FAILED, StepState.SUCCEEDED
GUARD_S = 60


def beside(body: Callable[[], object], **options: Any) -> tuple[Flow, Task[object], Task[int]]:  # noqa: ANN401 - those of `task`
    """Put a task that does `body` beside a harmless one, which must not be touched by what happens."""
    harmless: Task[int] = task(lambda: 1, name="harmless")
    bad: Task[object] = task(body, name="bad", **options)
    return Flow(bad, harmless, fail_fast=False, max_workers=2), bad, harmless


# ── what a body raises ───────────────────────────────────────────────────────────────────────────


class OwnBaseException(BaseException):
    """Neither an Exception nor one of Python's own."""


@pytest.mark.parametrize(
    "error",
    [SystemExit(3), SystemExit(), GeneratorExit(), asyncio.CancelledError(), OwnBaseException("own")],
    ids=repr,
)
def test_a_base_exception_is_a_failure_that_is_not_retried(error: BaseException) -> None:
    """[R2] The run goes on, and the process too."""
    calls = []

    def body() -> NoReturn:
        calls.append(1)
        raise error

    flow, bad, harmless = beside(body, retry=3, retry_backoff_base_ms=0)
    results = flow.run()
    assert (results[bad].state, results[bad].error, results[bad].attempts) == (FAILED, error, 1)
    assert results[harmless].value == 1
    assert calls == [1]
    with pytest.raises(FlowFailed) as caught:
        results.raise_on_failure()
    assert caught.value.exceptions[0].__cause__ is error


def test_a_keyboard_interrupt_in_a_body_cancels_the_run_which_can_be_resumed() -> None:
    """[R3] `run()` returns; nothing else starts."""
    calls: list[str] = []

    @task
    def interrupted() -> str:
        calls.append("interrupted")
        if len(calls) == 1:
            raise KeyboardInterrupt
        return "mended"

    @task
    def later() -> None:
        calls.append("later")

    flow = Flow(interrupted, later, max_workers=1)
    results = flow.run()
    assert results.cancelled
    assert results[interrupted].state is FAILED
    assert isinstance(results[interrupted].error, KeyboardInterrupt)
    assert (results[later].state, results[later].reason) == (StepState.CANCELLED, "not started: cancelled")
    assert flow.resume().ok
    assert calls == ["interrupted", "interrupted", "later"]


@pytest.mark.parametrize("error", [StopIteration(1), StopAsyncIteration(1)], ids=repr)
def test_the_end_of_an_iteration_stays_what_it_is(error: Exception) -> None:
    """[R4] No generator of ours turns it into a RuntimeError."""

    def body() -> NoReturn:
        raise error

    flow, bad, _ = beside(body)
    assert flow.run()[bad].error is error


def test_endless_recursion_is_a_failure_with_a_short_traceback() -> None:
    """[R5] The first and the last 50 frames."""

    def body() -> object:
        return body()

    flow, bad, harmless = beside(body)
    results = flow.run()
    assert isinstance(results[bad].error, RecursionError)
    assert results[harmless].value == 1
    text = results[bad].traceback
    assert text is not None
    assert text.count('  File "') == 100
    assert "more frames)" in text


def test_a_lack_of_memory_is_a_failure_of_the_task_that_wanted_it() -> None:
    """[R6] The other tasks still have enough."""
    assert said(
        """
        import resource
        @task
        def greedy():
            return len(bytearray(1 << 40))
        @task
        def modest():
            return len(bytearray(1 << 20))
        flow = Flow(greedy, modest, fail_fast=False)
        limit = 4 << 30
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        results = flow.run()
        say(results[greedy].state, type(results[greedy].error).__name__, results[modest].state)
        say(flow.resume()[greedy].attempts)
        """
    ) == ["FAILED MemoryError SUCCEEDED", "2"]


# ── errors that fight back ───────────────────────────────────────────────────────────────────────


def boom(*_: object, **__: object) -> NoReturn:
    message = "hostile"
    raise RuntimeError(message)


def leave(*_: object) -> NoReturn:
    raise SystemExit(3)


class Meta(type):
    __name__ = property(boom)  # hostile on purpose
    __instancecheck__ = boom
    __eq__ = boom
    __hash__ = type.__hash__


class Loud(str):
    __slots__ = ()
    __len__ = isascii = isprintable = __str__ = __format__ = boom


HOSTILE: dict[str, Any] = {
    "str": type("Str", (Exception,), {"__str__": boom}),
    "str that exits": type("StrExits", (Exception,), {"__str__": leave}),
    "str that lies": type("StrLies", (Exception,), {"__str__": lambda self: Loud("x")}),
    "str of another type": type("StrIsInt", (Exception,), {"__str__": lambda self: 1}),
    "repr": type("Repr", (Exception,), {"__repr__": boom}),
    "class": type("Class", (Exception,), {"__class__": property(boom)}),
    "getattribute": type("GetAttribute", (Exception,), {"__getattribute__": boom}),
    "getattr": type("GetAttr", (Exception,), {"__getattr__": boom, "__dict__": property(boom)}),
    "setattr": type("SetAttr", (Exception,), {"__setattr__": boom}),
    "notes": type("Notes", (Exception,), {"__notes__": property(boom)}),
    "eq": type("Eq", (Exception,), {"__eq__": boom, "__hash__": boom, "__bool__": boom, "__len__": boom}),
    "traceback": type("Traceback", (Exception,), {"__traceback__": property(boom), "with_traceback": boom}),
    "cause": type(
        "Cause",
        (Exception,),
        {name: property(boom) for name in ("__cause__", "__context__", "__suppress_context__", "args")},
    ),
    "pickle": type("Pickle", (Exception,), {"__reduce__": boom, "__reduce_ex__": boom, "__copy__": boom}),
    "meta": Meta("Meta", (Exception,), {}),
    "group": type("Group", (ExceptionGroup,), {"exceptions": property(boom), "derive": boom, "split": boom}),
    "base": type("Base", (BaseException,), {"__str__": boom, "__class__": property(boom), "__setattr__": boom}),
}


@pytest.mark.parametrize("kind", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_error_is_recorded_and_the_run_goes_on(kind: Any) -> None:  # noqa: ANN401 - any class
    """[R7] Whatever can be asked of an error, nobody asks it where that could do harm."""

    def body() -> NoReturn:
        try:
            raise KeyError
        finally:
            raise kind("m", [ValueError()]) if type.__subclasscheck__(ExceptionGroup, kind) else kind("m")

    flow, bad, harmless = beside(body, retry=1, retry_backoff_base_ms=0)
    results = flow.run()
    assert (results[bad].state, results[harmless].value) == (FAILED, 1)
    assert type(results[bad].error) is kind
    assert results[bad].attempts == (2 if type.__subclasscheck__(Exception, kind) else 1)
    assert results[bad].traceback is not None
    assert "bad" in flow.summary()
    with pytest.raises(FlowFailed):
        results.raise_on_failure()
    with pytest.raises(ResultUnavailable, match="'bad'"):
        flow.value(bad)


def test_an_error_that_cannot_be_shown_is_shown_by_its_type() -> None:
    """[R7] `<unprintable TypeName>`."""

    def body() -> NoReturn:
        raise HOSTILE["str"]

    flow, bad, _ = beside(body)
    assert "<unprintable Str>" in str(flow.run()[bad].traceback)
    assert "<unprintable Str>" in flow.summary()


@settings(max_examples=50)
@given(st.sets(st.sampled_from(sorted({name for each in HOSTILE.values() for name in vars(each)} - {"__module__"}))))
def test_any_mixture_of_hostile_methods_is_recorded(names: set[str]) -> None:
    """[R7] Fuzz."""
    dunders = {name: boom for name in names if name not in {"__doc__", "__weakref__", "__dict__", "__slots__"}}
    kind: Any = type("Mixture", (Exception,), dunders)

    def body() -> NoReturn:
        raise kind

    flow, bad, _ = beside(body)
    assert type(flow.run()[bad].error) is kind
    assert flow.results[bad].traceback is not None
    flow.summary()


def test_errors_of_any_size_are_shown_within_fixed_budgets() -> None:
    """[R8] A message of 50 MB, 20,000 causes, a group of 100,000, a circle."""

    def long_message() -> NoReturn:
        raise ValueError("x" * 50_000_000)

    def deep_chain() -> NoReturn:
        error: Exception = ValueError("0")
        for number in range(20_000):
            outer = ValueError(str(number))
            outer.__cause__, error = error, outer
        raise error

    def large_group() -> NoReturn:
        message = "group"
        raise ExceptionGroup(message, [ValueError(str(number)) for number in range(100_000)])

    def circle() -> NoReturn:
        one, two = ValueError("one"), ValueError("two")
        one.__context__, two.__context__ = two, one
        raise one

    for body in (long_message, deep_chain, large_group, circle):
        flow, bad, _ = beside(body)
        result = flow.run()[bad]
        assert result.state is FAILED
        assert len(str(result.traceback)) < 30_000
        assert len(flow.summary()) < 1_000
        with pytest.raises(FlowFailed) as caught:
            flow.results.raise_on_failure()
        assert len(str(caught.value.exceptions[0])) < 2_000


class ManyArgumentsError(Exception):
    """Cannot be made from its `args`, so it cannot be pickled."""

    def __init__(self, one: int, two: int, lock: object) -> None:
        super().__init__(f"{one} {two}")
        self.lock = lock


def test_an_error_that_does_not_pickle_is_kept_as_it_is() -> None:
    """[R9] Nothing pickles it; what flowing raises about it pickles."""

    def body() -> NoReturn:
        raise ManyArgumentsError(1, 2, threading.Lock())

    flow, bad, _ = beside(body)
    result = flow.run()[bad]
    assert isinstance(result.error, ManyArgumentsError)
    with pytest.raises(TypeError):
        pickle.dumps(result.error)
    with pytest.raises(FlowFailed) as caught:
        flow.results.raise_on_failure()
    again = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(again.exceptions[0], TaskFailed)
    assert str(again.exceptions[0]) == "task 'bad' failed after 1 attempt: ManyArgumentsError: 1 2"


# ── what surrounds a body ────────────────────────────────────────────────────────────────────────


def test_dependents_share_the_one_value_and_see_what_is_done_to_it() -> None:
    """[R13] Documented: values are handed on as they are, not copied."""

    @task
    def rows() -> list[int]:
        return [1]

    @task(depends_on=[rows])
    def spoil(rows: list[int]) -> None:
        rows.append(2)

    @task(depends_on=[rows], after=[spoil])
    def read(rows: list[int]) -> list[int]:
        return rows

    flow = Flow(read)
    assert flow.run()[read].value is flow.value(rows)
    assert flow.value(rows) == [1, 2]


def test_a_task_runs_a_flow_of_its_own() -> None:
    """[R15] A pool per run: no deadlock with one worker each, three deep."""

    def nested(depth: int) -> int:
        inner: Task[int] = task(lambda: nested(depth - 1) + 1 if depth else 0, name="inner")
        return Flow(inner, max_workers=1).run()[inner].value

    assert nested(3) == 3


def test_a_nested_flow_of_the_same_tasks_works_too() -> None:
    """[R15] And a flow that runs itself is refused, not waited for."""

    @task
    def leaf() -> int:
        return 1

    @task(after=[leaf])
    def outer() -> int:
        with pytest.raises(FlowRunningError, match="make another Flow"):
            flow.run()
        return Flow(leaf, max_workers=1).run()[leaf].value + 1

    flow = Flow(outer, max_workers=1)
    assert flow.run()[outer].value == 2


def test_what_python_keeps_per_context_is_the_callers_in_every_attempt() -> None:
    """[R17] Context variables and the decimal context; what one attempt sets, no other one sees."""
    variable = contextvars.ContextVar("variable", default=0)
    seen: list[tuple[int, int]] = []

    def body() -> None:
        seen.append((variable.get(), decimal.getcontext().prec))
        variable.set(variable.get() + 1)
        decimal.getcontext().prec = 5
        if len(seen) < 3:
            raise ValueError

    with decimal.localcontext() as context:
        context.prec = 7
        variable.set(10)
        flow, _, _ = beside(body, retry=2, retry_backoff_base_ms=0)
        flow.run()
        assert variable.get() == 10
    assert [number for number, _ in seen] == [10, 10, 10]


def test_warnings_of_a_body_are_not_swallowed() -> None:
    """[R17] They reach the filters of the process."""

    def body() -> None:
        warnings.warn("from the body", UserWarning, stacklevel=1)

    flow, bad, _ = beside(body)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(flow.run()[bad].error, UserWarning)


class Heavy:
    """Something large that a body holds when it fails."""


def failing_with(heavy: list[weakref.ref[Heavy]]) -> NoReturn:
    """Fail in three ways at once, with something large in each frame."""

    def inner() -> NoReturn:
        held = Heavy()
        heavy.append(weakref.ref(held))
        raise KeyError

    held = Heavy()
    heavy.append(weakref.ref(held))
    try:
        inner()
    except KeyError as cause:
        errors = [ValueError()]
        try:
            inner()
        except KeyError as member:
            errors.append(member)  # type: ignore[arg-type]  # any error will do
        message = "group"
        raise ExceptionGroup(message, errors) from cause


def test_an_error_keeps_its_lines_and_lets_go_of_its_locals() -> None:
    """[R18] Over causes, contexts and members, without a collection (D13)."""
    heavy: list[weakref.ref[Heavy]] = []
    gc.disable()
    try:
        flow, bad, _ = beside(lambda: failing_with(heavy))
        text = flow.run()[bad].traceback
    finally:
        gc.enable()
    assert [ref() for ref in heavy] == [None, None, None]
    assert text is not None
    assert "failing_with" in text
    assert "The above exception was the direct cause" in text


def test_with_keep_frames_a_debugger_finds_the_locals() -> None:
    """[R18] Control: there was something to let go of."""
    heavy: list[weakref.ref[Heavy]] = []
    bad: Task[object] = task(lambda: failing_with(heavy), name="bad")
    flow = Flow(bad, keep_frames=True)
    error = flow.run()[bad].error
    assert error is not None
    assert error.__traceback__ is not None
    assert all(ref() is not None for ref in heavy)


def test_nothing_keeps_a_failed_run_alive() -> None:
    """[R18] Neither a cycle nor a thread: it goes with the last name for it."""
    heavy: list[weakref.ref[Heavy]] = []

    def run() -> weakref.ref[Flow]:
        @task
        def make() -> Heavy:
            held = Heavy()
            heavy.append(weakref.ref(held))
            return held

        @task(depends_on=[make])
        def spoil(make: Heavy) -> None:
            raise ValueError(make)

        flow = Flow(spoil)
        flow.run()
        return weakref.ref(flow)

    gc.collect()
    gc.disable()
    try:
        flow = run()
        gone_at_once = flow() is None and heavy[0]() is None
    finally:
        gc.enable()
    gc.collect()
    assert flow() is None
    assert heavy[0]() is None
    assert gone_at_once or gc.get_referrers(flow) is not None


# ── listeners and logs ───────────────────────────────────────────────────────────────────────────


def test_a_listener_that_raises_is_logged_once_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """[R19] It goes on hearing."""
    heard = []

    def listener(observation: object) -> NoReturn:
        heard.append(observation)
        raise SystemExit("\x1b[31m")

    flow, _, _ = beside(lambda: None)
    subscription = flow.subscribe(listener)
    assert flow.run().ok
    assert subscription.drain(GUARD_S)
    assert len(heard) > 3
    assert [record.getMessage() for record in caplog.records] == [
        r"a listener raised SystemExit: \x1b[31m; it goes on hearing, and is not mentioned again"
    ]


class BrokenHandler(logging.Handler):
    """A log that cannot be written."""

    refusals = 0

    @override
    def emit(self, record: logging.LogRecord) -> NoReturn:
        self.refusals += 1
        raise BrokenPipeError


def test_a_log_handler_that_raises_changes_nothing() -> None:
    """[R20] Neither for the clerk, who warns of long runners, nor for listeners."""
    handler = BrokenHandler()
    logger = logging.getLogger("flowing")
    logger.addHandler(handler)
    warned = threading.Event()

    def listener(observation: object) -> NoReturn:
        raise ValueError

    def filter_record(record: logging.LogRecord) -> bool:
        if "has been running" in record.getMessage():
            warned.set()
        return True

    handler.addFilter(filter_record)
    try:
        slow: Task[bool] = task(lambda: warned.wait(GUARD_S), name="slow")
        flow = Flow(slow, stall_warning_s=0.01)
        subscription = flow.subscribe(listener)
        assert flow.run()[slow].value
        assert subscription.drain(GUARD_S)
    finally:
        logger.removeHandler(handler)
    assert handler.refusals == 2


def test_a_process_without_stderr_runs_flows_all_the_same() -> None:
    """[R20] `2>&-`."""
    program = """
        def listener(seen):
            raise ValueError
        @task(retry=1, retry_backoff_base_ms=0)
        def bad():
            current().sleep(0.05)
            raise OSError("disk full")
        flow = Flow(bad, stall_warning_s=0.01)
        subscription = flow.subscribe(listener)
        results = flow.run()
        subscription.drain(30)
        say(results[bad].state, results[bad].attempts, sys.stderr is None)
    """
    assert said(program, shell='exec "$@" 2>&-') == ["FAILED 2 True"]


# ── threads that cannot be had ───────────────────────────────────────────────────────────────────


class RefusingCrew:
    """Lends a crew's `hire` that refuses all but the first `granted` threads, as the system would."""

    def __init__(self, granted: int) -> None:
        self.granted = granted
        self.refusals = 0
        self.has_refused = threading.Event()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        hire = Crew.hire

        def limited(crew: Crew, desk: Desk) -> None:
            if self.granted <= 0:
                self.refusals += 1
                self.has_refused.set()
                message = "can't start new thread"
                raise RuntimeError(message)
            self.granted -= 1
            hire(crew, desk)

        patch.setattr(Crew, "hire", limited)


def test_a_run_goes_on_with_the_threads_that_it_got(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R21] Slower, but every task runs once."""
    crew = RefusingCrew(granted=1)
    crew.install(monkeypatch)
    tasks: list[Task[bool]] = [task(partial(crew.has_refused.wait, GUARD_S), name=f"t{n}") for n in range(9)]
    results = Flow(*tasks, max_workers=9).run()
    assert results.ok
    assert {result.attempts for result in results.values()} == {1}
    assert crew.refusals > 0


def test_with_no_thread_at_all_the_run_ends_with_an_error_and_can_be_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R21] Nothing is lost."""
    crew = RefusingCrew(granted=0)
    flow, _, _ = beside(lambda: None)
    with monkeypatch.context() as patch:
        crew.install(patch)
        with pytest.raises(WorkerStartError, match=r"refused to start a thread.*lower max_workers.*resume\(\) keeps"):
            flow.run()
    assert crew.refusals > 0
    assert {result.attempts for result in flow.results.values()} == {0}
    assert flow.resume().ok


def test_a_limit_of_the_system_on_threads_is_survived() -> None:
    """[R21] For real: RLIMIT_NPROC, as a user for whom it counts."""
    lines = said(
        """
        import resource
        Flow(task(int)).run()  # loads all that a run needs, while the files may still be read
        if os.getuid() == 0:
            os.setgroups([]); os.setgid(54321); os.setuid(54321)
        processes = [f"/proc/{each}" for each in os.listdir("/proc") if each.isdigit()]
        mine = sum(os.path.exists(each) and os.stat(each).st_uid == os.getuid() for each in processes)
        refusals = 0
        start = threading.Thread.start
        def counted(thread):
            global refusals
            try:
                start(thread)
            except RuntimeError:
                refusals += 1
                raise
        threading.Thread.start = counted
        def nap():
            current().sleep(0.02)
            return 1
        flow = Flow(*[task(nap, name=str(n)) for n in range(40)], max_workers=40)
        resource.setrlimit(resource.RLIMIT_NPROC, (mine + 4, mine + 4))
        try:
            results = flow.run()
            say("ok" if results.ok else results, refusals)
        except WorkerStartError as error:
            say("typed", refusals)
        """
    )
    ending, refusals = lines[-1].split()
    if refusals == "0":
        pytest.skip("the system does not count this user's threads")  # a container without user accounting
    assert ending in {"ok", "typed"}


# ── values that die loudly, predicates that are junk ─────────────────────────────────────────────


def test_a_value_that_raises_when_it_dies_hurts_nobody() -> None:
    """[R22] Python reports it as it does everywhere; the run goes on."""
    unraisable = []

    class Dying:
        def __del__(self) -> None:
            raise ValueError

    @task
    def make() -> object:
        return Dying()

    @task(after=[make])
    def last() -> int:
        return 1

    flow = Flow(last)
    hook = sys.unraisablehook
    sys.unraisablehook = lambda report: unraisable.append(report.exc_type)
    try:
        for _ in range(3):
            assert flow.run()[last].value == 1
        flow.override(make, None)
        assert flow.resume().ok
        gc.collect()
    finally:
        sys.unraisablehook = hook
    assert unraisable == [ValueError] * 3


class OwnedLock:
    """A lock that knows which thread holds it; another one than the one that asks may do so at any time."""

    def __init__(self) -> None:
        self.owner: int | None = None
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        got = self._lock.acquire(blocking, timeout)
        if got:
            self.owner = threading.get_ident()
        return got

    def release(self) -> None:
        self.owner = None
        self._lock.release()


def test_what_an_attempt_leaves_dies_outside_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R22] A refused value, and the error of an attempt that was repeated: slow death holds nobody up."""
    monkeypatch.setattr(session_module, "World", partial(World, lock=OwnedLock))
    locked: list[bool] = []

    class Dying:
        def __del__(self) -> None:
            session = flow._runs.session
            lock = None if session is None else cast("OwnedLock", session._desk._lock)
            locked.append(lock is not None and lock.owner == threading.get_ident())

    @task(retry=2, retry_backoff_base_ms=1, retry_until=lambda value: False)
    def refused() -> object:
        return Dying()

    @task(retry=2, retry_backoff_base_ms=1)
    def fails() -> None:
        error = ValueError()
        error.args = (Dying(),)
        raise error

    flow = Flow(refused, fails, fail_fast=False, max_workers=1)
    flow.run()
    assert locked == [False] * 4


class Undecided:
    """Neither true nor false."""

    __bool__ = boom


@pytest.mark.parametrize("predicate", [boom, lambda value: Undecided(), leave], ids=["raises", "junk", "exits"])
def test_a_predicate_that_raises_is_a_failure_with_its_error(predicate: Any) -> None:  # noqa: ANN401 - wrong ones
    """[R23] Once: it is not asked again."""
    calls = []

    def body() -> int:
        calls.append(1)
        return 1

    flow, bad, harmless = beside(body, retry=3, retry_backoff_base_ms=0, retry_until=predicate)
    results = flow.run()
    assert (results[bad].state, results[bad].attempts, len(calls)) == (FAILED, 1, 1)
    assert isinstance(results[bad].error, RuntimeError | SystemExit)
    assert results[harmless].value == 1


def test_an_exception_type_with_hooks_of_its_own_is_matched_as_except_does() -> None:
    """[R23] `retry_on` asks no metaclass: neither in a worker nor at a deadline."""
    armed = False

    class Hooked(type):
        @override
        def __subclasscheck__(cls, other: type) -> bool:
            if armed:
                boom()
            return super().__subclasscheck__(other)

        __instancecheck__ = boom

    special: Any = Hooked("Special", (Exception,), {})

    @task(retry=3, retry_backoff_base_ms=0, retry_on=special, timeout_s=0.05)
    def hangs() -> NoReturn:
        current().sleep(GUARD_S)
        raise AssertionError

    @task(retry=3, retry_backoff_base_ms=0, retry_on=special)
    def fails() -> NoReturn:
        raise KeyError

    armed = True
    results = Flow(hangs, fails, fail_fast=False).run()
    assert [results[each].attempts for each in (hangs, fails)] == [1, 1]
    assert [type(results[each].error) for each in (hangs, fails)] == [TaskTimeoutError, KeyError]


def test_attempts_that_wait_for_each_other_find_out_by_their_own_deadline() -> None:
    """[R15] A task that waits for another one of its flow is a hung task, not a deadlock of ours."""
    other_ran = threading.Event()

    @task(timeout_s=0.05)
    def waits() -> None:
        other_ran.wait(GUARD_S)

    @task
    def other() -> None:
        other_ran.set()

    results = Flow(waits, other, max_workers=1, fail_fast=False).run()
    assert (results[waits].state, results[other].state) == (FAILED, SUCCEEDED)


def test_what_a_body_leaves_behind_keeps_no_run_from_ending() -> None:
    """[R16] Threads of its own are not ours: nobody joins them, and the process ends when they do."""
    done = run_child(
        """
        leave = threading.Event()
        @task
        def leaves_a_thread():
            threading.Thread(target=leave.wait, args=(30,)).start()
            return 1
        say(Flow(leaves_a_thread).run()[leaves_a_thread].value)
        leave.set()
        """
    )
    assert (done.returncode, done.stdout) == (0, "1\n")
