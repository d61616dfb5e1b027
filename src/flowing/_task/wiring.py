"""Where each argument of a function comes from, settled once when a task is defined. Never calls the function."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Final, NamedTuple

from typing_extensions import override

from flowing._record import record
from flowing._task.functions import checked_async, misfit, parameters_of, qualified_name_of, show_call, show_type
from flowing._task.references import reduce_function
from flowing._text import one_line
from flowing.errors import ConfigError, DetachedDependencyError, SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flowing._task.declared import Task
    from flowing._task.functions import Parameters
    from flowing._task.named import NamedCall


@record
class FromTask:
    """The value of a task, as a place where an argument comes from. `Depends(step)` makes one."""

    task: Task[object]

    @override
    def __repr__(self) -> str:
        return f"Depends({one_line(self.task.name)})"


@record
class Call:
    """A function and where each of its arguments comes from; what isn't a `FromTask` is passed as it is."""

    function: Callable[..., object]
    positional: tuple[object, ...] = ()
    keywords: tuple[tuple[str, object], ...] = ()

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return Call, (reduce_function(self.function), self.positional, self.keywords)

    def sources(self) -> tuple[Task[object], ...]:
        """List the task of every argument that comes from one, in the order of the arguments."""
        sources = [each.task for each in self.positional if isinstance(each, FromTask)]
        sources += [each.task for _, each in self.keywords if isinstance(each, FromTask)]
        return tuple(sources)


_REQUIRED: Final = object()
_NAMES_SHOWN_MAX: Final = 5


class Who(NamedTuple):
    """Whose function a message is about: a task, and the option that gave the function if it isn't the body."""

    task: str
    option: str | None = None

    @override
    def __str__(self) -> str:
        task = f"task {one_line(self.task)!r}"
        return task if self.option is None else f"{self.option} of {task}"


class _Site(NamedTuple):
    """One function to be wired, and what is at hand for it."""

    function: Callable[..., object]
    parameters: Parameters
    by_name: dict[str, Task[object]]
    who: Who


def wire(
    function: Callable[..., object], parameters: Parameters | None, dependencies: Iterable[Task[object]], who: Who
) -> Call:
    """Fill every parameter from its `Depends`, the dependency of its name, or its own default (D11).

    A dependency that no parameter takes is left out: another function of the task may take it, see `refuse_untaken`.
    Raises `SignatureError` where a required parameter stays empty or has two sources.
    """
    by_name = _by_name(dependencies, who)
    if parameters is None:
        if by_name or who.option is not None:
            raise _unreadable(function, who)
        return Call(function)
    site = _Site(function, parameters, by_name, who)
    keywords = tuple(_named_arguments(site))
    call = Call(function, _positional_only_arguments(site) if parameters.positional_only else (), keywords)
    if parameters.takes_more_keywords:
        call = _with_remaining(call, by_name)
    if hasattr(function, "__wrapped__"):
        _refuse_uncallable(call, who)
    return call


def _by_name(dependencies: Iterable[Task[object]], who: Who) -> dict[str, Task[object]]:
    by_name: dict[str, Task[object]] = {}
    for each in dependencies:
        if by_name.setdefault(each.name, each) is not each:
            raise SignatureError(
                f"{who} depends on two tasks named {one_line(each.name)!r}, at {one_line(by_name[each.name].where)} "
                f"and at {one_line(each.where)}; give one of them another name with name= or with_options(name=...)"
            )
    return by_name


def _named_arguments(site: _Site) -> Iterator[tuple[str, object]]:
    parameters = site.parameters
    for name in parameters.positional + parameters.keyword_only:
        default = parameters.defaults.get(name, _REQUIRED)
        named = site.by_name.get(name)
        if isinstance(default, FromTask):
            if named is not None and named is not default.task:
                raise _two_sources(site, name, default.task)
            yield name, default
        elif named is not None:
            yield name, FromTask(named)
        elif default is _REQUIRED:
            raise _unfilled(site, name)


def _positional_only_arguments(site: _Site) -> tuple[object, ...]:
    """Give the arguments up to the last one that comes from a task; the rest keep their defaults."""
    values = [site.parameters.defaults.get(name, _REQUIRED) for name in site.parameters.positional_only]
    if _REQUIRED in values:
        raise _positional_only(site, site.parameters.positional_only[values.index(_REQUIRED)])
    return _to_last_source(values)


def _to_last_source(values: list[object]) -> tuple[object, ...]:
    while values and not isinstance(values[-1], FromTask):
        values.pop()
    return tuple(values)


def _with_remaining(call: Call, by_name: Mapping[str, Task[object]]) -> Call:
    """Hand the dependencies that no other parameter took to `**kwargs`."""
    taken = set(call.sources())
    remaining = tuple((name, FromTask(each)) for name, each in by_name.items() if each not in taken)
    return Call(call.function, call.positional, call.keywords + remaining) if remaining else call


def bind_arguments(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object], who: Who
) -> Call:
    """Check given arguments against the function, and add its parameters that default to a `Depends`."""
    parameters = parameters_of(function)
    if parameters is None:
        return Call(function, args, tuple(kwargs.items()))
    fault = misfit(parameters, args, kwargs)
    if fault is not None:
        raise SignatureError(
            f"{who}: the arguments given to bind() don't fit {show_call(function)}: {fault}; "
            f"give every required parameter a value or Depends(task)"
        )
    by_name = parameters.positional[max(0, len(args) - len(parameters.positional_only)) :] + parameters.keyword_only
    added = [
        (name, parameters.defaults[name])
        for name in by_name
        if name not in kwargs and isinstance(parameters.defaults.get(name), FromTask)
    ]
    further = [parameters.defaults[name] for name in parameters.positional_only[len(args) :]]
    call = Call(function, args + _to_last_source(further), (*kwargs.items(), *added))
    if hasattr(function, "__wrapped__"):
        _refuse_uncallable(call, who)
    return call


def wire_gate(option: str, gate: object, dependencies: Iterable[Task[object]], task: str) -> Call | None:
    """Wire a gate by the same rule as a body; it need not take every dependency (D10)."""
    if gate is None:
        return None
    who = Who(task, option)
    function = _option_function(gate, who)
    return wire(function, parameters_of(function), dependencies, who)


def checked_predicate(predicate: object, task: str) -> Callable[..., object] | None:
    """Return `retry_until` if it can be called with a result and nothing else, else raise `SignatureError`."""
    if predicate is None:
        return None
    who = Who(task, "retry_until")
    function = _option_function(predicate, who)
    parameters = parameters_of(function)
    if parameters is not None and misfit(parameters, (None,), ()) is not None:
        raise SignatureError(
            f"{who} must take the result as its one argument, but it is {show_call(function)}; "
            f"give it exactly one required parameter"
        )
    return function


def _option_function(given: object, who: Who) -> Callable[..., object]:
    if not callable(given):
        raise ConfigError(f"{who} is {show_type(given)}; give it a function, or None")
    checked_async(given, who)
    return given


def all_dependencies(
    valued: Iterable[Task[object]], calls: Iterable[NamedCall | Call | None], order_only: Iterable[Task[object]]
) -> tuple[Task[object], ...]:
    """Join everything a task depends on, each once, in the order in which it was written."""
    ordered = dict.fromkeys(valued)
    for call in calls:
        if call is not None:
            for each in call.sources():
                ordered[each] = None
    for each in order_only:
        ordered[each] = None
    return tuple(ordered)


def refuse_detached(dependencies: Iterable[Task[object]], who: Who) -> None:
    """Raise `DetachedDependencyError` where a task of the main graph would wait for a detached one (D6)."""
    for each in dependencies:
        if each.options.detached:
            raise DetachedDependencyError(
                f"{who} depends on {one_line(each.name)!r}, which is detached: its outcome may not matter to the main "
                f"graph; make {one_line(who.task)!r} detached=True too, or {one_line(each.name)!r} detached=False"
            )


def refuse_untaken(
    dependencies: Iterable[Task[object]], body: NamedCall | Call, gates: Iterable[Call | None], who: Who
) -> None:
    """Raise `SignatureError` for a dependency whose value no function of the task takes."""
    taken = {each for call in (body, *gates) if call is not None for each in call.sources()}
    for each in dependencies:
        if each not in taken:
            raise _untaken(body.function, each, who)


def _refuse_uncallable(call: Call, who: Who) -> None:
    """Check that a decorator's wrapper takes what the signature of the function inside it promises."""
    parameters = parameters_of(call.function, follow_wrapped=False)
    fault = None if parameters is None else misfit(parameters, call.positional, dict(call.keywords))
    if fault is not None:
        raise SignatureError(
            f"{who}: the decorator around {show_call(call.function)} makes a function that can't be called like it: "
            f"{fault}; let the wrapper take *args and **kwargs"
        )


# ── the wording of what does not fit: both ends, the signature, the way out ──────────────────────


def _unfilled(site: _Site, parameter: str) -> SignatureError:
    if parameter in {"self", "cls"} and _is_in_class(site.function):
        name = qualified_name_of(site.function)
        return SignatureError(
            f"{site.who} needs a value for {parameter!r}, for {one_line(name)!r} is a method; "
            f"make the task of an object's: task(object.{one_line(name.rpartition('.')[2])}, ...)"
        )
    named = ", ".join(repr(one_line(each, length_max=80)) for each in list(site.by_name)[:_NAMES_SHOWN_MAX])
    have = f"the dependencies are {named}" if named else "there is no dependency to take by name"
    return SignatureError(
        f"{site.who} needs a value for {parameter!r}, but nothing fills that parameter of {show_call(site.function)}: "
        f"{have}; add the task that makes it to depends_on=[...], write {parameter}=Depends(task), rename the "
        f"parameter, or give it a default"
    )


def _is_in_class(function: Callable[..., object]) -> bool:
    """Tell whether a function was written in the body of a class."""
    *_, around, _ = ("<locals>", *qualified_name_of(function).split("."))
    return around != "<locals>"


def _untaken(function: Callable[..., object], dependency: Task[object], who: Who) -> SignatureError:
    name = one_line(dependency.name)
    if dependency.name.isidentifier() and not iskeyword(dependency.name):
        way_out = f"rename the parameter, write x=Depends({name}), pass name= to the dependency"
    else:
        way_out = (
            "that name can't be a parameter, so write x=Depends(task), take **kwargs, pass name= to the dependency"
        )
    return SignatureError(
        f"{who} needs {name!r}, but its function {show_call(function)} has no parameter of that name; {way_out}, or "
        f"use after=[...] if only the order matters"
    )


def _positional_only(site: _Site, parameter: str) -> SignatureError:
    return SignatureError(
        f"{site.who}: the parameter {parameter!r} of {show_call(site.function)} is positional-only, so no dependency "
        f"can fill it by name; remove the `/`, or write {parameter}=Depends(task)"
    )


def _two_sources(site: _Site, parameter: str, default: Task[object]) -> SignatureError:
    return SignatureError(
        f"{site.who}: the parameter {parameter!r} of {show_call(site.function)} has two sources, the dependency of "
        f"that name and Depends({one_line(default.name)}); rename the parameter, or leave one of the two out"
    )


def _unreadable(function: Callable[..., object], who: Who) -> SignatureError:
    return SignatureError(
        f"{who}: Python can't tell the parameters of {show_call(function)}, so no dependency can be taken by name; "
        f"wrap it in a def that has the parameters, or use bind(function, Depends(task))"
    )
