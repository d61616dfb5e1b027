"""Make a list of choices that fails shorter and plainer, by trial. Knows nothing of what is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Choices = tuple[int, ...]


def minimise(choices: Choices, fails: Callable[[Choices], bool], *, tries_max: int) -> Choices:
    """Give the plainest list found that still fails: pieces left out, then numbers made 0, then made smaller.

    `fails` is asked at most `tries_max` times, and has to say yes to `choices`.
    """
    asked = 0

    def ask(candidate: Choices) -> bool:
        nonlocal asked
        asked += 1
        return asked <= tries_max and fails(candidate)

    while asked < tries_max:
        plainer = _smaller(_shorter(choices, ask), ask)
        if plainer == choices:
            break
        choices = plainer
    return without_last_zeros(choices)


def _shorter(choices: Choices, fails: Callable[[Choices], bool]) -> Choices:
    """Leave out pieces: the end, then ever smaller ones."""
    size = len(choices)
    while size:
        start = max(0, len(choices) - size)
        while start >= 0:
            candidate = choices[:start] + choices[start + size :]
            if len(candidate) < len(choices) and fails(candidate):
                choices = candidate
            start -= size
        size //= 2
    return choices


def _smaller(choices: Choices, fails: Callable[[Choices], bool]) -> Choices:
    for place in range(len(choices)):
        for plainer in (0, choices[place] // 2, choices[place] - 1):
            if 0 <= plainer < choices[place]:
                candidate = (*choices[:place], plainer, *choices[place + 1 :])
                if fails(candidate):
                    choices = candidate
                    break
    return choices


def without_last_zeros(choices: Choices) -> Choices:
    """Leave out what a replay adds by itself."""
    end = len(choices)
    while end and not choices[end - 1]:
        end -= 1
    return choices[:end]
