"""What a flow did, event by event: recorded, written to a file, read back, and played again.

Joins a flow to its recordings. Runs no task, and nothing that a file of events says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self, TypeAlias, final

from attrs import evolve

from flowing._events.facts import NOT_RECORDED, Forgotten, NotRecorded, Recorded, events_behind, without_values
from flowing._events.log import EventLog, read, write
from flowing._events.replaying import replayed, until
from flowing._rows import results_of
from flowing.core.graph import Graph
from flowing.core.state import Closed, Idle
from flowing.errors import ConfigError, EventLogError, FlowRunningError
from flowing.flow import flow_given
from flowing.shell.observers import EventsLost, Observation

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flowing.checkpoint import Codec, TaskCodec
    from flowing.core.events import Event
    from flowing.core.state import State
    from flowing.flow import Flow
    from flowing.results import Results
    from flowing.task import Task

__all__ = [
    "NOT_RECORDED",
    "EventLog",
    "Events",
    "Forgotten",
    "NotRecorded",
    "Recorded",
    "Recording",
    "read_events",
    "record",
    "replay",
]

Events: TypeAlias = "EventLog | Recording | Iterable[Recorded | Observation]"


@final
class Recording:
    """Every event of a flow from one moment on, until it is closed. `events` may be read at any time."""

    def __init__(self, flow: Flow, codecs: Mapping[int, TaskCodec]) -> None:
        compiled, observers, state = flow._compiled, flow._observers, flow._state  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - looks on, changes nothing
        if not isinstance(state.phase, Idle | Closed):
            message = "record(): the flow is running; begin to record before run() or resume(), or wait for its end"
            raise FlowRunningError(message)
        self.graph: Final[Graph] = compiled.graph
        self._codecs = codecs
        self._events: list[Recorded] = []
        if state.phase != Idle():
            self.goes_on_from(state)
        self._stop: Callable[[], None] = observers.add_recorder(self)

    @property
    def events(self) -> tuple[Recorded, ...]:
        """The events so far, in the order in which they counted. O(n)."""
        return tuple(self._events)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the events so far to a file, whole or not at all, as JSON Lines; one that is there is replaced.

        It is made readable for its owner alone: it has the messages and tracebacks of errors.

        Raises:
            OSError: the system refuses.
            SerializationError: the codec can't store a value.
        """
        write(path, EventLog(self.graph, self.events), self._codecs)

    def close(self) -> None:
        """Record nothing that happens from now on; what was recorded stays."""
        self._stop()

    def __enter__(self) -> Self:
        """Go on recording."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def keep(self, event: Event) -> None:
        """Keep an event, without its values unless a codec asks for them. For the flow to call."""
        self._events.append(event if self._codecs else without_values(event))

    def goes_on_from(self, state: State) -> None:
        """Keep what the flow goes on from, where that is not what the last event left. For the flow to call."""
        for event in events_behind(state):
            self._events.append(event if self._codecs or isinstance(event, Forgotten) else without_values(event))


def record(flow: Flow, *, codec: Codec | None = None) -> Recording:
    """Keep every event of the flow, from now on until the recording is closed.

    `with record(flow) as recording: flow.run()` closes it at the end of the block. Costs about a microsecond an event,
    and nothing is lost, however many there are. Without a codec no value is kept: in its place stands `NOT_RECORDED`.
    With one, values are held as long as the recording, and `write` stores them as a checkpoint would.

    Args:
        flow: A flow that is not running; what it did before is recorded as what is known of it now.
        codec: Writes the values of tasks, by their return annotations: `JsonCodec()`.

    Raises:
        FlowRunningError: the flow is running.
        SerializationError: the codec can't store the results of a task; `persist=False` leaves them out.
        ConfigError: it is no flow.
    """
    flow = flow_given(flow, "record()")
    return Recording(flow, _codecs(flow, codec))


def read_events(path: str | os.PathLike[str], *, flow: Flow | None = None, codec: Codec | None = None) -> EventLog:
    """Read a file that `Recording.write` made. Nothing in it is run, and errors come back as `RestoredError`.

    Args:
        path: The file. It is read into memory.
        flow: The flow that was recorded, whose return annotations say how values are read.
        codec: The codec that wrote the values; without it they are `NOT_RECORDED`.

    Raises:
        OSError: the system refuses.
        EventLogError: the file is damaged, of another version, or of another flow than `flow`.
        ResultUnreadable: a value does not fit the type that its task has in `flow`.
        ConfigError: only one of `flow` and `codec` is given, or it is no flow.
    """
    if (flow is None) is not (codec is None):
        message = "read_events() needs both flow= and codec= to read values, or neither to leave them out"
        raise ConfigError(message)
    if flow is not None:
        flow = flow_given(flow, "read_events()")
    log = read(path, {} if flow is None else _codecs(flow, codec))
    if flow is not None:
        _refuse_another(flow._compiled.graph, log.graph)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above
    return log


def replay(of: Flow | Graph, events: Events, *, at: int | None = None, at_s: float | None = None) -> Results:
    """Give the results as they were at a moment of a recorded run. Runs no task. O(tasks + events).

    Args:
        of: The flow that the events are of, or its graph (`log.graph`), whose tasks are then looked up by name.
        events: A `Recording`, what `read_events` gives, or all the events (or observations) of a run in order.
        at: Stop after so many events. Default: play all of them.
        at_s: Stop so many seconds after the first run began.

    Raises:
        EventLogError: an event can't have followed those before it, some are missing, or they are of another flow.
        ConfigError: both `at` and `at_s` are given, or `at` is negative; or `of` is neither a flow nor a graph.
    """
    graph, numbers = _parts_of(of)
    if at is not None and (at_s is not None or at < 0):
        message = f"replay() has at={at} and at_s={at_s}; give a number of events, 0 or more, or seconds, or neither"
        raise ConfigError(message)
    played = _listed(graph, events)
    if at is not None:
        played = played[:at]
    elif at_s is not None:
        played = until(played, at_s=at_s)
    return results_of(replayed(graph, played), numbers)


def _parts_of(of: Flow | Graph) -> tuple[Graph, Mapping[Task[object], int]]:
    if isinstance(of, Graph):
        return of, {}
    compiled = flow_given(of, "replay()")._compiled  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above
    return compiled.graph, compiled.numbers


def _listed(graph: Graph, events: Events) -> Sequence[Recorded]:
    """List the events; each must be about a task of the graph."""
    if isinstance(events, EventLog | Recording):
        _refuse_another(graph, events.graph)
        return events.events
    return [_event_of(each) for each in events]


def _event_of(each: Recorded | Observation) -> Recorded:
    event = each.event if isinstance(each, Observation) else each
    if isinstance(event, EventsLost):
        message = f"{event.count} events are missing, for the listener was too slow; use record(flow), which loses none"
        raise EventLogError(message)
    return event


def _refuse_another(graph: Graph, recorded: Graph) -> None:
    if evolve(graph, limits=recorded.limits) != recorded:
        message = (
            "the events are of another flow: its tasks, or what they depend on, differ; "
            "replay them on their own graph, `log.graph`"
        )
        raise EventLogError(message)


def _codecs(flow: Flow, codec: Codec | None) -> Mapping[int, TaskCodec]:
    if codec is None:
        return {}
    from flowing._durable.declaring import declared  # noqa: PLC0415 - loads cattrs

    return declared(flow._compiled, codec).codecs  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as above
