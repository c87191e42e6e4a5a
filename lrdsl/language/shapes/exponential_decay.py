from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from lrdsl.language.parameters import ContextDefault, Duration, Flag, Value, default_from
from lrdsl.language.shapes.base import Shape, shape
from lrdsl.language.signal import Array, scaled


@shape
class ExponentialDecay(Shape):
    """start·rate^(t/every); with staircase=true the exponent is rounded down. It never ends.

    Example: `exponential_decay(0.1, 0.5, every=100)`

    Corresponds to torch's ExponentialLR (every=1) and optax's exponential_decay.
    """

    name: ClassVar[str] = "exponential_decay"
    begins_at: ClassVar[str | None] = "start"

    start: Value = default_from(ContextDefault.PREV)
    rate: Annotated[Value, Field(gt=0)]
    every: Annotated[Duration, Field(gt=0)] = Fraction(1)
    staircase: Flag = False

    def values(self, t: Array) -> Array:
        exponent = scaled(t, 1 / self.every)
        if self.staircase:
            exponent = np.floor(exponent)
        return self.start * self.rate**exponent
