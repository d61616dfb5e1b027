"""What a declaration makes: a frozen task. Never runs one but when called as a function, and knows no flow."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, ParamSpec, Self, TypeAlias, TypeVar, cast, final

import attrs
from typing_extensions import override

from flowing._task import functions
from flowing._task.direct import call_with_care
from flowing._task.options import (
    UNSET,
    ExceptionTypes,
    Options,
    Unset,
    checked,
    checked_name,
    knowing_its_options,
    refuse_executor,
)
from flowing._task.references import import_by_name, name_leads_to
from flowing._task.wiring import Call, FromTask, Who, all_dependencies, checked_predicate, refuse_detached, wire_gate
from flowing._text import one_line
from flowing.errors import NotATaskError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from flowing._task.named import NamedCall
    from flowing._task.options import ExecutorOption, Verdict

Direct: TypeAlias = Literal["as is", "checked", "bound"]  # what a call of a task as a function must see to

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

# The order of definition is part of every schedule (D18), and a task alone can't know what was defined before it.
# This counter is the one thing that all tasks share; nothing reads it but the numbers it gave out.
_numbers: Final = itertools.count()

_Attached: TypeAlias = "dict[tuple[str, str, str], Task[object]]"  # by definition, see there

# Where threads meet that attach the first tasks of one task at the same time; empty at all other times. Few tasks have
# detached ones: a dict for each task cost 64 bytes, and a tenth of the time to define it.
_first_attached: Final[dict[Task[object], _Attached]] = {}


@attrs.frozen(eq=False, repr=False)
class Task(Generic[R_co]):
    """A step that makes an `R`. Compared by identity: a copy is another task."""

    name: str
    wired: NamedCall | Call = attrs.field(alias="body")  # what flows call; the same as `body`, in less room
    options: Options
    dependencies: tuple[Task[object], ...]  # with a value or for order only, in declared order, each once
    when: Call | None = None
    validate: Call | None = None
    retry_until: Callable[[Any], object] | None = None
    direct: Direct = "as is"
    number: int = attrs.field(init=False, factory=_numbers.__next__)
    _attached: _Attached | None = attrs.field(init=False, default=None)

    if TYPE_CHECKING:

        @property
        def __wrapped__(self) -> Callable[..., object]:
            """The function itself, for `inspect`, and for processes that have to find it."""
            ...

        @property
        def __qualname__(self) -> str:
            """The function's dotted name inside its module."""
            ...

        def _takes(self, value: R_co, /) -> None:  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues] - never called: it shows the checkers what override() accepts, see `Settable`
            ...

    def with_options(
        self,
        *,
        name: str | Unset = UNSET,
        after: Sequence[Task[object]] | Unset = UNSET,
        when: Callable[..., object] | Unset | None = UNSET,
        validate: Callable[..., object] | Unset | None = UNSET,
        retry_until: Callable[[R_co], Verdict] | Unset | None = UNSET,
        retry: int | Unset = UNSET,
        retry_backoff_base_ms: float | Unset = UNSET,
        retry_max_backoff_ms: float | Unset = UNSET,
        jitter: bool | Unset = UNSET,
        retry_on: ExceptionTypes | Unset = UNSET,
        timeout_s: float | Unset | None = UNSET,
        detached: bool | Unset = UNSET,
        persist: bool | Unset = UNSET,
        version: str | Unset | None = UNSET,
        at_most_once: bool | Unset = UNSET,
        executor: ExecutorOption = UNSET,
    ) -> Self:
        """Make the same task with other options, which mean what they mean in `task()`.

        The copy is another task: it has its own results, and it joins a flow only when it is named there or
        depended on, also when it is detached.
        """
        new_name = self.name if name is UNSET else checked_name(name, self.wired.function)
        changes = {
            "retry": retry,
            "retry_backoff_base_ms": retry_backoff_base_ms,
            "retry_max_backoff_ms": retry_max_backoff_ms,
            "jitter": jitter,
            "retry_on": retry_on,
            "timeout_s": timeout_s,
            "detached": detached,
            "persist": persist,
            "version": version,
            "at_most_once": at_most_once,
            "executor": executor,
        }
        given: dict[str, Any] = {option: value for option, value in changes.items() if value is not UNSET}
        options = checked(attrs.evolve(self.options, **given), task=new_name) if given else self.options
        if isinstance(self, AsyncTask):
            refuse_executor(options, task=new_name)
        valued = self._valued()
        new_when = self.when if when is UNSET else wire_gate("when", when, valued, new_name)
        new_validate = self.validate if validate is UNSET else wire_gate("validate", validate, valued, new_name)
        if after is UNSET:
            order_only = tuple(each for each in self.dependencies if each not in set(valued))
        else:
            order_only = tasks_in("after", after, Who(new_name))
        dependencies = all_dependencies(valued, (new_when, new_validate), order_only)
        if not options.detached:
            refuse_detached(dependencies, Who(new_name))
        return type(self)(
            name=new_name,
            body=self.wired,
            options=options,
            dependencies=dependencies,
            when=new_when,
            validate=new_validate,
            retry_until=self.retry_until if retry_until is UNSET else checked_predicate(retry_until, new_name),
            direct=self.direct,
        )

    def _valued(self) -> tuple[Task[object], ...]:
        calls = (self.wired, self.when, self.validate)
        taken = {each for call in calls if call is not None for each in call.sources()}
        return tuple(each for each in self.dependencies if each in taken)

    @property
    def body(self) -> Call:
        """The function, and where each of its arguments comes from."""
        return self.wired if isinstance(self.wired, Call) else self.wired.spelled_out()

    @property
    def attached(self) -> tuple[Task[object], ...]:
        """The detached tasks that depend on this one and join its flow without being named."""
        return () if self._attached is None else tuple(self._attached.values())

    def attach(self) -> None:
        """Make this detached task known to its dependencies, in place of an earlier definition of it."""
        key = self.definition
        for dependency in self.dependencies:
            attached = dependency._made_attached()  # noqa: SLF001 - of the same class
            earlier = attached.get(key)
            for other in () if earlier is None else earlier.dependencies:
                other._made_attached().pop(key, None)  # noqa: SLF001 - of the same class
            attached[key] = self

    def _made_attached(self) -> _Attached:
        """Give the one dict of attached tasks, made when it is first asked for, by whichever threads.

        An entry is taken out only when the dict is in place. So of two threads one finds the other's entry, or sees
        the dict in place when it looks again after making an entry of its own.
        """
        while (attached := self._attached) is None:
            made = _first_attached.setdefault(self, {})
            if self._attached is None:
                object.__setattr__(self, "_attached", made)
            _first_attached.pop(self, None)
        return attached

    @property
    def definition(self) -> tuple[str, str, str]:
        """Module, qualified name and name: what a redefinition has in common with what it replaces."""
        return (self.__module__, functions.qualified_name_of(self.wired.function), self.name)

    @property
    def where(self) -> str:
        """Where the function is written, `path/file.py:12`."""
        return functions.place_of(self.wired.function)

    @property
    def __name__(self) -> str:
        """The function's name."""
        return functions.name_of(self.wired.function)

    @override
    def __repr__(self) -> str:
        return f"<task {one_line(self.name)!r} at {one_line(self.where.rpartition('/')[2])}>"

    def __copy__(self) -> Self:
        """Give the task itself: it is its identity, as a function is."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Give the task itself: it is its identity, as a function is."""
        return self

    @override
    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        module, name = self.__module__, functions.qualified_name_of(self.wired.function)
        if name_leads_to(module, name, self):
            return import_by_name, (module, name)
        parts = (self.name, self.body, self.options, self.dependencies)
        return type(self), (*parts, self.when, self.validate, self.retry_until, self.direct)

    if not TYPE_CHECKING:  # a checker would take any attribute for granted

        def __getattr__(self, name: str) -> object:
            """Give what a class body can't define for instances alone: the class would have it too."""
            function = object.__getattribute__(self, "wired").function
            if name == "__qualname__":
                return functions.qualified_name_of(function)
            if name == "__wrapped__":
                return function
            if name == "__signature__" and self.direct == "bound":
                return inspect.Signature()
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)


if not TYPE_CHECKING:  # a checker knows the options by itself
    Task.with_options = knowing_its_options(Task.with_options, "with_options()")


@final
class SyncTask(Task[R_co], Generic[P, R_co]):
    """A task made from a plain function, and callable like it."""

    __slots__ = ()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function, outside any flow; every parameter that has a `Depends` must be given."""
        as_is = self.direct == "as is"
        value = self.wired.function(*args, **kwargs) if as_is else call_with_care(self, args, kwargs)
        # proof: `task` and `bind` tie P and R to this function where they make the SyncTask
        return cast("R_co", value)


@final
class AsyncTask(Task[R_co], Generic[P, R_co]):
    """A task made from an `async def` function, and callable like it: the call gives a coroutine."""

    __slots__ = ()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R_co]:
        """Call the function, outside any flow; every parameter that has a `Depends` must be given."""
        as_is = self.direct == "as is"
        value = self.wired.function(*args, **kwargs) if as_is else call_with_care(self, args, kwargs)
        # proof: `task` and `bind` tie P and R to this function where they make the AsyncTask
        return cast("Coroutine[Any, Any, R_co]", value)


class _OfFunction(str):
    """A class's own `__module__` or `__doc__`, which for an instance gives its function's.

    A `str`, because Python reads both from the class as plain strings.
    """

    __slots__ = ("_read",)
    _read: Callable[[Callable[..., object]], str | None]

    def __new__(cls, own: str, read: Callable[[Callable[..., object]], str | None]) -> Self:
        made = super().__new__(cls, own)
        made._read = read
        return made

    def __get__(self, step: Task[object] | None, kind: type[object]) -> str | None:
        return str(self) if step is None else self._read(step.wired.function)

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return str, (str(self),)  # classes pickle by the name of their module


for _kind in (Task, SyncTask, AsyncTask):
    _kind.__module__ = _OfFunction(_kind.__module__, functions.module_of)
    _kind.__doc__ = _OfFunction(_kind.__doc__ or "", functions.doc_of)


def value_of(step: object) -> FromTask:
    """Mark where the value of a task goes, or raise `NotATaskError`."""
    if not isinstance(step, Task):
        raise not_a_task(step, "Depends() was given")
    return FromTask(cast("Task[object]", step))  # proof: a Task, and every result is an object


def tasks_in(option: str, given: object, who: Who) -> tuple[Task[object], ...]:
    """Return the tasks given to `depends_on` or `after`, each once, or raise `NotATaskError` (FAULTS G3)."""
    if not isinstance(given, (list, tuple)):
        _check_sequence(option, given, who)
    members = cast("Sequence[object]", given)  # proof: it is a Sequence, and everything is an object
    for each in members:
        if not isinstance(each, Task):
            raise not_a_task(each, f"{who}: {option} has")
    once = dict.fromkeys(members) if len(members) > 1 else members
    return cast("tuple[Task[object], ...]", tuple(once))  # proof: the loop saw nothing but tasks


def _check_sequence(option: str, given: object, who: Who) -> None:
    if isinstance(given, Task):
        raise NotATaskError(
            f"{who}: {option} is a list of tasks, but it is the task {one_line(given.name)!r} itself; "
            f"write {option}=[{one_line(given.name)}]"
        )
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise NotATaskError(
            f"{who}: {option} is a list of tasks, but it is {functions.show_type(given)}; "
            f"write {option}=[...] with the tasks, or leave it out"
        )


def not_a_task(value: object, what: str) -> NotATaskError:
    """Word the error for something that stands where a task is needed; a coroutine is closed, for nobody awaits it."""
    if isinstance(value, FromTask):
        name = one_line(value.task.name)
        return NotATaskError(f"{what} Depends({name}), which is only for arguments; write {name} without Depends")
    if isinstance(value, str):
        name = one_line(value, length_max=80)
        return NotATaskError(f"{what} the string {name!r}, which is not a task; write the task itself, not its name")
    if inspect.iscoroutine(value):
        name = one_line(value.__name__, length_max=100)
        value.close()
        return NotATaskError(f"{what} what a call of {name!r} gives, a coroutine; give the task itself, don't call it")
    if callable(value):
        name, hidden = one_line(functions.name_of(value), length_max=100), _task_inside(value)
        if hidden is None:
            return NotATaskError(f"{what} {name!r}, which is not a task; decorate it with @task")
        return NotATaskError(
            f"{what} {name!r}, a function in which another decorator hides the task {one_line(hidden.name)!r}; "
            f"put @task on top, above that decorator"
        )
    return NotATaskError(
        f"{what} {functions.show_type(value)}, which is not a task; give a function decorated with @task, "
        f"and don't call it"
    )


def _task_inside(function: object) -> Task[object] | None:
    """Find the task that decorators were put around, as far as they say what they wrap."""
    seen: set[int] = set()
    while function is not None and id(function) not in seen:
        if isinstance(function, Task):
            return cast("Task[object]", function)  # proof: every result is an object
        seen.add(id(function))
        function = getattr(function, "__wrapped__", None)
    return None
