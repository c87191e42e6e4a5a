from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import ParameterError, Value
from lrdsl.language.signal import Array, Signal, Times


@modifier
class Clip(Filter):
    """Keeps the values from `low` to `high`; either may be `_`.

    Example: `exponential_decay(0.1, 0.99) | clip(1e-4, _)`
    """

    name: ClassVar[str] = "clip"

    low: Value = -math.inf
    high: Value = math.inf

    def model_post_init(self, context: Any) -> None:
        if self.low > self.high:
            message = f"`low` ({self.low:g}) lies above `high` ({self.high:g})"
            raise ParameterError("low", message, "swap them")

    def values(self, source: Signal, t: Times) -> Array:
        return np.minimum(np.maximum(source.values(t), self.low), self.high)

    def min_max(self, source: Signal, start: int, stop: int) -> tuple[float, float]:
        low, high = source.min_max(start, stop)
        return min(max(low, self.low), self.high), min(max(high, self.low), self.high)
