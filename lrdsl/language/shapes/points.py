from __future__ import annotations

import itertools
from typing import Annotated

from pydantic import Field

from lrdsl.language.parameters import Kind
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape


@shape
class Points(Shape):
    """Straight lines between points `update:value`. It ends at the last point.

    Before the first point it has the first value, and after the last one the last value. Two points
    at one update are a jump.

    Example: `points[0:0, 100:1, 800:1e-3]`

    Corresponds to fvcore's and ignite's piecewise linear schedulers.
    """

    is_stepped = True
    bracket = True

    points: Annotated[tuple[tuple[int, float], ...], Kind.POINTS, Field(min_length=1)]

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        return xp.interp(t, self.points)

    @property
    def extrema_steps(self) -> tuple[int, ...]:
        times = [time for time, _ in self.points]
        before = [time - 1 for time, later in itertools.pairwise(times) if time == later]
        return tuple(sorted([*before, *times]))
