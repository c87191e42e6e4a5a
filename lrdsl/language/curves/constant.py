from __future__ import annotations

from typing import ClassVar

import numpy as np

from lrdsl.language.curves.base import Curve, curve
from lrdsl.language.signal import Array, Times


@curve
class Constant(Curve):
    """No way at all: stays at start. A mode only; the shape `constant` takes one value.

    Example: `warmup(constant, 100, 0.1) >> linear(1, 0, 400)`

    Corresponds to MXNet's warmup_mode="constant".
    """

    name: ClassVar[str] = "constant"
    is_shape: ClassVar[bool] = False

    def between(self, start: float, end: float, t: Times, span: float) -> Array:
        return np.full(t.size, start)
