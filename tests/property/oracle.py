"""What must come out of a run, by plain recursion from each task to what it needs. Knows nothing of the core.

No clock, no order, no attempt in flight: a task's outcome follows from its dependencies and from what its body would do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.property.scripts import Script


class Outcome(NamedTuple):
    """SUCCEEDED, FAILED or SKIPPED, the value where there is one, and the attempts of this run so far."""

    state: str
    value: str | None
    attempts: int


def outcomes(script: Script, known: Mapping[str, Outcome] | None = None) -> dict[str, Outcome]:
    """Give every task's outcome; `known` ones with a value stand, of others only the attempts count on."""
    before = known or {}
    found: dict[str, Outcome] = {}

    def of(name: str) -> Outcome:
        if name not in found:
            found[name] = before[name] if name in before and before[name].value is not None else anew(name)
        return found[name]

    def anew(name: str) -> Outcome:
        made = before[name].attempts if name in before else 0
        inputs = [of(needed).value for needed in script.tasks[name].depends_on]
        if None in inputs or script.tasks[name].gate == "shut":
            return Outcome("SKIPPED", None, made)
        if script.tasks[name].gate == "raises":
            return Outcome("FAILED", None, made)
        for attempt in range(made + 1, made + 2 + script.tasks[name].retries):
            made = attempt
            does = script.does(name, attempt)
            if does == "value":
                return Outcome("SUCCEEDED", f"{name}{attempt}({','.join(map(str, inputs))})", attempt)
            if does == "fatal":
                break
        return Outcome("FAILED", None, made)

    return {name: of(name) for name in script.tasks}
