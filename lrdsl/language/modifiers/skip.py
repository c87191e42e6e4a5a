from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from lrdsl.language.length import Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Updates
from lrdsl.language.time_map import Shift, TimeMap


@modifier
class Skip(Filter):
    """Leaves out the first `n` updates of the schedule. Of one that is no longer the end is left.

    Example: `cosine(1, 0, 1000) | skip(200)`
    """

    warps_time = True

    n: Annotated[Updates, Field(ge=0)]

    def time_map(self) -> TimeMap:
        return Shift(self.n)

    def began(self) -> Fraction:
        return self.n

    def length(self, source: Length) -> Length:
        return max(source - self.n, Fraction(0))

    def room(self, outer: Fraction) -> Fraction | None:
        return outer + self.n
