"""The one source of everything that is not determined, and its drivers. Knows nothing of what is chosen.

A driver keeps what it chose in `taken`; fed to `Replayed`, the same run happens again.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol, final

if TYPE_CHECKING:
    from collections.abc import Iterable


class Choices(Protocol):
    """Where every choice comes from."""

    @property
    def taken(self) -> list[int]:
        """Give every choice so far that had an alternative."""
        ...

    def below(self, n: int, label: str, /) -> int:
        """Choose a number from 0 to n - 1; 0 is the plainest. `label` says what for."""
        ...


@final
class Seeded:
    """Chooses at random, the same for the same seed on every Python."""

    def __init__(self, seed: int) -> None:
        self.taken: list[int] = []
        self._random = random.Random(seed).random  # noqa: S311 - explores, guards nothing

    def below(self, n: int, _label: str, /) -> int:
        """Draw a number; nothing is drawn where there is no alternative."""
        if n < _TWO:
            return 0
        choice = int(self._random() * n)
        self.taken.append(choice)
        return choice


_TWO = 2


@final
class Replayed:
    """Chooses as the list says, then the plainest. Any list of numbers will do."""

    def __init__(self, choices: Iterable[int]) -> None:
        self.taken: list[int] = []
        self._choices = iter(choices)

    def below(self, n: int, _label: str, /) -> int:
        """Take the next number of the list."""
        if n < _TWO:
            return 0
        choice = next(self._choices, 0) % n
        self.taken.append(choice)
        return choice


@final
class Every:
    """Chooses every sequence, one after the other: replay a step, `advance()`, replay it again, until that is False."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self._path: list[tuple[int, int]] = []

    def below(self, n: int, _label: str, /) -> int:
        """Repeat the sequence so far, then take the first of each."""
        if n < _TWO:
            return 0
        position = len(self.taken)
        if position == len(self._path):
            self._path.append((0, n))
        choice = self._path[position][0]
        self.taken.append(choice)
        return choice

    def advance(self) -> bool:
        """Turn to the next sequence; False if that was the last one."""
        self.taken = []
        while self._path:
            choice, n = self._path.pop()
            if choice + 1 < n:
                self._path.append((choice + 1, n))
                return True
        return False
