"""The three answers to "does it fit", and how several make one. Knows no types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from flowing._record import record

if TYPE_CHECKING:
    from collections.abc import Iterable


@record
class Undecided:
    """Neither yes nor no, and why."""

    why: str


Verdict: TypeAlias = bool | Undecided


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Say False if any is, else undecided if any is."""
    together: Verdict = True
    for each in verdicts:
        if each is False:
            return False
        if together is True:
            together = each
    return together


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Say True if any is, else undecided if any is."""
    together: Verdict = False
    for each in verdicts:
        if each is True:
            return True
        if together is False:
            together = each
    return together
