"""Functions with an addition theorem, computed for many times from few: f(i + j) from i and j.

A time is split into the start of the block that it lies in and its place there, t = start + place,
so that a range of times takes one table of the places, which all blocks share, and a start for each
block. Where a time is split depends on that time alone. So does its value, to the last bit, whether
one is asked for, or a range, or times in any order. Times that are not whole share nothing: those
are computed one by one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, TypeAlias

import numpy as np

from lrdsl.language.pointwise.times import Array, Range, Times, assembled

_BITS = 12
BLOCK = 2**_BITS
"""Updates in a block. Arrays with rows of this length are what numpy multiplies fastest."""

MIN_TABLED = 513
"""For fewer times than this no table is made."""

Factors: TypeAlias = "tuple[Array, ...]"
"""The functions of the starts, or of the places, that the theorem combines."""


class InBlocks(ABC):
    """A function of times from 0 that is computed from their starts and their places."""

    @abstractmethod
    def of_starts(self, t: Any) -> Factors:
        """The factors of times at which blocks begin."""

    @abstractmethod
    def of_places(self, t: Any) -> Factors:
        """The factors of times in the first block."""

    @abstractmethod
    def table(self) -> Factors:
        """The factors of all whole times in the first block, or of those that are ever asked."""

    @abstractmethod
    def combined(self, starts: Factors, places: Factors) -> Array:
        """The function by the theorem, in an array of its own."""

    def one_by_one(self, starts: Array, places: Array) -> Array:
        """The function of times of which each has a start of its own."""
        return self.combined(self.of_starts(starts), self.of_places(places))

    @abstractmethod
    def directly(self, t: Array) -> Array:
        """The function of times that are not whole."""

    def values(self, t: Times) -> Array:
        """The function at times `t`."""
        if not isinstance(t, Range):
            return self._of_array(t)
        if t.size < MIN_TABLED:
            return self._few(np.asarray(t))
        first = int(t.first) // BLOCK
        begin = int(t.first) - BLOCK * first
        rows = np.arange(first, first - (-(begin + t.size) // BLOCK))[:, None]
        values = self.combined(self.of_starts(BLOCK * rows), self.table())
        flat = values.reshape(*values.shape[:-2], -1)
        return flat[..., begin : begin + t.size]

    def _of_array(self, t: Array) -> Array:
        place = t.astype(np.intp)
        whole = (place == t) & (place >= 0)
        if not bool(whole.all()):
            if not bool(whole.any()):
                return self.directly(t)
            pieces = [(~whole, self.directly(t[~whole])), (whole, self._of_array(t[whole]))]
            return assembled(t.size, pieces)
        block = place >> _BITS
        if t.size < MIN_TABLED or (last := int(block.max())) >= t.size:
            return self._few(t)  # the table would be longer than what it serves
        place &= BLOCK - 1
        starts = self.of_starts(BLOCK * np.arange(last + 1))
        of_starts = tuple([each[..., block] for each in starts])
        return self.combined(of_starts, tuple([each[place] for each in self.table()]))

    def _few(self, t: Array) -> Array:
        start = BLOCK * np.floor(t / BLOCK)
        return self.one_by_one(start, t - start)
