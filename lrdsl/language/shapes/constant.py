from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from lrdsl.language.parameters import ContextDefault, Steps, Value, default_from
from lrdsl.language.shapes.base import Shape, shape
from lrdsl.language.signal import Array, Times


@shape
class Constant(Shape):
    """One value for `steps` updates; without end when nothing follows and no total is known.

    Example: `constant(0.1, 100)`
    """

    name: ClassVar[str] = "constant"
    begins_at: ClassVar[str | None] = "value"
    may_be_endless: ClassVar[bool] = True

    value: Value = default_from(ContextDefault.BASE)
    steps: Annotated[Steps, Field(ge=0)] = default_from(ContextDefault.REST)

    def values(self, t: Times) -> Array:
        return np.full(t.size, self.value)

    def over(self, t: Times) -> Array:
        return self.values(t)
