"""What a simulation raises. Words the message, decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing.errors import FlowingError

if TYPE_CHECKING:
    from collections.abc import Sequence


class SimulationFailed(FlowingError, AssertionError):  # noqa: N818 - it is what a failed test shows
    """A simulated run broke a rule, or what the test asked of it.

    `claim` is the name of the rule, `choices` lead to it again, and `replay` is the call that does.
    """

    claim: str
    seed: int | None
    choices: tuple[int, ...]
    replay: str

    def __init__(
        self, claim: str, complaint: str, *, seed: int | None, choices: Sequence[int], replay: str, events: str
    ) -> None:
        self.claim, self.seed, self.choices, self.replay = claim, seed, tuple(choices), replay
        origin = "" if seed is None else f"seed {seed}, "
        super().__init__(
            f"{claim}: {complaint}\n\n{events}\n\n{origin}{len(self.choices)} choices; to see it again:\n\n"
            f"def test_again():\n    {replay}\n"
        )


class TooBig(FlowingError):  # noqa: N818 - says what is wrong with the flow
    """A flow has more states than `exhaust()` was allowed to walk over."""

    states: int
    transitions: int

    def __init__(self, *, tasks: int, states: int, transitions: int) -> None:
        self.states, self.transitions = states, transitions
        super().__init__(
            f"the flow of {tasks} tasks has more than {states} states: after {transitions} steps there were still new "
            f"ones; raise states_max, leave fewer things open in faults=, or try many orders with explore()"
        )
