from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from lrdsl.language.length import Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import ParameterError, Updates
from lrdsl.language.time_map import Shift, TimeMap


@modifier
class Skip(Filter):
    """Leaves out the first `n` updates of the schedule.

    Example: `cosine(1, 0, 1000) | skip(200)`
    """

    warps_time = True

    n: Annotated[Updates, Field(gt=0)]

    def time_map(self) -> TimeMap:
        return Shift(self.n)

    def began(self) -> Fraction:
        return self.n

    def length(self, source: Length) -> Length:
        if source <= self.n:
            message = f"nothing is left: all {float(source):g} updates are skipped"
            raise ParameterError("n", message)
        return source - self.n

    def room(self, outer: Fraction) -> Fraction | None:
        return outer + self.n
