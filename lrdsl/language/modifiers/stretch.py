from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import Field

from lrdsl.language.length import ENDLESS, Exact, Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Duration
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.multiples import scaled
from lrdsl.language.time_map import TimeMap


@dataclass(frozen=True, slots=True)
class Scale(TimeMap):
    """The source's clock runs `k` times slower."""

    k: Fraction

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        return scaled(t, 1 / self.k)

    def source_time(self, update: int) -> Exact:
        return update / self.k

    def first_update(self, time: int) -> int:
        return math.ceil(time * self.k)


@modifier
class Stretch(Filter):
    """`k` times slower: the value at t is the source's at t/k.

    `k` may be a duration: under `stretch(1ep)` the source's clock counts epochs.

    Example: `cosine(1, 0, 100) | stretch(3)`
    """

    name: ClassVar[str] = "stretch"
    warps_time: ClassVar[bool] = True
    rescales_time: ClassVar[bool] = True
    neutral_arguments: ClassVar[tuple[float, ...] | None] = (1.0,)

    k: Annotated[Duration, Field(gt=0)]

    def time_map(self) -> TimeMap:
        return Scale(self.k)

    def length(self, source: Length) -> Length:
        return ENDLESS if source is ENDLESS else source * self.k

    def room(self, outer: Fraction) -> Fraction | None:
        return outer / self.k
