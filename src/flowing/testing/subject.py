"""What is simulated: a graph, what to call for its tasks, and the state that a run begins in. Runs nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from zlib import crc32

from attrs import evolve, field

from flowing._bodies import Body, BoundCall, Input
from flowing._record import record
from flowing._text import one_line, type_name
from flowing.core.events import ResultProvided
from flowing.core.state import Idle, State, initial
from flowing.core.transition import transition
from flowing.errors import ConfigError
from flowing.flow import Flow
from flowing.task import Param, Task
from flowing.testing.faults import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowing.core.graph import Graph
    from flowing.testing.faults import Who

Bodies: TypeAlias = Literal["real", "stub"]
Replacements: TypeAlias = "Mapping[Who, object]"


@record(eq=False)
class Subject:
    """What one simulation after the other runs.

    `expected[n]` gives the value of task n from its inputs, where that is known. `defaults` are the parameters that
    nobody gave a value, by number.
    """

    start: State
    bodies: tuple[Body, ...] = field(repr=False)
    expected: tuple[Callable[..., object] | None, ...] = field(repr=False)
    numbers: Mapping[Task[object], int] = field(repr=False, factory=dict["Task[object]", int])
    grace_s: float = 10.0
    keep_frames: bool = False
    defaults: tuple[tuple[int, Param[object]], ...] = ()

    def fresh_start(self) -> State:
        """Give the state that one run begins in, with defaults that it shares with no other one."""
        values = {task: parameter.fresh_default() for task, parameter in self.defaults}
        return _provided(self.start, values) if values else self.start

    @property
    def is_stored(self) -> bool:
        """Whether results count only when a store has them."""
        return any(body.keep is not None for body in self.bodies)

    @property
    def graph(self) -> Graph:
        """Give the graph."""
        return self.start.graph


def subject_of(flow: Flow, bodies: Bodies, replace: Replacements) -> Subject:
    """Read a flow, which stays as it is; overrides made before its first run count.

    Raises:
        ConfigError: `bodies` is neither "real" nor "stub", or what is to be simulated is no flow.
        UnknownTaskError: `replace` names a task that is not in the flow.
        InputError: as `run()`, of a parameter that `replace` gives no value, or one of another type.
    """
    _refuse_what_is_no_flow(flow)
    if bodies not in ("real", "stub"):
        message = (
            f'bodies={bodies!r}: say bodies="real" to run what the tasks do, or bodies="stub" to run nothing of it'
        )
        raise ConfigError(message)
    compiled, settings = flow._compiled, flow._runs.settings  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - looks on, changes nothing
    hold = flow._runs.hold  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above; what a checkpoint keeps is kept in memory
    originals = compiled.bodies if hold is None else hold.bodies
    called = list(originals if bodies == "real" else map(stubbed, originals))
    expected: list[Callable[..., object] | None] = [
        None if bodies == "real" else partial(stub_value, body.name) for body in called
    ]
    inputs: dict[str, object] = {}
    for who, what in replace.items():
        task = number_of(who.name if isinstance(who, Task) else who, compiled.graph, what="replace=")
        if isinstance(compiled.tasks[task], Param):
            inputs[compiled.tasks[task].name] = what
        else:
            called[task], expected[task] = _replaced(called[task], originals[task], what)
    start, defaults = _begun(flow, inputs, is_real=bodies == "real")
    return Subject(
        start,
        tuple(called),
        tuple(expected),
        compiled.numbers,
        settings.grace_s,
        settings.keep_frames,
        defaults,
    )


def _begun(
    flow: Flow, inputs: Mapping[str, object], *, is_real: bool
) -> tuple[State, tuple[tuple[int, Param[object]], ...]]:
    """Give the state with these inputs, and the parameters that are to have their defaults: not in place of stubs."""
    state, known = flow._state, flow._inputs  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - looks on, changes nothing
    start = state if isinstance(state.phase, Idle) else initial(state.graph)
    known.check(inputs, "replace=")
    numbers = start.graph.numbers
    given = {numbers[name]: value for name, value in inputs.items()}
    if not is_real:
        return _provided(start, given), ()
    lacking = known.to_begin(start, inputs).keys() - given.keys()
    defaults = [(numbers[name], each) for name, each in known.params.items() if numbers[name] in lacking]
    return _provided(start, given), tuple(defaults)


def _refuse_what_is_no_flow(found: object) -> None:
    if isinstance(found, Flow):
        return
    if isinstance(found, Task):
        name = one_line(found.name)
        message = f"task {name!r} is no flow, and only flows are simulated; make one that has it: Flow({name})"
        raise ConfigError(message)
    message = f"only a Flow can be simulated, and a value of type {type_name(found)} is none; give the flow itself"
    raise ConfigError(message)


def _provided(start: State, values: Mapping[int, object]) -> State:
    """Give parameters their values, as `run()` does."""
    start = evolve(start, table=start.table.copy())  # somebody holds the version that these supersede
    for task, value in values.items():
        start = transition(start, ResultProvided(task, value))
    return start


def subject_of_graph(graph: Graph, *, timeouts_s: Sequence[float | None] = (), is_stored: bool = False) -> Subject:
    """Take a graph without a flow; its tasks have stubs for bodies."""
    keep = _same if is_stored else None
    timeouts_s = timeouts_s or [None] * graph.size
    bodies = tuple(
        stubbed(Body(name, _NOTHING, needed, timeout_s=timeout_s, jitter=policy.jitter, keep=keep))
        for name, needed, timeout_s, policy in zip(
            graph.names, graph.dependencies, timeouts_s, graph.policies, strict=True
        )
    )
    return Subject(initial(graph), bodies, tuple(partial(stub_value, name) for name in graph.names))


_NOTHING: Final = BoundCall(object)


def stubbed(body: Body) -> Body:
    """Put a stub in the place of all that a user wrote: it is given what the body is given."""
    call = BoundCall(partial(stub_value, body.name), tuple(Input(slot) for slot in range(len(body.inputs))))
    keep = None if body.keep is None else _same
    return evolve(body, call=call, when=None, validate=None, retry_until=None, keep=keep)


_LENGTH_MAX: Final = 60


def stub_value(name: str, *inputs: object) -> str:
    """Make a value that says what it was made of: the same on every machine, and never long."""
    parts = ",".join([each if isinstance(each, str) else type(each).__name__ for each in inputs])
    if len(parts) > _LENGTH_MAX:
        parts = f"{crc32(parts.encode('utf-8', 'surrogatepass')):08x}"
    return f"{name}({parts})" if inputs else name


def _replaced(body: Body, original: Body, what: object) -> tuple[Body, Callable[..., object] | None]:
    """Call `what` as the body would be called, or give it as the value if it can't be called."""
    if callable(what):
        return evolve(body, call=evolve(original.call, function=what)), None
    call = BoundCall(partial(_constant, what))
    return evolve(body, call=call), partial(_constant, what)


def _same(value: object) -> object:
    return value


def _constant(value: object, *_inputs: object) -> object:
    return value
