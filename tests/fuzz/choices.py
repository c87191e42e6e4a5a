"""Choices that make an input: drawn from a seed, or from the bytes that atheris gives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Choices drawn from a random generator."""

    def __init__(self, seed: object) -> None:
        self._random = random.Random(repr(seed))

    def below(self, n: int) -> int:
        """A number from 0 to before n."""
        return self._random.randrange(n)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.below(100) < percent

    def some(self, least: int, most: int) -> range:
        """A number of turns, small ones more often."""
        count = least
        while count < most and self.chance(50):
            count += 1
        return range(count)


class ByteChoices(Choices):
    """Choices read from bytes, two for each; where they end, the first choice is taken."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, n: int) -> int:
        word = self._data[self._at : self._at + 2]
        self._at += 2
        return int.from_bytes(word, "big") % n
