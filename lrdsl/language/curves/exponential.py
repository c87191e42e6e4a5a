from __future__ import annotations

from typing import ClassVar

import numpy as np

from lrdsl.language.curves.base import Curve, curve, progress
from lrdsl.language.parameters import ParameterError
from lrdsl.language.signal import Array, Times


@curve
class Exponential(Curve):
    """The same factor at every update: start·(end/start)^p, with p = t/steps.

    Start and end lie on the same side of zero, neither of them at zero.

    Example: `exponential(0.1, 1e-4, 800)`
    """

    name: ClassVar[str] = "exponential"
    default_end: ClassVar[float | None] = None

    def between(self, start: float, end: float, t: Times, span: float) -> Array:
        p = progress(t, span)
        # As a product of powers it neither overflows nor misses an end, however far apart they are.
        size: Array = abs(start) ** (1.0 - p) * abs(end) ** p
        return np.copysign(size, start)

    def check(self, start: float, end: float) -> None:
        for name, value in (("start", start), ("end", end)):
            if value == 0:
                message = f"an exponential curve cannot have its {name} at 0"
                raise ParameterError(name, message, "use a small number, or another curve")
        if (start < 0) != (end < 0):
            message = "an exponential curve cannot cross 0"
            raise ParameterError("end", message, "give start and end the same sign")
