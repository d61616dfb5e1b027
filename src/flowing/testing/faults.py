"""What is to go wrong in a simulated run: told by the user, or left to the simulator. Does nothing by itself."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, final

from attrs import evolve
from typing_extensions import override

from flowing._record import record
from flowing._text import one_line
from flowing.errors import ConfigError, UnknownTaskError
from flowing.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core.graph import Graph

Who: TypeAlias = "Task[object] | str"
ErrorToRaise: TypeAlias = "BaseException | type[BaseException]"


class SimulatedFault(Exception):  # noqa: N818 - the name that users read in their results
    """What an attempt raises that was told to fail, unless told with what."""


@record(kw_only=True)
class Freedom:
    """What the simulator may choose by itself, beside the order of things.

    `cancels`, `refusals` and `overlaps` say how often: cancel the run, refuse a thread, have one visit to the desk
    begin while another is under way.
    """

    errors: bool = False
    fatal_errors: bool = False
    gates: bool = False
    hangs: bool = False
    stops: bool = False
    stale_timers: bool = False
    durations: bool = False
    store_errors: bool = False
    cancels: int = 0
    refusals: int = 0
    overlaps: int = 0


ORDER_ONLY: Final = Freedom()
EVERYTHING: Final = Freedom(
    errors=True,
    fatal_errors=True,
    gates=True,
    hangs=True,
    stops=True,
    stale_timers=True,
    durations=True,
    store_errors=True,
    cancels=2,
    refusals=2,
    overlaps=3,
)


@record
class Fault:
    """One thing that was told: what happens to attempts of a task; to all of them where none is listed."""

    task: str
    kind: Literal["error", "hangs", "late", "takes"]
    attempts: tuple[int, ...] = ()
    error: ErrorToRaise = SimulatedFault
    seconds: float = 0.0


@record
class Cancel:
    """A cancel at a moment, or when a task has ended."""

    at_s: float | None
    after: str | None


@final
@record(kw_only=True)
class Faults:
    """What goes wrong in a simulated run. Immutable: each method gives a new one with that fault added.

    Tasks are given as themselves or by name. Attempts are counted from 1 in each run and in each resume.
    """

    told: tuple[Fault, ...] = ()
    cancels: tuple[Cancel, ...] = ()
    refusals: int = 0
    freedom: Freedom = ORDER_ONLY

    def fail(self, who: Who, *, attempts: Sequence[int] = (), error: ErrorToRaise = SimulatedFault) -> Faults:
        """Have these attempts raise `error` in place of running the body; all of them where none is given."""
        return self._with(Fault(_name(who), "error", tuple(attempts), error))

    def hang(self, who: Who, *, attempts: Sequence[int] = ()) -> Faults:
        """Have these attempts never return."""
        return self._with(Fault(_name(who), "hangs", tuple(attempts)))

    def late(self, who: Who, *, by_s: float = 1.0, attempts: Sequence[int] = ()) -> Faults:
        """Have these attempts return so long after their deadline."""
        return self._with(Fault(_name(who), "late", tuple(attempts), seconds=by_s))

    def take(self, who: Who, seconds: float, *, attempts: Sequence[int] = ()) -> Faults:
        """Have these attempts take so long, beside what the body itself sleeps."""
        return self._with(Fault(_name(who), "takes", tuple(attempts), seconds=seconds))

    def refuse_threads(self, times: int = 1) -> Faults:
        """Have the system refuse the first threads that the run wants to start."""
        return evolve(self, refusals=times)

    def cancel(self, *, at_s: float | None = None, after: Who | None = None) -> Faults:
        """Cancel the run at a moment, or as soon as an attempt of a task has ended or timed out; a second one at once.

        Nothing starts after it, whatever that attempt has made possible.

        Raises:
            ConfigError: neither is given, or both are.
        """
        if (at_s is None) is (after is None):
            message = "Faults.cancel() takes one of at_s=, a moment of the run in seconds, and after=, a task"
            raise ConfigError(message)
        return evolve(self, cancels=(*self.cancels, Cancel(at_s, None if after is None else _name(after))))

    def any(self) -> Faults:
        """Leave it to the simulator: whatever can go wrong may, beside what was told."""
        return evolve(self, freedom=EVERYTHING)

    def _with(self, fault: Fault) -> Faults:
        return evolve(self, told=(*self.told, fault))

    @override
    def __repr__(self) -> str:
        calls = [_shown(fault) for fault in self.told]
        calls += [f".cancel(at_s={each.at_s!r})" for each in self.cancels if each.after is None]
        calls += [f".cancel(after={each.after!r})" for each in self.cancels if each.after is not None]
        calls += [f".refuse_threads({self.refusals})"] if self.refusals else []
        calls += [".any()"] if self.freedom is EVERYTHING else []
        return f"Faults(){''.join(calls)}"


def _shown(fault: Fault) -> str:
    method = {"error": "fail", "hangs": "hang", "late": "late", "takes": "take"}[fault.kind]
    parts = [repr(fault.task)]
    if fault.kind == "takes":
        parts.append(repr(fault.seconds))
    if fault.kind == "late":
        parts.append(f"by_s={fault.seconds!r}")
    if fault.attempts:
        parts.append(f"attempts={fault.attempts!r}")
    if fault.error is not SimulatedFault:
        parts.append(f"error={fault.error.__name__ if isinstance(fault.error, type) else type(fault.error).__name__}")
    return f".{method}({', '.join(parts)})"


def _name(who: Who) -> str:
    return who.name if isinstance(who, Task) else who


def number_of(name: str, graph: Graph, *, what: str) -> int:
    """Find a task that a simulation was told of.

    Raises:
        UnknownTaskError: there is none; names those that are alike.
    """
    number = graph.numbers.get(name)
    if number is None:
        near = difflib.get_close_matches(name, graph.names, n=3) or graph.names[:10]
        shown = ", ".join(repr(one_line(each)) for each in near)
        message = f"{what} names task {one_line(name)!r}, which is not in the flow; did you mean one of {shown}?"
        raise UnknownTaskError(message)
    return number
