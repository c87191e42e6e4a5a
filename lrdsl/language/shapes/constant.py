from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from lrdsl.language.parameters import ContextDefault, Steps, Value, default_from
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape


@shape
class Constant(Shape):
    """One value for `steps` updates; without end when nothing follows and no total is known.

    Example: `constant(0.1, 100)`
    """

    name: ClassVar[str] = "constant"
    start_field: ClassVar[str | None] = "value"
    level_field: ClassVar[str | None] = "value"
    allows_no_length: ClassVar[bool] = True

    value: Value = default_from(ContextDefault.BASE)
    steps: Annotated[Steps, Field(ge=0)] = default_from(ContextDefault.REST)

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        return xp.full_like(t, self.value)

    @property
    def end_time(self) -> float:
        return math.inf  # one value needs no end, and where it never ends `steps` is 0
