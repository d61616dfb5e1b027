"""A set of row numbers that finds its lowest one at once. Knows no row, and no lane."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD_BITS: Final = 10  # 1,024 numbers a word: two levels reach 10^6 with a thousand words
LAST: Final = (1 << WORD_BITS) - 1


class BitSet:
    """Words of 1,024 bits, and one bit for each word that is not zero."""

    __slots__ = ("summary", "words")

    def __init__(self, words: list[int], summary: int) -> None:
        self.words: list[int] = words
        self.summary: int = summary

    def copy(self) -> BitSet:
        """Make an equal set."""
        return BitSet(self.words.copy(), self.summary)

    def flip(self, indices: Sequence[int]) -> None:
        """Take out those of these that are in, and put the others in; they are ascending."""
        begin = 0
        while begin < len(indices):
            number = indices[begin] >> WORD_BITS
            end = bisect_left(indices, (number + 1) << WORD_BITS, begin)
            before = self.words[number]
            after = self.words[number] = before ^ _word_of(indices[begin:end])
            if not (before and after):
                self.summary ^= 1 << number
            begin = end

    def listed(self) -> list[int]:
        """List all of them, in order."""
        found: list[int] = []
        rest = self.summary
        while rest:
            number = (rest & -rest).bit_length() - 1
            rest &= rest - 1
            first, word = number << WORD_BITS, self.words[number]
            while word:
                found.append(first + (word & -word).bit_length() - 1)
                word &= word - 1
        return found

    def first(self, start: int) -> int | None:
        """Find the first index from `start` on."""
        rest = self.summary
        if start:
            number = start >> WORD_BITS
            rest = rest >> number << number
            if rest >> number & 1:
                word = self.words[number] >> (start & LAST) << (start & LAST)
                if word:
                    return (number << WORD_BITS) + (word & -word).bit_length() - 1
                rest ^= 1 << number
        if not rest:
            return None
        number = (rest & -rest).bit_length() - 1
        word = self.words[number]
        return (number << WORD_BITS) + (word & -word).bit_length() - 1


def _word_of(indices: Sequence[int]) -> int:
    """Make a word of the bits of these indices, which are ascending and belong into one. O(indices) or less."""
    first, last = indices[0] & LAST, indices[-1] & LAST
    if last - first == len(indices) - 1:
        return (2 << last) - (1 << first)
    return sum([1 << (index & LAST) for index in indices])


def bit_set_of(indices: Sequence[int], size: int) -> BitSet:
    """Make a set of exactly these indices of `size`."""
    if not indices:
        return BitSet([0] * ((size >> WORD_BITS) + 1), 0)
    digits = bytearray(b"0") * ((size | LAST) + 1)
    for index in indices:
        digits[index] = ord("1")
    digits.reverse()  # the lowest index is the lowest bit, which is written last
    starts = range(len(digits) - LAST - 1, -1, -LAST - 1)
    words = [int(digits[start : start + LAST + 1], 2) for start in starts]
    return BitSet(words, sum(1 << number for number, word in enumerate(words) if word))
