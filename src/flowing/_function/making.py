"""From a flow to a plain function: each call runs a flow of its own. Knows no framework, and leaves no state behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar, cast

from attrs import evolve, field

from flowing._function.signature import Said, said
from flowing._function.stub import fit_to_stub, is_async
from flowing._record import record
from flowing._text import one_line
from flowing.errors import ConfigError, FlowFailed, FlowingError, InputError, TaskFailed
from flowing.task import Param, Task

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from flowing._compile import Compiled
    from flowing.checkpoint import Store
    from flowing.results import Results

    Stores: TypeAlias = Callable[[], str | os.PathLike[str] | Store]
    OnError: TypeAlias = Callable[[FlowingError], object]


T = TypeVar("T")
_NAMES_SHOWN: Final = 10


class Run(Protocol):
    """A flow that has not run, as far as a function needs it."""

    def resume(self, /, **inputs: Any) -> Results:  # noqa: ANN401 - as `Flow.resume`, whose options stand beside inputs
        """Run it."""
        ...

    def resume_async(self, /, **inputs: Any) -> Coroutine[Any, Any, Results]:  # noqa: ANN401 - as above
        """Run it in the caller's loop."""
        ...

    def close(self) -> None:
        """Let go of its checkpoint."""
        ...


@record
class Wanted:
    """What a user asks of the function."""

    name: str | None = None
    description: str | None = None
    returns: Task[object] | None = None
    result: Callable[[Any], object] | None = None
    on_error: OnError | None = None
    checkpoint: Stores | None = None


@record(eq=False)
class Template:
    """What a function knows of its flow: `another` makes one that has not run."""

    compiled: Compiled
    params: Mapping[str, Param[Any]]
    another: Callable[[str | os.PathLike[str] | Store | None], Run]
    has_checkpoint: bool = field(kw_only=True)


def plain_function(template: Template, wanted: Wanted) -> Callable[..., Any]:
    """Make a function that runs the flow.

    Raises:
        ConfigError: the flow, or what is wanted, is none that a function can be made of; says why, and the way out.
    """
    return _sync(_calls(template, wanted))


def async_function(template: Template, wanted: Wanted) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Make an `async def` function that runs the flow; raises as `plain_function` does."""
    return _async(_calls(template, wanted))


def function_like(stub: Callable[..., object], template: Template, wanted: Wanted) -> Callable[..., Any]:
    """Make a function with the signature of a stub, plain or `async def` as that is.

    Raises:
        SignatureError: the stub says something else than the flow.
    """
    calls = _calls(template, evolve(wanted, name=stub.__name__, description=stub.__doc__ or wanted.description))
    calls = evolve(calls, said=fit_to_stub(stub, calls.said))
    return _async(calls) if is_async(stub) else _sync(calls)


@record(kw_only=True, eq=False)
class _Calls:
    """What every call of one function does."""

    said: Said
    source: Task[object]
    template: Template
    wanted: Wanted

    def inputs(self, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, object]:
        """Name what the function was called with; the flow looks at the rest."""
        names = list(self.said.signature.parameters)
        if len(args) > len(names):
            message = f"{self.said.name}() takes {len(names)} arguments, but was given {len(args)}"
            raise InputError(message)
        inputs = dict(zip(names, args, strict=False))
        twice = sorted(inputs.keys() & kwargs.keys())
        if twice:
            message = (
                f"{self.said.name}() was given two values for {twice[0]!r}, by position and by name; leave one out"
            )
            raise InputError(message, parameters=twice)
        return {**inputs, **kwargs}

    def run(self) -> Run:
        """Make the flow that one call runs."""
        stores = self.wanted.checkpoint
        return self.template.another(None if stores is None else stores())

    def given(self, results: Results) -> object:
        """Give what the call gives, or raise for a task that failed."""
        failed = _first_failure(results)
        if failed is not None:
            raise failed
        value = results[self.source].value
        return value if self.wanted.result is None else self.wanted.result(value)

    def instead(self, error: FlowingError) -> object:
        """Give what the call gives when it failed, if that is for the user to say."""
        if self.wanted.on_error is None:
            raise error
        return self.wanted.on_error(error)


def _first_failure(results: Results) -> TaskFailed | None:
    """Give the first root cause; the others are named in its notes."""
    try:
        results.raise_on_failure()
    except FlowFailed as group:
        first, *others = cast("tuple[TaskFailed, ...]", group.exceptions)  # proof: `raise_on_failure` makes no others
        for each in others:
            first.add_note(str(each))
        return first
    return None


def _sync(calls: _Calls) -> Callable[..., Any]:
    def call(*args: object, **kwargs: object) -> object:
        try:
            inputs = calls.inputs(args, kwargs)
            run = calls.run()
            try:
                results = run.resume(**inputs)
            finally:
                run.close()
            return calls.given(results)
        except FlowingError as error:
            return calls.instead(error)

    calls.said.write_on(call)
    return call


def _async(calls: _Calls) -> Callable[..., Coroutine[Any, Any, Any]]:
    from asyncio import to_thread  # noqa: PLC0415 - takes as long to load as flowing itself

    aside = _called_here if calls.wanted.checkpoint is None else to_thread  # a store may take its time

    async def call(*args: object, **kwargs: object) -> object:
        try:
            inputs = calls.inputs(args, kwargs)
            run = await aside(calls.run)
            try:
                results = await run.resume_async(**inputs)
            finally:
                await aside(run.close)
            return calls.given(results)
        except FlowingError as error:
            return calls.instead(error)

    calls.said.write_on(call)
    return call


async def _called_here(function: Callable[[], T]) -> T:
    return function()


def _calls(template: Template, wanted: Wanted) -> _Calls:
    if template.has_checkpoint and wanted.checkpoint is None:
        message = (
            "the flow has a checkpoint, which only one call at a time could hold; give each call a store of its own, "
            "checkpoint=lambda: ..., or make the function of a flow without a checkpoint"
        )
        raise ConfigError(message)
    for option in ("result", "on_error", "checkpoint"):
        if not (getattr(wanted, option) is None or callable(getattr(wanted, option))):
            raise ConfigError(f"{option}= of a flow's function must be a function, or None")
    source = _source(template.compiled, wanted.returns)
    return _Calls(
        said=said(
            source,
            tuple(template.params.values()),
            name=wanted.name,
            description=wanted.description,
            result=wanted.result,
        ),
        source=source,
        template=template,
        wanted=wanted,
    )


def _source(compiled: Compiled, returns: object) -> Task[object]:
    """Find the task whose value the function gives: the only one that nothing of the main graph depends on."""
    graph, tasks = compiled.graph, compiled.tasks
    if returns is None:
        main = range(graph.main)
        last = [n for n in main if all(each >= graph.main for each in graph.dependents[n])]
        ends = [tasks[n] for n in last if not isinstance(tasks[n], Param)]
        if len(ends) == 1:
            return ends[0]
        names = ", ".join([repr(one_line(each.name)) for each in ends[:_NAMES_SHOWN]]) or "nothing but parameters"
        message = (
            f"the flow ends in {len(ends)} tasks ({names}), and a function gives one value; say which: returns=task"
        )
        raise ConfigError(message)
    if not isinstance(returns, Task) or returns not in compiled.numbers:
        shown = repr(one_line(returns.name)) if isinstance(returns, Task) else "no task"
        message = f"returns= is {shown}, which the flow does not have; give it one of the flow's tasks"
        raise ConfigError(message)
    return cast("Task[object]", returns)  # proof: a Task, and every result is an object
