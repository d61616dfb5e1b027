"""Orders of things for hypothesis to draw, and to shrink. Loads hypothesis when asked for one, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def schedules(*, length_max: int = 100) -> SearchStrategy[tuple[int, ...]]:
    """Draw what `simulate()` takes as `choices`: `@given(schedules())`. What comes after them is the plainest.

    Raises:
        ModuleNotFoundError: hypothesis is not installed.
    """
    from hypothesis import strategies  # noqa: PLC0415 - only tests that ask for it need it

    def of_length(length: int) -> SearchStrategy[tuple[int, ...]]:
        return strategies.tuples(*[strategies.integers(0, _BELOW - 1)] * length)

    return strategies.integers(0, length_max).flatmap(of_length)  # lists alone would be short ones


_BELOW: Final = 60  # divisible by the numbers of options that there mostly are
