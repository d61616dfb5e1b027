"""Declaring tasks with `task`, `bind`, `Depends` and `with_options`. Nothing here runs a flow."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from operator import is_
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from typing_extensions import override

from flowing._task.declared import _first_attached
from flowing._task.options import DEFAULTS, UNSET, Options
from flowing._task.wiring import Call, FromTask
from flowing.errors import (
    ConfigError,
    DetachedDependencyError,
    NotATaskError,
    SignatureError,
    UnknownOptionError,
    UnsupportedFunctionError,
)
from flowing.flow import Flow
from flowing.task import _NOT_GIVEN, AsyncTask, Depends, SyncTask, Task, bind, task

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


UNTYPED: Any = sys.modules[__name__]  # as programs see it that no checker sees


@task
def fetch() -> int:
    """Fetch one."""
    return 1


@task
def load() -> str:
    return "x"


def add(left: int, right: int = 2) -> int:
    return left + right


# ── what a declaration makes ─────────────────────────────────────────────────────────────────────


def test_a_bare_decorator_makes_a_task_named_after_its_function() -> None:
    assert (fetch.name, fetch.dependencies, fetch.body) == ("fetch", (), Call(fetch.__wrapped__))
    assert isinstance(fetch, SyncTask)


def test_a_dependency_arrives_in_the_parameter_of_its_name() -> None:
    @task(depends_on=[fetch])
    def total(fetch: int, scale: int = 3) -> int:
        return fetch * scale

    assert total.body.keywords == (("fetch", FromTask(fetch)),)
    assert total.dependencies == (fetch,)


def test_a_plain_call_on_a_function_makes_tasks_in_a_loop() -> None:
    steps: list[Task[int]] = [task(lambda: 1, name="step 0")]
    for number in range(1, 4):
        steps.append(task(lambda **values: sum(values.values()), name=f"step {number}", depends_on=[steps[-1]]))
    assert [step.name for step in steps] == ["step 0", "step 1", "step 2", "step 3"]
    assert steps[3].body.keywords == (("step 2", FromTask(steps[2])),)


def test_depends_in_a_default_wires_without_names() -> None:
    @task
    def total(number: int = Depends(fetch), *, text: str = Depends(load)) -> str:
        return text * number

    assert total.body.keywords == (("number", FromTask(fetch)), ("text", FromTask(load)))
    assert total.dependencies == (fetch, load)


def test_after_gives_order_without_a_value() -> None:
    @task(depends_on=[fetch], after=[load, fetch])
    def total(fetch: int) -> int:
        return fetch

    assert total.body.keywords == (("fetch", FromTask(fetch)),)
    assert total.dependencies == (fetch, load)


def test_dependencies_are_listed_once_in_declared_order() -> None:
    first, second, third, fourth = (task(lambda: 1, name=name) for name in ("first", "second", "third", "fourth"))

    @task(depends_on=[second, second], after=[first, fourth], when=lambda x=Depends(third): x)
    def total(second: int, a: int = Depends(fetch)) -> int:
        return second + a

    assert [each.name for each in total.dependencies] == ["second", "fetch", "third", "first", "fourth"]


def test_options_are_kept_with_retry_on_as_a_tuple() -> None:
    step = task(lambda: 1, name="one", retry=2, retry_on=OSError, timeout_s=3, jitter=True, retry_backoff_base_ms=5)
    expected = {
        "retry": 2,
        "retry_backoff_base_ms": 5,
        "retry_max_backoff_ms": 30_000,
        "jitter": True,
        "retry_on": (OSError,),
        "timeout_s": 3,
        "detached": False,
        "persist": True,
        "version": None,
        "at_most_once": False,
        "executor": UNSET,
    }
    assert attrs.asdict(step.options) == expected


def test_what_is_taken_for_not_given_is_what_task_has_for_its_options() -> None:
    """By identity, so that nothing that equals it, as False equals 0, is taken for it."""
    options = [field.name for field in attrs.fields(Options)]
    defaults = task.__kwdefaults__
    assert defaults is not None
    assert [*defaults][-len(options) :] == options
    assert all(map(is_, _NOT_GIVEN, (defaults[name] for name in options)))
    assert Options(*_NOT_GIVEN) == DEFAULTS


def test_numbers_follow_the_order_of_definition() -> None:
    steps = [task(lambda: 1, name=str(number)) for number in range(5)]
    numbers = [step.number for step in steps]
    assert numbers == sorted(set(numbers))


def test_gates_take_dependencies_by_name_and_retry_until_the_result() -> None:
    def positive(result: int) -> bool:
        return result > 0

    @task(depends_on=[fetch, load], when=lambda fetch: fetch, validate=lambda *, load: load, retry_until=positive)
    def total(fetch: int, load: str) -> int:
        return fetch

    assert total.when is not None
    assert total.when.keywords == (("fetch", FromTask(fetch)),)
    assert total.validate is not None
    assert total.validate.keywords == (("load", FromTask(load)),)
    assert total.retry_until is positive


def test_a_dependency_may_be_for_a_gate_alone() -> None:
    @task(depends_on=[fetch, load], when=lambda load: load)
    def total(fetch: int) -> int:
        return fetch

    assert total.dependencies == (fetch, load)


# ── a task is callable like its function, and shows like it ──────────────────────────────────────


def test_calling_a_task_calls_its_function() -> None:
    @task(depends_on=[fetch])
    def total(fetch: int, scale: int = 3) -> int:
        return fetch * scale

    assert (fetch(), total(5), total(5, scale=2), total(fetch=1)) == (1, 15, 10, 3)


def test_calling_a_task_without_its_depends_argument_names_the_way_out() -> None:
    @task
    def total(number: int = Depends(fetch), *, text: str = Depends(load), more: int = 1) -> str:
        return text * number * more

    assert total(2, text="a") == "aa"
    assert total(number=2, text="a", more=2) == "aaaa"
    message = r"'total'.*without '{0}', .*from task '{1}'; give {0}=\.\.\., or run"
    with pytest.raises(SignatureError, match=message.format("number", "fetch")):
        total(text="a")
    with pytest.raises(SignatureError, match=message.format("text", "load")):
        total(2)


def test_a_bound_task_is_called_as_a_function_only_if_it_needs_no_flow() -> None:
    assert bind(add, 1, right=5)() == 6
    with pytest.raises(SignatureError, match=r"'add'.*value of 'fetch'.*call add\(left, right=\.\.\.\) itself"):
        bind(add, Depends(fetch))()
    with pytest.raises(SignatureError, match=r"'add' .*with arguments.*run the task in a Flow"):
        bind(add, 1)(2)  # type: ignore[call-arg]


def test_an_async_task_is_called_like_its_function_too() -> None:
    async def later(number: int) -> int:
        return number + 1

    step: AsyncTask[[int], int] = task(later, depends_on=[fetch.with_options(name="number")])
    assert isinstance(step, AsyncTask)
    assert asyncio.run(step(1)) == 2


def test_a_task_shows_the_metadata_of_its_function() -> None:
    assert (fetch.__name__, fetch.__qualname__, fetch.__doc__) == ("fetch", "fetch", "Fetch one.")
    assert fetch.__module__ == fetch.__wrapped__.__module__ == __name__
    assert inspect.getsource(fetch).startswith("@task\ndef fetch")
    wrapper = functools.wraps(fetch)(lambda: 2)
    assert (wrapper.__name__, wrapper.__doc__, wrapper.__module__) == ("fetch", "Fetch one.", __name__)


def test_the_classes_keep_their_own_metadata() -> None:
    kind: type = SyncTask
    assert (kind.__name__, kind.__qualname__, kind.__module__) == ("SyncTask", "SyncTask", "flowing._task.declared")
    assert SyncTask.__doc__ is not None
    assert SyncTask.__doc__.startswith("A task made from")
    assert "self" in inspect.signature(SyncTask.__call__).parameters
    assert not hasattr(fetch, "nothing")


def test_a_signature_is_that_of_the_function_and_empty_for_a_bound_one() -> None:
    @task
    def total(number: int = Depends(fetch), *, text: str = "a") -> str:
        return text * number

    assert str(inspect.signature(total)) == "(number: 'int' = Depends(fetch), *, text: 'str' = 'a') -> 'str'"
    assert str(inspect.signature(bind(add, 1))) == "()"


def test_repr_is_short_and_safe_and_has_no_values() -> None:
    line = add.__code__.co_firstlineno
    assert repr(bind(add, 12345)) == f"<task 'add' at test_task.py:{line}>"
    assert repr(Depends(fetch)) == "Depends(fetch)"


def test_a_task_is_frozen_and_equal_to_itself_alone() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        fetch.name = "other"  # type: ignore[misc]
    with pytest.raises((AttributeError, attrs.exceptions.FrozenInstanceError)):
        fetch.other = 1  # type: ignore[attr-defined]
    copy = fetch.with_options()
    assert fetch != copy
    assert len({fetch, copy, fetch}) == 2


# ── bind ─────────────────────────────────────────────────────────────────────────────────────────


def test_bind_takes_values_and_dependencies_by_position_and_by_keyword() -> None:
    step = bind(add, Depends(fetch), right=10)
    assert step.name == "add"
    assert step.body == Call(add, (FromTask(fetch),), (("right", 10),))
    assert step.dependencies == (fetch,)
    other = bind(add, right=Depends(fetch), left=3).with_options(name="other", retry=1)
    assert (other.name, other.options.retry, other.dependencies) == ("other", 1, (fetch,))


def test_bind_fills_the_depends_defaults_that_it_is_not_given() -> None:
    def join(a: int, b: int = 0, c: int = Depends(fetch), /, d: int = 1, e: int = Depends(fetch)) -> int:
        return a + b + c + d + e

    step = bind(join, 1)
    assert (step.body, step.dependencies) == (
        Call(join, (1, 0, FromTask(fetch)), (("e", FromTask(fetch)),)),
        (fetch,),
    )
    assert bind(join, 1, 2, 3, 4, 5).body == Call(join, (1, 2, 3, 4, 5))
    assert bind(join, 1, 2, 3, e=5).dependencies == ()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: bind(add), id="missing"),  # type: ignore[call-overload]
        pytest.param(lambda: bind(add, 1, 2, 3), id="too many"),  # type: ignore[call-overload]
        pytest.param(lambda: bind(add, 1, wrong=Depends(fetch)), id="unknown"),  # type: ignore[call-arg, arg-type]
        pytest.param(lambda: bind(add, 1, left=2), id="twice"),  # type: ignore[misc, arg-type]
    ],
)
def test_bind_checks_its_arguments_against_the_function(make: Callable[[], object]) -> None:
    """[G6] What Python would refuse at the call is refused at the definition."""
    with pytest.raises(
        SignatureError, match=r"task 'add'.*bind\(\) don't fit add\(left, right=\.\.\.\).*Depends\(task\)"
    ):
        make()


def test_a_task_where_its_value_is_meant_is_refused() -> None:
    """[G6] A forgotten or hidden `Depends` doesn't reach the function as an object it can't use."""
    with pytest.raises(SignatureError, match=r"'add': argument 1 of add.* task 'fetch' itself.*write Depends\(fetch\)"):
        bind(add, fetch)  # type: ignore[call-overload]
    with pytest.raises(
        SignatureError, match=r"argument left of add.*Depends\(fetch\) inside a list.*parameter of its own"
    ):
        bind(add, left=[Depends(fetch)])  # type: ignore[call-overload]
    for many in ([fetch], (1, fetch), {"a": fetch}):
        with pytest.raises(
            SignatureError,
            match=r"argument left of add.* the task 'fetch' inside a .*bind\(function, \*\[Depends",
        ):
            bind(add, left=many)  # type: ignore[call-overload]
    with pytest.raises(SignatureError, match=r"inside a dict"):
        bind(add, left={"a": Depends(fetch)})  # type: ignore[call-overload]
    with pytest.raises(SignatureError, match=r"'forgot': argument number of .* write Depends\(fetch\)"):

        @task
        def forgot(number: object = fetch) -> None: ...


def test_bind_works_for_functions_whose_parameters_python_cannot_tell() -> None:
    assert bind(max, 1, Depends(fetch)).body == Call(max, (1, FromTask(fetch)))


# ── with_options ─────────────────────────────────────────────────────────────────────────────────


def test_with_options_changes_what_it_is_given_and_nothing_else() -> None:
    original = task(add, name="sum", depends_on=[task(lambda: 1, name="left")], after=[load], retry=2, timeout_s=5)
    copy = original.with_options(retry=7, name="again")
    assert (copy.name, copy.options) == ("again", attrs.evolve(original.options, retry=7))
    assert (copy.body, copy.dependencies) == (original.body, original.dependencies)
    assert copy.number > original.number
    assert original.with_options(timeout_s=None).options.timeout_s is None


def test_with_options_gives_gates_and_order_to_a_bound_task() -> None:
    copy = bind(add, Depends(fetch)).with_options(after=[load], when=lambda fetch: fetch, retry_until=bool)
    assert copy.dependencies == (fetch, load)
    assert copy.when is not None
    assert copy.when.keywords == (("fetch", FromTask(fetch)),)
    again = copy.with_options(after=[], when=None, retry_until=None, validate=lambda fetch: fetch)
    assert (again.dependencies, again.when, again.retry_until) == ((fetch,), None, None)
    assert again.validate is not None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"retry": -1}, ConfigError),
        ({"name": ""}, ConfigError),
        ({"after": fetch}, NotATaskError),
        ({"when": lambda other: other}, SignatureError),
        ({"retry_until": lambda: True}, SignatureError),
    ],
)
def test_with_options_checks_like_task(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=r"fetch|test_task\.py"):
        fetch.with_options(**options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: UNTYPED.task(retries=3), r"task\(\) has no option 'retries'; did you mean 'retry'\?"),
        (lambda: UNTYPED.task(timeout=3), r"task\(\) has no option 'timeout'; did you mean 'timeout_s'\?"),
        (lambda: UNTYPED.task(add, depends=[fetch]), r"task\(\) has no option 'depends'; did you mean 'depends_on'\?"),
        (
            lambda: UNTYPED.fetch.with_options(retries=3),
            r"with_options\(\) has no option 'retries'; did you mean 'retry'\?",
        ),
        (lambda: UNTYPED.Flow(fetch, workers=2), r"Flow\(\) has no option 'workers'; did you mean 'max_workers'\?"),
        (
            lambda: UNTYPED.Flow(fetch, x=2),
            r"Flow\(\) has no option 'x'; its options are checkpoint, discover_detached, exec",
        ),
    ],
)
def test_a_misspelt_option_is_refused_with_the_one_that_is_meant(call: Callable[[], object], message: str) -> None:
    """[G10] It is a `TypeError` as ever, and a `ConfigError`."""
    with pytest.raises(UnknownOptionError, match=message) as caught:
        call()
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ConfigError)


def test_what_refuses_misspelt_options_shows_in_no_signature() -> None:
    for function in (task, Flow, Flow.__init__, Task.with_options):
        kinds = {each.name: each.kind for each in inspect.signature(function).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD not in kinds.values()
        assert inspect.Parameter.KEYWORD_ONLY in kinds.values()
    assert "retry" in inspect.signature(task).parameters
    assert str(inspect.signature(Flow)).startswith("(*terminals: 'Task[object]', max_workers: 'int' = 5, fail_fast: ")


# ── what may stand in depends_on, after and Depends ──────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([add], r"has 'add', which is not a task; decorate it with @task"),
        (["fetch"], r"has the string 'fetch', which is not a task; write the task itself, not its name"),
        ([None], r"has None, which is not a task; give a function decorated with @task, and don't call it"),
        ([fetch, 3], r"has an int, which is not a task; give a function"),
        (None, r"is a list of tasks, but it is None; write {option}=\[\.\.\.\]"),
        ("fetch", r"is a list of tasks, but it is a str; write {option}=\[\.\.\.\]"),
        (fetch, r"is a list of tasks, but it is the task 'fetch' itself; write {option}=\[fetch\]"),
        (add, r"is a list of tasks, but it is a function; write {option}=\[\.\.\.\]"),
        ({fetch}, r"is a list of tasks, but it is a set; write {option}="),
        ([Depends(fetch)], r"has Depends\(fetch\), which is only for arguments; write fetch without Depends"),
        ([[fetch]], r"has a list, which is not a task"),
    ],
    ids=str,
)
@pytest.mark.parametrize("option", ["depends_on", "after"])
def test_only_tasks_may_be_depended_on(option: str, given: object, message: str) -> None:
    """[G3] What isn't a task is named with the fix."""
    options: dict[str, Any] = {option: given}
    with pytest.raises(NotATaskError, match=f"task 'total': {option} {message.replace('{option}', option)}"):
        task(lambda **more: more, name="total", **options)


def test_depends_takes_only_a_task() -> None:
    """[G3] The same for `Depends`."""
    with pytest.raises(NotATaskError, match=r"Depends\(\) was given 'add', which is not a task; decorate it"):
        Depends(add)  # type: ignore[arg-type]


def test_a_coroutine_in_the_place_of_a_task_is_closed() -> None:
    """[G3] The task was called; nobody will await what that gave."""

    @task
    async def late() -> int:
        return 1

    called = late()
    with pytest.raises(NotATaskError, match="'total': depends_on has what a call of 'late' gives, a coroutine"):
        task(lambda late: late, name="total", depends_on=[called])  # type: ignore[list-item]
    assert inspect.getcoroutinestate(called) == inspect.CORO_CLOSED


class Shop:
    def total(self, fetch: int) -> int:
        return fetch


def test_a_method_is_told_that_it_is_one() -> None:
    """[G5] Nothing can fill `self` but an object."""
    message = r"needs a value for 'self', for 'Shop\.total' is a method; .*task\(object\.total, \.\.\.\)"
    with pytest.raises(SignatureError, match=message):
        task(Shop.total, depends_on=[fetch])  # type: ignore[flowing-wiring]
    bound = task(Shop().total, depends_on=[fetch])
    assert bound.name == "total"
    with pytest.raises(SignatureError, match="'self', but nothing fills that parameter"):
        task(lambda self: self, name="no method")  # type: ignore[flowing-wiring]


def test_any_sequence_of_tasks_will_do() -> None:
    assert task(lambda **_: 1, name="t", depends_on=(fetch, load)).dependencies == (fetch, load)


# ── detached ─────────────────────────────────────────────────────────────────────────────────────


def test_a_detached_task_attaches_itself_to_everything_it_depends_on() -> None:
    first, second = task(lambda: 1, name="first"), task(lambda: 1, name="second")

    @task(depends_on=[first], after=[second], detached=True)
    def notify(first: int) -> None: ...

    assert (first.attached, second.attached, notify.attached) == ((notify,), (notify,), ())

    @task(depends_on=[notify], detached=True)
    def after_notify(notify: None) -> None: ...

    assert notify.attached == (after_notify,)


def test_copies_and_bound_tasks_never_attach() -> None:
    root = task(lambda: 1, name="root")

    @task(depends_on=[root], detached=True)
    def notify(root: int) -> None: ...

    notify.with_options(name="copy")
    bind(add, Depends(root)).with_options(detached=True)
    assert root.attached == (notify,)
    assert root.with_options().attached == ()


def test_a_redefinition_replaces_the_earlier_one_everywhere() -> None:
    first, second, third = (task(lambda: 1, name=name) for name in ("first", "second", "third"))

    def notify(depends_on: list[Task[int]], name: str | None = None) -> Task[None]:
        @task(depends_on=depends_on, detached=True, name=name)
        def notify(**_: int) -> None: ...

        return notify

    notify([first, second])
    later = notify([second, third])
    assert (first.attached, second.attached, third.attached) == ((), (later,), (later,))
    other = notify([third], name="other")
    assert third.attached == (later, other)


def attached_in_the_middle(opcode: int) -> set[str] | None:
    """Attach two tasks to one, the second when the first is at this opcode; say which are known, None when done."""
    root = task(lambda: 1, name="root")
    codes = (Task.attach.__code__, Task._made_attached.__code__)
    seen = 0

    def attach(name: str) -> None:
        task(lambda: None, name=name, after=[root], detached=True)

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        nonlocal seen
        frame.f_trace_opcodes = frame.f_code in codes
        if event == "opcode":
            seen += 1
            if seen == opcode:
                attach("second")
        return trace if frame.f_trace_opcodes else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        attach("first")
    finally:
        sys.settrace(before)
    return {each.name for each in root.attached} if seen >= opcode else None


def attached_anywhere() -> list[set[str]]:
    """Try each opcode at which a thread may be stopped."""
    known = [attached_in_the_middle(opcode) for opcode in range(1, 1_000)]
    return [each for each in known if each is not None]


def test_of_two_tasks_that_are_attached_at_the_same_time_none_is_lost() -> None:
    """Wherever one thread is stopped, and another one attaches the first task of the same one."""
    known = attached_anywhere()
    assert 50 < len(known) < 999
    assert all(each == {"first", "second"} for each in known)
    assert not _first_attached


def test_without_a_place_to_meet_one_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: each thread makes a dict of its own."""

    class Nowhere(dict[Any, Any]):
        @override
        def setdefault(self, _: object, default: object = None) -> object:
            return default

    monkeypatch.setattr("flowing._task.declared._first_attached", Nowhere())
    assert {"second"} in attached_anywhere() or {"first"} in attached_anywhere()


def test_the_main_graph_never_waits_for_a_detached_task() -> None:
    """[G9] Refused at definition, whichever way the dependency is written."""

    @task(after=[fetch], detached=True)
    def notify() -> int:
        return 1

    message = r"task '(main|add)' depends on 'notify', which is detached.*detached=True too, or 'notify' detached=False"
    with pytest.raises(DetachedDependencyError, match=message):
        task(lambda notify: 1, name="main", depends_on=[notify])
    with pytest.raises(DetachedDependencyError, match=message):
        task(lambda: 1, name="main", after=[notify])
    with pytest.raises(DetachedDependencyError, match=message):
        task(lambda x=Depends(notify): 1, name="main")
    with pytest.raises(DetachedDependencyError, match=message):
        task(lambda: 1, name="main", when=lambda x=Depends(notify): x)
    with pytest.raises(DetachedDependencyError, match=message):
        bind(add, Depends(notify))
    with pytest.raises(DetachedDependencyError, match=message):
        task(lambda: 1, name="main", after=[notify], detached=True).with_options(detached=False)


# ── names and functions ──────────────────────────────────────────────────────────────────────────


def test_a_lambda_needs_a_name() -> None:
    """[G8] A lambda works, but nothing could be called `<lambda>` twice."""
    assert task(lambda: 1, name="one").name == "one"
    with pytest.raises(ConfigError, match=r"the lambda at .*test_task.py:\d+ has no name .*; pass name="):
        task(lambda: 1)
    with pytest.raises(ConfigError, match="pass name="):
        task(functools.partial(lambda x: x, 1))


def test_a_task_is_not_made_from_a_task_or_from_what_cannot_be_called() -> None:
    """[G8] Each with the fix."""
    with pytest.raises(UnsupportedFunctionError, match=r"'fetch' is a task already.*fetch\.with_options"):
        task(fetch)
    with pytest.raises(UnsupportedFunctionError, match=r"'fetch' is a task already"):
        bind(fetch)
    for wrong, shown in ((3, "an int"), (None, "None"), ("total", "a str")):
        with pytest.raises(UnsupportedFunctionError, match=f"made from a function, not from {shown}; give it one"):
            task(wrong)  # type: ignore[arg-type]


def test_help_shows_the_options() -> None:
    assert task.__doc__ is not None
    missing = [name for name in inspect.signature(task).parameters if name != "fn" and f"{name}: " not in task.__doc__]
    assert missing == []
    assert bind.__doc__ is not None
    assert "Depends" in bind.__doc__
