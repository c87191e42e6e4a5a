"""Clocks that count samples, tokens or epochs where updates differ in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from lrdsl.language.consumption import Consumption
from lrdsl.language.length import Exact, Length, ends
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.time_map import ClockMap


@dataclass(frozen=True)
class UnevenClock:
    """A unit that updates differ in: `per` of what `consumption` counts as `counted`.

    An epoch is so many samples; a sample or a token is one.
    """

    consumption: Consumption
    counted: str
    per: Fraction = Fraction(1)

    def reading(self, update: Exact) -> Exact:
        """The reading of the clock at an update of the run."""
        return self.consumption.before(self.counted, update) / self.per

    def update(self, reading: Exact) -> Exact:
        """The exact position in the run at which the clock reads that."""
        return self.consumption.position(self.counted, reading * self.per)

    def updates_from(self, start: Exact, length: Exact) -> Exact:
        """The updates that a length takes which begins at an update of the run."""
        if length < 0:
            return -self.updates_to(start, -length)
        return self.update(self.reading(start) + length) - start

    def updates_to(self, end: Exact, length: Exact) -> Exact:
        """The updates that a length takes which ends at an update of the run."""
        return end - self.update(max(self.reading(end) - length, 0))


@dataclass(frozen=True, slots=True)
class Consumed(ClockMap):
    """The source's time is what has been consumed since an exact start, in `per` of a unit.

    The result's time is 0 at update `zero` of the run, its exact start rounded.
    """

    clock: UnevenClock
    per: Fraction
    start: Exact
    zero: int

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        run = self.clock.consumption
        counted = run.before_all(
            self.clock.counted, np.asarray(t, dtype=np.float64) + float(self.zero)
        )
        began = self.clock.reading(self.start) * self.clock.per
        unit = self.per * self.clock.per
        found: Operand = np.maximum(counted - float(began), 0.0) / float(unit)
        return found

    def source_time(self, update: int) -> Exact:
        passed = self.clock.reading(self.zero + update) - self.clock.reading(self.start)
        return Fraction(max(passed, 0)) / self.per

    def first_update(self, time: int) -> int:
        if time <= 0:
            return 0
        reading = self.clock.reading(self.start) + time * self.per
        return max(math.ceil(self.clock.update(reading)) - self.zero, 0)

    def length(self, source: Length) -> Length:
        if not ends(source):
            return source
        return self.clock.updates_from(self.start, source * self.per)

    def room(self, outer: Fraction) -> Fraction:
        reading = self.clock.reading
        return Fraction(reading(self.start + outer) - reading(self.start)) / self.per
