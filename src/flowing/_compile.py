"""Turn declared tasks into a graph and bodies. Pure; every mistake that only the whole flow shows surfaces here."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING

from flowing._bodies import Body, BoundCall, Input
from flowing._record import record
from flowing._task.declared import not_a_task
from flowing._task.functions import show_type
from flowing._text import one_line
from flowing.core.graph import Graph, Limits, Policy, dependents_of, start_order
from flowing.errors import ConfigError, DuplicateTaskError, NotATaskError
from flowing.task import Call, FromTask, NamedCall, Task

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence


@record(eq=False)
class Compiled:
    """A flow, ready to run: `bodies[n]` and `tasks[n]` belong to number `n` of the graph."""

    graph: Graph
    bodies: tuple[Body, ...]
    tasks: tuple[Task[object], ...]
    numbers: Mapping[Task[object], int]


def compile_flow(terminals: Sequence[object], limits: Limits, *, discover_detached: bool) -> Compiled:
    """Collect the tasks that the terminals need, with the detached ones they bring along, and number them.

    O(tasks + edges), no recursion.

    Raises:
        ConfigError: there is no terminal.
        NotATaskError: a terminal is not a task.
        DuplicateTaskError: two tasks have one name; says where both are defined.
    """
    ordered = _in_start_order(_collected(_checked(terminals), discover_detached=discover_detached))
    all_numbers = [*range(len(ordered))]  # a number stands in many places, as one int
    numbers = dict(zip(ordered, all_numbers, strict=True))
    dependencies = tuple([tuple([numbers[needed] for needed in each.dependencies]) for each in ordered])
    graph = Graph(
        names=tuple([each.name for each in ordered]),
        dependencies=dependencies,
        dependents=dependents_of(dependencies, all_numbers),
        policies=tuple([_policy(each) for each in ordered]),
        main=sum(not each.options.detached for each in ordered),
        limits=limits,
    )
    bodies = tuple([_body(each, needed, numbers) for each, needed in zip(ordered, dependencies, strict=True)])
    return Compiled(graph, bodies, ordered, numbers)


def _checked(terminals: Sequence[object]) -> list[Task[object]]:
    if not terminals:
        message = "Flow() has no task; name the last task of the graph: Flow(last)"
        raise ConfigError(message)
    for each in terminals:
        if not isinstance(each, Task):
            raise _no_terminal(each)
    return [each for each in terminals if isinstance(each, Task)]


def _no_terminal(value: object) -> NotATaskError:
    what = show_type(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        message = (
            f"Flow() was given {what}, which is not a task; write Flow(*tasks) for several, and give each "
            f"task itself, don't call it"
        )
        return NotATaskError(message)
    return not_a_task(value, "Flow() was given")


def _collected(roots: Sequence[Task[object]], *, discover_detached: bool) -> list[Task[object]]:
    """Give all tasks of the flow, in declared order."""
    found = _with_dependencies(roots)
    tasks = sorted(_with_attached(found) if discover_detached else found, key=attrgetter("number"))
    twins = _namesakes(tasks)
    if twins is not None:
        raise _duplicate(*twins, named=_with_dependencies(roots))
    return tasks


def _in_start_order(tasks: Sequence[Task[object]]) -> tuple[Task[object], ...]:
    """Sort tasks that are in declared order, where each comes after those that it depends on: it was made of them."""
    places = {each: place for place, each in enumerate(tasks)}
    dependencies = [tuple([places[needed] for needed in each.dependencies]) for each in tasks]
    detached = [each.options.detached for each in tasks]
    return tuple([tasks[place] for place in start_order(dependencies, detached, range(len(tasks)))])


def _with_dependencies(roots: Iterable[Task[object]]) -> dict[Task[object], None]:
    """Collect the roots and all that they need."""
    found = dict.fromkeys(roots)
    waiting = list(found)
    while waiting:
        for needed in waiting.pop().dependencies:
            if needed not in found:
                found[needed] = None
                waiting.append(needed)
    return found


def _with_attached(found: dict[Task[object], None]) -> dict[Task[object], None]:
    """Add the detached tasks whose dependencies are all there, and those that then have theirs (D6).

    One that is named takes the place of an attached one of the same name, a redefinition that of what it redefines.
    O(tasks + edges).
    """
    waiting = [each for each in found if each.attached]
    if not waiting:
        return found
    names = {each.name for each in found}
    missing: dict[Task[object], int] = {}
    newest: dict[tuple[str, str, str], Task[object]] = {}
    while waiting:
        for detached in waiting.pop().attached:
            if detached in found:
                continue
            missing[detached] = missing.get(detached, len(detached.dependencies)) - 1
            if missing[detached] or detached.name in names:
                continue
            earlier = newest.get(detached.definition)
            if earlier is None or earlier.number < detached.number:
                newest[detached.definition] = detached
                found[detached] = None
                waiting.append(detached)
    return _without_redefined(found, newest)


def _without_redefined(
    found: dict[Task[object], None], newest: Mapping[tuple[str, str, str], Task[object]]
) -> dict[Task[object], None]:
    """Leave out attached tasks that were defined again, and what hangs on them. O(tasks + edges)."""
    gone: set[Task[object]] = set()
    for each in sorted(found, key=lambda task: task.number) if newest else ():
        if newest.get(each.definition, each) is not each or not gone.isdisjoint(each.dependencies):
            gone.add(each)
    return {each: None for each in found if each not in gone} if gone else found


def _namesakes(tasks: Sequence[Task[object]]) -> tuple[Task[object], Task[object]] | None:
    """Find the first two tasks of one name."""
    first: dict[str, Task[object]] = {}
    for each in tasks:
        other = first.setdefault(each.name, each)
        if other is not each:
            return other, each
    return None


def _duplicate(one: Task[object], other: Task[object], *, named: Container[Task[object]]) -> DuplicateTaskError:
    places = [
        f"one defined at {one_line(each.where)}" + ("" if each in named else ", which joined it because it is detached")
        for each in (one, other)
    ]
    joined = one not in named or other not in named
    message = (
        f"two tasks of the flow are named {one_line(one.name)!r}: {places[0]}; {places[1]}; "
        f"give one of them another name, with name= or .with_options(name=...)"
        + (", or name what is to be in it, with Flow(..., discover_detached=False)" if joined else "")
    )
    return DuplicateTaskError(message)


_DEFAULT_POLICY = Policy()


def _policy(task: Task[object]) -> Policy:
    options = task.options
    if not options.retry:
        return _DEFAULT_POLICY
    return Policy(
        retries=options.retry,
        backoff_base_s=options.retry_backoff_base_ms / 1000,
        backoff_max_s=options.retry_max_backoff_ms / 1000,
        jitter=options.jitter,
    )


def _body(task: Task[object], dependencies: tuple[int, ...], numbers: Mapping[Task[object], int]) -> Body:
    """Replace tasks by the slots in which their values will come: what the body takes, then what only gates take."""
    wired, options = task.wired, task.options
    sources = wired.sources()
    call: NamedCall | BoundCall
    when = validate = None
    if isinstance(wired, NamedCall) and task.when is None and task.validate is None:
        call = wired
    else:
        sources += _for_gates_alone(task)
        slots = {source: slot for slot, source in enumerate(sources)}
        call = wired if isinstance(wired, NamedCall) else _bound(wired, slots)
        when = None if task.when is None else _bound(task.when, slots)
        validate = None if task.validate is None else _bound(task.validate, slots)
    return Body(
        task.name,
        call,
        dependencies if sources is task.dependencies else tuple([numbers[each] for each in sources]),
        when,
        validate,
        task.retry_until,
        options.retry_on,
        options.timeout_s,
        options.jitter,
    )


def _for_gates_alone(task: Task[object]) -> tuple[Task[object], ...]:
    taken = {*task.wired.sources()}
    sources = [each for gate in (task.when, task.validate) if gate is not None for each in gate.sources()]
    return tuple([each for each in dict.fromkeys(sources) if each not in taken])


def _bound(call: Call, slots: Mapping[Task[object], int]) -> BoundCall:
    return BoundCall(
        call.function,
        tuple([Input(slots[each.task]) if isinstance(each, FromTask) else each for each in call.positional]),
        tuple([(name, slots[each.task]) for name, each in call.keywords if isinstance(each, FromTask)]),
        tuple([(name, each) for name, each in call.keywords if not isinstance(each, FromTask)]),
    )
