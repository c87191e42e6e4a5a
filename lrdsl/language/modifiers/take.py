from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from lrdsl.language.length import Exact, Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Updates
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.times import Range
from lrdsl.language.signal import Signal
from lrdsl.language.time_map import TimeMap


@dataclass(frozen=True, slots=True)
class Hold(TimeMap):
    """The source's clock stops at time `at`."""

    at: Fraction

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        if isinstance(t, Range) and t.last <= float(self.at):  # a Fraction compares slowly
            return t
        return xp.minimum(t, float(self.at))

    def source_time(self, update: int) -> Exact:
        return update if update <= self.at else self.at

    def first_update(self, time: int) -> int:
        return time

    def source_updates(self, start: int, stop: int) -> tuple[int, int] | None:
        if self.at.denominator != 1:
            return None
        last = self.at.numerator
        return min(start, last), min(stop, last + 1)


@modifier
class Take(Filter):
    """Ends the schedule after `n` updates; from then on it holds the value at update n.

    Example: `exponential_decay(0.1, 0.99) | take(500)`
    """

    cuts_time = True
    neutral_arguments = ()

    n: Annotated[Updates, Field(ge=0)]

    def time_map(self) -> TimeMap:
        return Hold(self.n)

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return super().apply(source, length, end, "")  # the formulas stay what they are

    def length(self, source: Length) -> Length:
        return self.n

    def room(self, outer: Fraction) -> Fraction | None:
        return None
