"""What a scripted run is made of, and how hypothesis draws one. Nothing here runs anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import field, frozen
from hypothesis import strategies as st

from flowing.core import Graph, Limits, Node, Policy, compile_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

# What one attempt does. `hang` passes its deadline, and may come back later; `stuck` has no deadline and never comes
# back; `race` returns a value and passes its deadline, whichever is first; `obeys` stops itself in a cancelled run.
Body: TypeAlias = Literal[
    "value", "error", "fatal", "hang", "hang, then value", "hang, then error", "stuck", "race", "obeys"
]
Gate: TypeAlias = Literal["open", "shut", "raises"]

DETERMINED: Final[tuple[Body, ...]] = ("value", "error", "fatal", "hang", "hang, then value", "hang, then error")
ANY: Final[tuple[Body, ...]] = (*DETERMINED, "stuck", "race", "obeys")


@frozen(kw_only=True)
class Scripted:
    """One task: how it is declared, and what each of its attempts does (a value once the list is used up)."""

    depends_on: tuple[str, ...] = ()
    detached: bool = False
    retries: int = 0
    backoff_s: float = 1.0
    gate: Gate = "open"
    bodies: tuple[Body, ...] = ()


@frozen(kw_only=True)
class Session:
    """One run() or resume(), and what is overridden and invalidated before it."""

    overrides: tuple[str, ...] = ()
    invalidates: tuple[str, ...] = ()
    rerun_detached: bool = False


@frozen(kw_only=True)
class Script:
    """Tasks, limits, sessions, and the choices: which of all that may happen next does."""

    tasks: Mapping[str, Scripted]
    limits: Limits = field(factory=Limits)
    sessions: tuple[Session, ...] = (Session(),)
    choices: tuple[int, ...] = ()
    cancels: bool = False

    def does(self, name: str, attempt: int) -> Body:
        """Say what the body does in this attempt of the whole run."""
        bodies = self.tasks[name].bodies
        return bodies[attempt - 1] if attempt <= len(bodies) else "value"

    def graph(self) -> Graph:
        return compile_graph(
            [
                Node(
                    name,
                    each.depends_on,
                    policy=Policy(retries=each.retries, backoff_base_s=each.backoff_s),
                    detached=each.detached,
                )
                for name, each in self.tasks.items()
            ],
            self.limits,
        )


@st.composite
def _tasks(draw: st.DrawFn, bodies: tuple[Body, ...]) -> dict[str, Scripted]:
    tasks: dict[str, Scripted] = {}
    for name in "abcdefg"[: draw(st.integers(1, 7))]:
        depends_on = tuple(each for each in tasks if draw(st.booleans()))
        tasks[name] = Scripted(
            depends_on=depends_on,
            detached=any(tasks[each].detached for each in depends_on) or draw(st.integers(0, 3)) == 3,
            retries=draw(st.integers(0, 2)),
            backoff_s=draw(st.sampled_from([1.0, 0.0])),
            gate=draw(st.sampled_from(["open", "open", "open", "open", "shut", "raises"])),
            bodies=tuple(draw(st.lists(st.sampled_from(("value", *bodies)), max_size=4))),
        )
    return tasks


@st.composite
def scripts(draw: st.DrawFn, *, determined: bool = False) -> Script:
    """Draw a script; a determined one leaves nothing of the outcome to the order of things, but for fail_fast."""
    tasks = draw(_tasks(DETERMINED if determined else ANY))
    some = st.sets(st.sampled_from(list(tasks)), max_size=2).map(lambda names: tuple(sorted(names)))
    session = st.builds(Session, overrides=some, invalidates=some, rerun_detached=st.booleans())
    limits = Limits(
        workers=draw(st.integers(1, 3)),
        abandoned=1_000 if determined else draw(st.integers(0, 2)),
        fail_fast=draw(st.booleans()),
    )
    return Script(
        tasks=tasks,
        limits=limits,
        sessions=(draw(st.just(Session()) | session), *draw(st.lists(session, max_size=2))),
        choices=tuple(draw(st.lists(st.integers(0, 12), max_size=60))),
        cancels=not determined and draw(st.booleans()),
    )
