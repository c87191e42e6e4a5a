from __future__ import annotations

from lrdsl.language.curves.base import Curve, curve
from lrdsl.language.parameters import ParameterError
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Exponential(Curve):
    """An exponential: start·(end/start)^p, with p = t/steps.

    Every update multiplies the value by the same factor, so that start and end must have the same
    sign, and neither of them may be 0.

    Example: `exponential(0.1, 1e-4, 800)`
    """

    default_end = None

    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        p = t / span
        # As a product of powers it neither overflows nor misses an end, however far apart they are.
        size = abs(start) ** (1.0 - p) * abs(end) ** p
        return xp.copysign(size, start)

    def check(self, start: float, end: float) -> None:
        for name, value in (("start", start), ("end", end)):
            if value == 0:
                message = f"an exponential curve cannot have its {name} at 0"
                raise ParameterError(name, message, "use a small number, or another curve")
        if (start < 0) != (end < 0):
            message = "an exponential curve cannot cross 0"
            raise ParameterError("end", message, "give start and end the same sign")
