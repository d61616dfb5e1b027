"""From what was given to `task` or `bind` to a task, by way of every check, before anything runs (FAULTS G)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from flowing._record import record
from flowing._task.declared import AsyncTask, SyncTask, Task, tasks_in
from flowing._task.functions import checked_async, name_of, parameters_of, place_of, show_call, show_type
from flowing._task.named import NamedCall, shortened, wire_by_default, wire_by_name
from flowing._task.options import DEFAULTS, Options, checked, checked_name, refuse_executor
from flowing._task.wiring import (
    FromTask,
    Who,
    all_dependencies,
    bind_arguments,
    checked_predicate,
    refuse_detached,
    refuse_untaken,
    wire,
    wire_gate,
)
from flowing._text import one_line
from flowing.errors import ConfigError, SignatureError, UnsupportedFunctionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flowing._task.declared import Direct
    from flowing._task.wiring import Call

# proof: both are tasks, and every result is an object
_KINDS: Final = cast("tuple[type[Task[object]], type[Task[object]]]", (SyncTask, AsyncTask))
_NO_NAME: Final = (lambda: None).__name__
_SEARCHED_MAX: Final = 100  # members of a container given to bind(): a mistake shows among the first, data can be long


@record(eq=False)
class Definition:
    """Everything `task(...)` was given but the function; called with the function it makes the task."""

    depends_on: object
    after: object
    name: object
    when: object
    validate: object
    retry_until: object
    options: Options

    def __call__(self, function: object, /) -> Task[object]:
        """Make the task, or raise the `FlowingError` that says what is wrong with it."""
        return define(
            function,
            self.depends_on,
            self.after,
            self.name,
            self.when,
            self.validate,
            self.retry_until,
            self.options,
        )


def define(  # noqa: PLR0917 - a Definition to hold them costs half a microsecond a task
    given: object,
    depends_on: object,
    after: object,
    name: object,
    when: object,
    validate: object,
    retry_until: object,
    options: Options,
) -> Task[object]:
    """Check and wire what was given, and attach the task to its dependencies if it is detached."""
    function = _body(given)
    who = Who(_name(function, name))
    is_async = checked_async(function, who)
    wanted = tasks_in("depends_on", depends_on, who)
    order_only = tasks_in("after", after, who)
    options = checked(options, task=who.task)
    if is_async:
        refuse_executor(options, task=who.task)
    body, direct = _wired_body(function, wanted, who)
    sources = body.sources()
    valued = wanted if sources is wanted else _joined(wanted, body)
    when_call = wire_gate("when", when, valued, who.task)
    validate_call = wire_gate("validate", validate, valued, who.task)
    if wanted and sources is not wanted:
        refuse_untaken(wanted, body, (when_call, validate_call), who)
    dependencies = valued
    if when_call is not None or validate_call is not None or order_only:
        dependencies = all_dependencies(valued, (when_call, validate_call), order_only)
    if not options.detached:
        refuse_detached(dependencies, who)
    predicate = checked_predicate(retry_until, who.task)
    made = _KINDS[is_async](who.task, body, options, dependencies, when_call, validate_call, predicate, direct)
    if options.detached:
        made.attach()
    return made


def _joined(wanted: tuple[Task[object], ...], body: NamedCall | Call) -> tuple[Task[object], ...]:
    """Give the dependencies with a value; where they are what the body takes, the same tuple, to keep only one."""
    valued, sources = all_dependencies(wanted, (body,), ()), body.sources()
    return sources if sources == valued else valued


def _wired_body(
    function: Callable[..., object], depends_on: tuple[Task[object], ...], who: Who
) -> tuple[NamedCall | Call, Direct]:
    """Wire the function of a task, and say what a call of the task must see to."""
    usual = wire_by_name(function, depends_on)
    if usual is not None:
        return usual, "as is"
    usual = None if depends_on else wire_by_default(function)
    if usual is not None:
        return usual, "checked"
    parameters = parameters_of(function)
    defaults = {} if parameters is None else parameters.defaults
    if defaults:
        _refuse_bare_tasks(function, defaults.items(), who)
    body = shortened(wire(function, parameters, depends_on, who))
    return body, "checked" if any(isinstance(default, FromTask) for default in defaults.values()) else "as is"


def define_bound(function: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Task[object]:
    """Make the task that calls the function with these arguments. It never attaches itself (D6)."""
    body = _body(function)
    who = Who(checked_name(name_of(body), body))
    kind = _KINDS[checked_async(body, who)]
    arguments = [(str(position), value) for position, value in enumerate(args, start=1)]
    _refuse_bare_tasks(body, [*arguments, *kwargs.items()], who)
    call = shortened(bind_arguments(body, args, kwargs, who))
    dependencies = _joined((), call)
    refuse_detached(dependencies, who)
    return kind(who.task, call, DEFAULTS, dependencies, direct="bound")


def _body(function: object) -> Callable[..., object]:
    if isinstance(function, Task):
        name = one_line(function.name)
        raise UnsupportedFunctionError(
            f"{name!r} is a task already; give the function inside it, or change options with {name}.with_options(...)"
        )
    if not callable(function):
        raise UnsupportedFunctionError(f"a task is made from a function, not from {show_type(function)}; give it one")
    return function


def _name(function: Callable[..., object], given: object) -> str:
    name = name_of(function) if given is None else given
    if given is None and name == _NO_NAME:
        raise ConfigError(
            f"the lambda at {one_line(place_of(function))} has no name for its task; pass name=, or write a def"
        )
    return checked_name(name, function)


def _refuse_bare_tasks(function: Callable[..., object], arguments: Iterable[tuple[str, object]], who: Who) -> None:
    """Raise `SignatureError` for a task where its value is meant, and for either inside a container."""
    for place, value in arguments:
        if isinstance(value, FromTask):
            continue
        if isinstance(value, Task):
            name = one_line(value.name)
            raise SignatureError(
                f"{who}: argument {place} of {show_call(function)} is the task {name!r} itself, not its value; "
                f"write Depends({name})"
            )
        shown = next(filter(None, map(_task_in_words, islice(_members(value), _SEARCHED_MAX))), None)
        if shown is not None:
            raise SignatureError(
                f"{who}: argument {place} of {show_call(function)} has {shown} inside {show_type(value)}, where no "
                f"flow fills it; give it a parameter of its own, or gather many: in *args with bind(function, "
                f"*[Depends(each) for each in tasks]), in **kwargs with depends_on=tasks"
            )


def _task_in_words(member: object) -> str | None:
    if isinstance(member, FromTask):
        return repr(member)
    return f"the task {one_line(member.name)!r}" if isinstance(member, Task) else None


def _members(value: object) -> Iterable[object]:
    match value:
        case dict():
            return cast("dict[object, object]", value).values()  # proof: a dict, and everything is an object
        case list() | tuple() | set() | frozenset():
            return cast("Iterable[object]", value)  # proof: all four iterate, and everything is an object
        case _:
            return ()
