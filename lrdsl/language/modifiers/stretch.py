from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from lrdsl.language.length import Exact, Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Duration
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.multiples import scaled
from lrdsl.language.time_map import ClockMap


@dataclass(frozen=True, slots=True)
class Scale(ClockMap):
    """The source's clock runs `k` times slower."""

    k: Fraction

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        return scaled(t, 1 / self.k)

    def source_time(self, update: int) -> Exact:
        return update / self.k

    def first_update(self, time: int) -> int:
        return math.ceil(time * self.k)

    def length(self, source: Length) -> Length:
        return source * self.k

    def room(self, outer: Fraction) -> Fraction:
        return outer / self.k


@modifier
class Stretch(Filter):
    """Runs the schedule `k` times slower: the value at t is the one that it has at t/k.

    `k` may be a duration: under `stretch(1ep)` the `t` of the schedule counts epochs.

    Example: `cosine(1, 0, 100) | stretch(3)`
    """

    warps_time = True
    rescales_time = True
    neutral_arguments = (1.0,)

    k: Annotated[Duration, Field(gt=0)]

    def time_map(self) -> Scale:
        return Scale(self.k)

    def length(self, source: Length) -> Length:
        return self.time_map().length(source)

    def room(self, outer: Fraction) -> Fraction | None:
        return self.time_map().room(outer)
