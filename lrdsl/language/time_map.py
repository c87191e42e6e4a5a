"""Time maps: how the time of a modified signal relates to the time of its source.

A map is exact and monotone: as the updates of the result go on, the source's time never goes back.
It says the same thing in three forms: for values (`source_times`), for boundaries in the direction
of the source (`source_time`), and back (`first_update`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lrdsl.language.length import Exact, Length
from lrdsl.language.pointwise.functions import NUMPY, Operand, PointwiseFunctions
from lrdsl.language.pointwise.times import Array, Times


class TimeMap(ABC):
    """The source's time as a function of the result's; both start at 0 or later."""

    @abstractmethod
    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        """The source's times at the times `t` of the result."""

    def read(self, source: Callable[[Times], Array], t: Times) -> Array:
        """The values of a source at the times `t` of the result."""
        return source(self.source_times(t, NUMPY))

    @abstractmethod
    def source_time(self, update: int) -> Exact:
        """The source's exact time at an update of the result."""

    @abstractmethod
    def first_update(self, time: int) -> int:
        """The first update at which the source's time is `time` or later.

        It is asked only for times that the source comes to.
        """

    def source_updates(self, start: int, stop: int) -> tuple[int, int] | None:
        """The range of source updates that the updates from `start` to before `stop` read.

        None unless they read each update of that range, and no time in between.
        """
        return None


class ClockMap(TimeMap):
    """A time map under which the source's clock counts something else than updates."""

    @abstractmethod
    def length(self, source: Length) -> Length:
        """The updates that a length on the source's clock takes."""

    @abstractmethod
    def room(self, outer: Fraction) -> Fraction:
        """The length on the source's clock that takes so many updates."""


@dataclass(frozen=True, slots=True)
class Shift(TimeMap):
    """The source's clock is `by` updates ahead. Before its own start it stands at 0."""

    by: Exact = 0

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        if self.by == 0:
            return t
        ahead = t + float(self.by)
        return ahead if self.by > 0 else xp.maximum(ahead, 0.0)

    def source_time(self, update: int) -> Exact:
        return max(update + self.by, 0)

    def first_update(self, time: int) -> int:
        return max(math.ceil(time - self.by), 0) if time > 0 else 0

    def source_updates(self, start: int, stop: int) -> tuple[int, int] | None:
        if self.by != int(self.by):
            return None
        first = max(start + int(self.by), 0)
        return first, max(stop + int(self.by), first + 1)


IDENTITY = Shift()
