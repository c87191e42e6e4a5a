from __future__ import annotations

import math
from typing import Any

from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import ParameterError, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@modifier
class Clip(Filter):
    """Keeps the values between `low` and `high`; `_` is no bound.

    Example: `exponential_decay(0.1, 0.99) | clip(1e-4, _)`
    """

    limits_values = True

    low: Value = -math.inf
    high: Value = math.inf

    def model_post_init(self, context: Any) -> None:
        if self.low > self.high:
            message = f"`low` ({self.low:g}) lies above `high` ({self.high:g})"
            raise ParameterError("low", message, "swap them")

    def changed(self, values: Operand, xp: PointwiseFunctions) -> Operand:
        return xp.minimum(xp.maximum(values, self.low), self.high)
