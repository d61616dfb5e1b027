"""What to call for a task, with tasks replaced by their numbers in the graph. Calls nothing by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowing.task import NamedCall


@record
class Input:
    """A positional argument that is entry `slot` of the values that the attempt was given."""

    slot: int


@record
class BoundCall:
    """A function and its arguments. `keywords` give parameters their slots, `constants` their values."""

    function: Callable[..., object]
    positional: tuple[object, ...] = ()
    keywords: tuple[tuple[str, int], ...] = ()
    constants: tuple[tuple[str, object], ...] = ()

    def __call__(self, inputs: Sequence[object]) -> object:
        """Call the function with its arguments."""
        keywords = {parameter: inputs[slot] for parameter, slot in self.keywords}
        if self.constants:
            keywords.update(self.constants)
        if not self.positional:
            return self.function(**keywords)
        arguments = (inputs[each.slot] if isinstance(each, Input) else each for each in self.positional)
        return self.function(*arguments, **keywords)


@record
class Body:
    """All that the shell needs to run a task. `inputs` are the tasks whose values fill the slots.

    `keep` makes of a value what the store keeps of it; None where the value counts without being stored.
    """

    name: str
    call: BoundCall | NamedCall
    inputs: tuple[int, ...] = ()
    when: BoundCall | None = None
    validate: BoundCall | None = None
    retry_until: Callable[[object], object] | None = None
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    timeout_s: float | None = None
    jitter: bool = False
    keep: Callable[[object], object] | None = None
