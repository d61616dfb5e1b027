"""A file of events: JSON Lines. First a head, then a line for each task, then one for each event. Runs nothing of it.

The file is its owner's alone, as a checkpoint is: it has the messages of errors, and values where a codec was given.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Never, cast

from attrs import evolve

from flowing._events.wire import Misfit, Plain, Wire
from flowing._record import record
from flowing._text import one_line
from flowing.core.events import RunRestored
from flowing.core.graph import Graph, Limits, Node, Policy, compile_graph
from flowing.errors import EventLogError, GraphError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from flowing._events.facts import Recorded
    from flowing.checkpoint.codec.protocol import TaskCodec
    from flowing.core.status import Known

FORMAT: Final = 1
LINE_MAX: Final = 64 * 2**20  # characters: a longer line is refused before it is in memory
COUNT_MAX: Final = 100_000_000


@record
class EventLog:
    """What a file of events holds: the graph that they are of, and the events in order."""

    graph: Graph
    events: tuple[Recorded, ...]


def write(path: str | os.PathLike[str], log: EventLog, codecs: Mapping[int, TaskCodec]) -> None:
    """Write the file, whole or not at all, for its owner alone; one that is there is replaced.

    Raises:
        OSError: the system refuses.
        SerializationError: a value can't be stored.
    """
    target = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # of mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(
                json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n"
                for line in _lines(log, Wire(log.graph.size, codecs))
            )
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _lines(log: EventLog, wire: Wire) -> Iterator[Plain]:
    graph = log.graph
    limits = [graph.limits.workers, graph.limits.abandoned, graph.limits.fail_fast]
    yield {"flowing": "events", "format": FORMAT, "tasks": graph.size, "events": len(log.events), "limits": limits}
    for number, name in enumerate(graph.names):
        policy = graph.policies[number]
        yield {
            "task": name,
            "needs": graph.dependencies[number],
            "detached": number >= graph.main,
            "retry": [policy.retries, policy.backoff_base_s, policy.backoff_max_s, policy.jitter],
        }
    for event in log.events:
        yield from wire.written(event)


def read(path: str | os.PathLike[str], codecs: Mapping[int, TaskCodec]) -> EventLog:
    """Read a file that `write` made. Values come back where there is a codec for the task.

    Raises:
        OSError: the system refuses.
        EventLogError: it is damaged, too large, or of another version; says which line.
    """
    shown = one_line(os.fspath(path))
    with Path(path).open(encoding="utf-8", newline="\n") as file:
        reader = _Reader(file, shown)
        try:
            return reader.log(codecs)
        except EventLogError:
            raise
        except (Misfit, ValueError, RecursionError, GraphError) as error:
            why = str(error) if isinstance(error, Misfit | GraphError) else "it is no JSON"
            message = (
                f"line {reader.number} of {shown} can't be read: {one_line(why)}; "
                f"it is damaged, or no file that Recording.write() made"
            )
            raise EventLogError(message, path=shown, line=reader.number) from error


class _Reader:
    """Reads one line after the other, and counts them."""

    def __init__(self, file: TextIO, shown: str) -> None:
        self.number = 0
        self._file = file
        self._shown = shown

    def log(self, codecs: Mapping[int, TaskCodec]) -> EventLog:
        """Read all of it."""
        head = self._next()
        if head.get("flowing") != "events":
            raise Misfit("it is not the head of a file of events")
        if head.get("format") != FORMAT:
            self._refuse_version()
        graph = self._graph(head)
        events = [*self._events(_count(head, "events"), Wire(graph.size, codecs))]
        if self._file.read(1):
            raise Misfit("the file goes on after its last event")
        return EventLog(graph, tuple(events))

    def _graph(self, head: Plain) -> Graph:
        tasks, nodes, names = _count(head, "tasks"), list[Node](), list[str]()
        match head.get("limits"):
            case [int() as workers, int() as abandoned, bool() as fail_fast] if workers > 0 <= abandoned:
                limits = Limits(workers=workers, abandoned=abandoned, fail_fast=fail_fast)
            case _:
                raise Misfit("limits are no two counts and a truth")
        for _ in range(tasks):
            nodes.append(_node(self._next(), names))
            names.append(nodes[-1].name)
        graph = compile_graph(nodes, limits)
        if list(graph.names) != names:
            raise Misfit("the tasks are not in their order")
        return graph

    def _events(self, count: int, wire: Wire) -> Iterator[Recorded]:
        for _ in range(count):
            event, rows = wire.read(self._next())
            if isinstance(event, RunRestored):
                known: list[tuple[int, Known]] = [wire.row_read(self._next()) for _ in range(rows)]
                event = evolve(event, rows=tuple(known))
            yield event

    def _next(self) -> Plain:
        self.number += 1
        text = self._file.readline(LINE_MAX + 1)
        if len(text) > LINE_MAX:
            raise Misfit(f"it is longer than {LINE_MAX} characters")
        if not text.endswith("\n"):
            raise Misfit("the file ends before it should")
        line: object = json.loads(text, parse_constant=_refuse_constant)
        if not isinstance(line, dict):
            raise Misfit("it is no object")
        return cast("Plain", line)  # the keys of a JSON object are texts

    def _refuse_version(self) -> Never:
        message = f"{self._shown} is a file of events of another format; read it with the flowing that wrote it"
        raise EventLogError(message, path=self._shown, line=self.number)


def _node(line: Plain, names: Sequence[str]) -> Node:
    """Read a task; it needs none but those before it."""
    name, needs, detached, retry = (line.get(field) for field in ("task", "needs", "detached", "retry"))
    if not (
        isinstance(name, str) and isinstance(needs, list) and isinstance(detached, bool) and isinstance(retry, list)
    ):
        raise Misfit("it is no task")
    needed: list[str] = []
    for number in cast("list[object]", needs):
        if type(number) is not int or not 0 <= number < len(names):
            raise Misfit("it needs a task that does not come before it")
        needed.append(names[number])
    return Node(name, tuple(needed), policy=_policy(cast("list[object]", retry)), detached=detached)


def _policy(retry: Sequence[object]) -> Policy:
    match retry:
        case [int() as retries, int() | float() as base_s, int() | float() as most_s, bool() as jitter] if (
            retries >= 0 <= base_s < COUNT_MAX and 0 <= most_s < COUNT_MAX
        ):
            return Policy(retries=retries, backoff_base_s=base_s, backoff_max_s=most_s, jitter=jitter)
        case _:
            raise Misfit("retry is no policy")


def _count(line: Plain, name: str) -> int:
    value = line.get(name)
    if type(value) is int and 0 <= value <= COUNT_MAX:
        return value
    raise Misfit(f"{name} is no count")


def _refuse_constant(name: str) -> Never:
    raise Misfit(f"{name} is no JSON")
