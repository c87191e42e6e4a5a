from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from lrdsl.language.parameters import BASE, REST, Steps, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape


@shape
class Constant(Shape):
    """One value for `steps` updates, by default for the rest of the run.

    Where the length of the run is not known and nothing follows, it never ends.

    Example: `constant(0.1, 100)`
    """

    is_stepped = True
    start_field = "value"
    level_field = "value"
    allows_no_length = True

    value: Value = BASE
    steps: Annotated[Steps, Field(ge=0)] = REST

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        return xp.full_like(t, self.value)

    @property
    def end_time(self) -> float:
        return math.inf  # one value needs no end, and where it never ends `steps` is 0
