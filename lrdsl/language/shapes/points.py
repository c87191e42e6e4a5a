from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from lrdsl.language.parameters import Kind
from lrdsl.language.shapes.base import Shape, shape
from lrdsl.language.signal import Array


@shape
class Points(Shape):
    """Straight lines through points `update:value`, held outside; it ends at the last point.

    Example: `points[0:0, 100:1, 800:1e-3]`

    Corresponds to fvcore's and ignite's piecewise linear schedulers.
    """

    name: ClassVar[str] = "points"
    bracket: ClassVar[bool] = True

    points: Annotated[tuple[tuple[int, float], ...], Kind.POINTS, Field(min_length=1)]

    def values(self, t: Array) -> Array:
        times, values = zip(*self.points, strict=True)
        found: Array = np.interp(t, times, values)
        return found

    @property
    def turns(self) -> tuple[int, ...]:
        return tuple([time for time, _ in self.points])
