"""What must come out of a run, by plain recursion from each task to what it needs. Knows nothing of the core.

No clock, no order, no attempt in flight: an outcome follows from those of the dependencies and from what the body does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.property.scripts import Script


class Outcome(NamedTuple):
    """SUCCEEDED, FAILED, SKIPPED or CANCELLED, the value where there is one, and the attempts of the run so far."""

    state: str
    value: str | None
    attempts: int


def outcomes(
    script: Script, known: Mapping[str, Outcome], settled: Mapping[str, Outcome] | None = None
) -> dict[str, Outcome]:
    """Give every task's outcome when nothing stops the run.

    What is `known` with a value stands, of the rest only the attempts count on. What is `settled` stands as it is.
    """
    found: dict[str, Outcome] = dict(settled or {})

    def of(name: str) -> Outcome:
        if name not in found:
            found[name] = known[name] if known[name].value is not None else anew(name)
        return found[name]

    def anew(name: str) -> Outcome:
        task, made = script.tasks[name], known[name].attempts
        inputs = [of(needed) for needed in task.depends_on]
        states = {each.state for each in inputs}
        if states & {"FAILED", "SKIPPED"}:
            return Outcome("SKIPPED", None, made)
        if "CANCELLED" in states:
            return Outcome("CANCELLED", None, made)
        if task.gate != "open":
            return Outcome("SKIPPED" if task.gate == "shut" else "FAILED", None, made)
        for attempt in range(made + 1, made + 2 + task.retries):
            made = attempt
            does = script.does(name, attempt)
            if does == "value":
                return Outcome("SUCCEEDED", f"{name}{attempt}({','.join(str(each.value) for each in inputs)})", attempt)
            if does == "fatal":
                break
        return Outcome("FAILED", None, made)

    return {name: of(name) for name in script.tasks}
